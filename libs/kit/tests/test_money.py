"""Not a cent is lost, whatever the currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wareflow_kit.money import (
    CurrencyMismatch,
    InvalidAmount,
    Money,
    UnknownCurrency,
    exponent,
    from_decimal,
    share,
    to_decimal,
)


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("USD", 2), ("ISK", 0)]
)
def test_currencies_have_their_digits(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize("wrong", ["eur", "EURO", "XXX", "", "DEM", "XAU"])
def test_what_is_no_currency_is_refused(wrong: str) -> None:
    with pytest.raises(UnknownCurrency):
        _ = exponent(wrong)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("19.99", "EUR", 1999), ("19.9", "EUR", 1990), ("1999", "JPY", 1999), ("-0.005", "KWD", -5)],
)
def test_decimals_become_minor_units(text: str, currency: str, minor: int) -> None:
    assert from_decimal(text, currency) == Money(amount=minor, currency=currency)


@pytest.mark.parametrize(
    ("wrong", "currency"),
    [("19.999", "EUR"), ("1.5", "JPY"), ("ten", "EUR"), ("NaN", "EUR"), ("Infinity", "EUR")],
)
def test_what_a_currency_cannot_express_is_refused(wrong: str, currency: str) -> None:
    with pytest.raises(InvalidAmount):
        _ = from_decimal(wrong, currency)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_decimals_and_back_change_nothing(amount: int, currency: str) -> None:
    money = Money(amount=amount, currency=currency)
    assert from_decimal(to_decimal(money), currency) == money


def test_a_decimal_shows_all_digits_of_the_currency() -> None:
    assert str(to_decimal(Money(amount=1900, currency="EUR"))) == "19.00"
    assert to_decimal(Money(amount=5, currency="JPY")) == Decimal(5)


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_shares_add_up_and_differ_from_the_exact_part_by_less_than_one(
    amount: int, weights: list[int]
) -> None:
    parts = share(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        if total:
            assert abs(part * total - amount * weight) < total
            assert weight or part == 0


def test_the_larger_remainder_gets_the_cent_and_ties_go_to_the_first() -> None:
    assert share(100, [1, 1, 1]) == [34, 33, 33]
    assert share(-100, [1, 1, 1]) == [-34, -33, -33]
    assert share(10, [1, 2, 4]) == [1, 3, 6]
    assert share(7, [0, 0]) == [4, 3]


@pytest.mark.parametrize("wrong", [[], [1, -1]])
def test_weights_that_cannot_be_shared_by_are_refused(wrong: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        _ = share(1, wrong)


def test_different_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        _ = Money(amount=1, currency="EUR") + Money(amount=1, currency="USD")
