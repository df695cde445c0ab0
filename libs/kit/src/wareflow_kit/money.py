"""Money in minor units: exponents (ISO 4217), decimals in and out, sharing to the last cent."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from wareflow_events.schemas.shapes import CurrencyMismatch, Money
from wareflow_kit.refusals import Invalid

__all__ = [
    "CurrencyMismatch",
    "InvalidAmount",
    "Money",
    "UnknownCurrency",
    "exponent",
    "from_decimal",
    "share",
    "to_decimal",
]

# Active codes of ISO 4217, by their number of minor digits.
_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD"
    " CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS"
    " GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD"
    " LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB"
    " PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP"
    " SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}


class UnknownCurrency(Invalid):
    """Not an active currency of ISO 4217."""


class InvalidAmount(Invalid):
    """Not an amount that the currency can express."""


def exponent(currency: str) -> int:
    """How many decimal digits a currency has: 2 for EUR, 0 for JPY; `UnknownCurrency` if none."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not a currency of ISO 4217") from None


def from_decimal(amount: str | Decimal | int, currency: str) -> Money:
    """Money from major units: `from_decimal("19.99", "EUR")` is 1999 cents.

    `InvalidAmount` when it is not a finite decimal number, or has more digits than the currency.
    """
    try:
        minor = Decimal(amount).scaleb(exponent(currency))
    except InvalidOperation:
        raise InvalidAmount(f"{amount!r} is not an amount") from None
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise InvalidAmount(f"{amount} cannot be expressed in {currency}")
    return Money(amount=int(minor), currency=currency)


def to_decimal(money: Money) -> Decimal:
    """Major units, with all the digits of the currency: 1900 EUR cents are `Decimal("19.00")`."""
    return Decimal(money.amount).scaleb(-exponent(money.currency))


def share(amount: int, weights: Sequence[int]) -> list[int]:
    """Split minor units by weight so that the parts add up (largest remainder, earlier first).

    All weights zero means equal parts; a negative amount is split like its opposite.
    `ValueError` for no weights or a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("sharing needs weights that are not negative")
    if amount < 0:
        return [-part for part in share(-amount, weights)]
    wanted = weights if any(weights) else [1] * len(weights)
    total = sum(wanted)
    parts = [amount * weight // total for weight in wanted]
    by_remainder = sorted(range(len(wanted)), key=lambda i: -(amount * wanted[i] % total))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts
