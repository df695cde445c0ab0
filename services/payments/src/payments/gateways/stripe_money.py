"""Amounts as Stripe writes them: mostly ISO 4217's minor units, with three exceptions."""

from wareflow_events.schemas.shapes import Money

# ISK and UGX have no minor unit in ISO 4217 but are sent with two digits; MGA has two digits there
# and is sent without (docs.stripe.com/currencies, "special cases" and "zero-decimal").
_TIMES = {"ISK": 100, "UGX": 100}
_PARTS = {"MGA": 100}


class NotPayable(ValueError):
    """Stripe cannot express this amount in its currency."""


def to_stripe(money: Money) -> int:
    """The `amount` parameter for minor units; `NotPayable` when Stripe is coarser than they are."""
    amount, rest = divmod(
        money.amount * _TIMES.get(money.currency, 1), _PARTS.get(money.currency, 1)
    )
    if rest:
        raise NotPayable(f"{money.amount} {money.currency} has a fraction that Stripe cannot take")
    return amount


def from_stripe(amount: int, currency: str) -> Money:
    """Minor units of what Stripe says; its currencies are in lower case."""
    code = currency.upper()
    whole, rest = divmod(amount * _PARTS.get(code, 1), _TIMES.get(code, 1))
    if rest:
        raise NotPayable(f"Stripe's {amount} {code} is no whole number of minor units")
    return Money(amount=whole, currency=code)
