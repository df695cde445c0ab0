"""What may be charged: currencies and the limits of an amount, in minor units."""

from wareflow_sandbox.model.errors import BadParameter

MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
"""The smallest charge per currency (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts);
these are also the currencies that the sandbox knows."""

MAXIMUM = 99_999_999
"""Stripe takes at most eight digits for an amount."""

_WHOLE = {"jpy"}
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def shown(amount: int, currency: str) -> str:
    """An amount for people: `$5.00`, `€5.00`, `5.00 sek`."""
    number = str(amount) if currency in _WHOLE else f"{amount // 100}.{amount % 100:02d}"
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency}"


def known_currency(currency: str) -> str:
    """The currency in lower case; `BadParameter` when the sandbox does not know it."""
    lower = currency.lower()
    if lower not in MINIMUM:
        raise BadParameter(
            f"Invalid currency: {lower}. The sandbox supports: {', '.join(sorted(MINIMUM))}",
            param="currency",
        )
    return lower


def chargeable(amount: int, currency: str) -> int:
    """The amount, when it may be charged; `BadParameter` when it is too small or too large."""
    if amount < MINIMUM[currency]:
        raise BadParameter(
            f"Amount must be at least {shown(MINIMUM[currency], currency)} {currency}",
            code="amount_too_small",
            param="amount",
        )
    if amount > MAXIMUM:
        raise BadParameter(
            f"Amount must be no more than {shown(MAXIMUM, currency)} {currency}",
            code="amount_too_large",
            param="amount",
        )
    return amount
