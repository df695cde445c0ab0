"""Totals add up, tax is rounded per line, shipping is chosen."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.model.pricing import Item, LineProblem, Quote, quote
from orders.model.shelf import Offer
from orders.model.shipping import NoShippingMethod, UnknownShippingMethod
from orders.model.tax import tax_of
from orders.settings import ShippingMethod, TaxRate, Terms
from orders.testing import a_cart, a_till, an_offer, eur
from wareflow_kit.money import Money

GERMANY = {"DE": TaxRate(title="MwSt.", rate_bps=1900)}
NO_SHIPPING: dict[str, Any] = {"requires_shipping": False}
UNKNOWN = "00000000-0000-7000-8000-000000000000"


def priced(*offers: Offer, terms: Terms | None = None, **channel: Any) -> Quote:
    """One of each, sent to Germany."""
    till = a_till(*offers, terms=terms, **channel)
    return quote(
        a_cart(till).items, shelf=till.shelf, terms=till.terms, country="DE", shipping=None
    )


# --- tax ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gross", "rate", "tax"),
    [(11900, 1900, 1900), (1899, 1900, 303), (100, 700, 7), (1, 1900, 0), (0, 1900, 0)],
)
def test_tax_is_taken_out_of_a_gross_price(gross: int, rate: int, tax: int) -> None:
    found = tax_of(eur(gross), TaxRate(title="", rate_bps=rate), included=True)
    assert found == eur(tax)


@pytest.mark.parametrize(
    ("net", "rate", "tax"),
    [(10000, 1900, 1900), (50, 700, 4), (50, 2500, 13), (49, 100, 0), (0, 1900, 0)],
)
def test_tax_comes_on_top_of_a_net_price(net: int, rate: int, tax: int) -> None:
    found = tax_of(eur(net), TaxRate(title="", rate_bps=rate), included=False)
    assert found == eur(tax)


@given(amount=st.integers(0, 10**10), rate=st.integers(0, 10_000), included=st.booleans())
def test_tax_is_what_decimal_arithmetic_gives(amount: int, rate: int, included: bool) -> None:
    share = Decimal(rate) / 10_000
    exact = amount * share / (1 + share) if included else amount * share
    expected = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    found = tax_of(eur(amount), TaxRate(title="", rate_bps=rate), included=included)
    assert found.amount == expected


def test_a_rate_of_the_channel_goes_before_the_countrys() -> None:
    zero = TaxRate(title="Reverse charge", rate_bps=0)
    terms = Terms(tax_rates={**GERMANY, "default/DE": zero})
    assert terms.tax_rate(channel="default", country="DE") is zero
    assert terms.tax_rate(channel="other", country="DE") is GERMANY["DE"]


def test_what_is_not_taxable_has_no_tax_lines() -> None:
    quoted = priced(an_offer(taxable=False, **NO_SHIPPING), terms=Terms(tax_rates=GERMANY))
    assert quoted.lines[0].tax_lines == []
    assert quoted.tax == eur(0)


def test_a_country_without_a_rate_has_no_tax_lines() -> None:
    assert priced(an_offer()).tax == eur(0)


def test_before_anybody_said_where_it_goes_a_channel_with_one_country_shows_its_tax() -> None:
    till = a_till(an_offer(11900), terms=Terms(tax_rates=GERMANY), countries=("DE",))
    assert a_cart(till).quote(till.shelf, till.terms).tax.amount > 0
    till = a_till(an_offer(11900), terms=Terms(tax_rates=GERMANY), countries=("DE", "AT"))
    assert a_cart(till).quote(till.shelf, till.terms).tax.amount == 0


# --- totals ------------------------------------------------------------------------------------


def test_prices_with_tax_contain_it() -> None:
    quoted = priced(an_offer(11900), terms=Terms(tax_rates=GERMANY))
    assert quoted.total == eur(11900)  # free shipping from 50 EUR
    assert quoted.tax == eur(1900)
    assert quoted.lines[0].total == eur(11900)


def test_prices_without_tax_get_it_on_top_shipping_too() -> None:
    quoted = priced(an_offer(1000), terms=Terms(tax_rates=GERMANY), prices_include_tax=False)
    assert quoted.tax == eur(190 + 93)
    assert quoted.total == eur(1000 + 490 + 190 + 93)


@given(
    cents=st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    quantity=st.integers(1, 50),
    rate=st.integers(0, 3000),
    included=st.booleans(),
)
def test_totals_are_the_sums_of_what_the_lines_show(
    cents: list[int], quantity: int, rate: int, included: bool
) -> None:
    terms = Terms(tax_rates={"DE": TaxRate(title="MwSt.", rate_bps=rate)})
    till = a_till(*(an_offer(c) for c in cents), terms=terms, prices_include_tax=included)
    cart = a_cart(till, [quantity] * len(cents))
    quoted = quote(cart.items, shelf=till.shelf, terms=terms, country="DE", shipping=None)
    delivery = quoted.shipping_line
    assert delivery is not None
    delivery_tax = sum((line.amount for line in delivery.tax_lines), eur(0))
    zero = eur(0)
    assert quoted.subtotal == sum((line.subtotal for line in quoted.lines), zero)
    assert quoted.subtotal == eur(quantity * sum(cents))
    line_tax = sum((tax.amount for line in quoted.lines for tax in line.tax_lines), zero)
    assert quoted.tax == line_tax + delivery_tax
    added = zero if included else delivery_tax
    shown = sum((line.total for line in quoted.lines), zero)
    assert quoted.total == shown + delivery.option.price + added


def test_a_line_with_a_problem_costs_nothing_and_says_why() -> None:
    good, unpriced, gone = an_offer(1000), an_offer(500), an_offer(700)
    till = a_till(good, unpriced, gone)
    cart = a_cart(till)
    now = a_till(
        good,
        an_offer(None, variant_id=unpriced.variant_id),
        an_offer(700, variant_id=gone.variant_id, active=False),
    )
    items = [
        *cart.items,
        Item.model_validate({**cart.items[0].model_dump(), "variant_id": UNKNOWN}),
    ]
    quoted = quote(items, shelf=now.shelf, terms=now.terms, country=None, shipping=None)
    problems = [line.problem for line in quoted.lines]
    assert problems == [None, LineProblem.NO_PRICE, LineProblem.INACTIVE, LineProblem.UNKNOWN]
    assert quoted.subtotal == eur(1000)
    assert [line.unit_price for line in quoted.lines] == [eur(1000), None, None, None]


# --- shipping ----------------------------------------------------------------------------------


def test_the_first_way_of_delivery_is_taken_when_nobody_chose() -> None:
    quoted = priced(an_offer(1000))
    assert [option.code for option in quoted.shipping_options] == ["standard", "express"]
    assert quoted.shipping == eur(490)


@pytest.mark.parametrize(("cents", "price"), [(4999, 490), (5000, 0), (5001, 0)])
def test_shipping_is_free_from_a_threshold_on(cents: int, price: int) -> None:
    assert priced(an_offer(cents)).shipping == eur(price)


def test_goods_that_are_not_shipped_cost_no_shipping() -> None:
    quoted = priced(an_offer(1000, **NO_SHIPPING))
    assert (quoted.shipping, quoted.shipping_options) == (eur(0), [])


def test_ways_of_delivery_fit_currency_channel_and_country() -> None:
    def way(code: str, **more: object) -> ShippingMethod:
        fields = {"code": code, "title": code, "currency": "EUR", "amount": 100, **more}
        return ShippingMethod.model_validate(fields)

    terms = Terms(
        shipping_methods=(
            way("dollars", currency="USD"),
            way("elsewhere", channels=("wholesale",)),
            way("austria", countries=("AT",)),
            way("here", channels=("default",), countries=("DE",)),
        )
    )
    assert [o.code for o in priced(an_offer(), terms=terms).shipping_options] == ["here"]


def test_a_way_of_delivery_that_is_not_offered_is_refused() -> None:
    quoted = priced(an_offer())
    quoted.must_offer("express")
    with pytest.raises(UnknownShippingMethod):
        quoted.must_offer("pigeon")


def test_a_choice_that_does_not_matter_any_more_is_no_obstacle() -> None:
    priced(an_offer(**NO_SHIPPING)).must_offer("express")


def test_goods_that_nobody_delivers_are_refused() -> None:
    with pytest.raises(NoShippingMethod):
        priced(an_offer(), terms=Terms(shipping_methods=())).must_offer(None)


def test_a_currency_without_minor_units_is_priced_like_any_other() -> None:
    terms = Terms(tax_rates={"JP": TaxRate(title="消費税", rate_bps=1000)})
    till = a_till(an_offer(1100, currency="JPY"), terms=terms, currency="JPY", countries=("JP",))
    quoted = a_cart(till).quote(till.shelf, terms)
    yen = Money(amount=1100 + 600, currency="JPY")
    assert (quoted.total, quoted.tax.amount) == (yen, 100 + 55)
