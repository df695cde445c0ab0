"""Amounts in Stripe's notation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateways.stripe_money import NotPayable, from_stripe, to_stripe
from wareflow_events.schemas.shapes import Money


@pytest.mark.parametrize(
    ("minor", "currency", "stripe"),
    [
        (1899, "EUR", 1899),
        (500, "JPY", 500),
        (1230, "KWD", 1230),
        (1000, "ISK", 100_000),
        (1000, "UGX", 100_000),
        (150_000, "MGA", 1500),
    ],
)
def test_minor_units_become_what_stripe_expects(minor: int, currency: str, stripe: int) -> None:
    assert to_stripe(Money(amount=minor, currency=currency)) == stripe
    assert from_stripe(stripe, currency.lower()) == Money(amount=minor, currency=currency)


@pytest.mark.parametrize("amount", [150_001, 1])
def test_a_fraction_that_stripe_cannot_take_is_refused(amount: int) -> None:
    with pytest.raises(NotPayable):
        _ = to_stripe(Money(amount=amount, currency="MGA"))


def test_a_fraction_that_we_cannot_keep_is_refused() -> None:
    with pytest.raises(NotPayable):
        _ = from_stripe(99, "isk")


@given(st.integers(1, 10**9), st.sampled_from(["EUR", "USD", "JPY", "ISK", "UGX", "KWD"]))
def test_there_and_back_is_the_same_money(amount: int, currency: str) -> None:
    money = Money(amount=amount, currency=currency)
    assert from_stripe(to_stripe(money), currency.lower()) == money
