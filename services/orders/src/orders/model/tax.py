"""Tax on one amount, rounded per line to minor units, halves up."""

from orders.settings import TaxRate
from wareflow_events.schemas.shapes import TaxLine
from wareflow_kit.money import Money


def tax_of(amount: Money, rate: TaxRate, *, included: bool) -> Money:
    """The tax contained in a gross amount (`included`), or due on top of a net one.

    Contained: gross x r / (1 + r), on top: net x r; rounded half up, as EN 16931 and most tax
    offices take it, for each line by itself.
    """
    divisor = 10_000 + rate.rate_bps if included else 10_000
    return Money(amount=_half_up(amount.amount * rate.rate_bps, divisor), currency=amount.currency)


def tax_lines(amount: Money, rate: TaxRate | None, *, included: bool) -> list[TaxLine]:
    """One line for one rate; none where nothing is taxed."""
    if rate is None:
        return []
    tax = tax_of(amount, rate, included=included)
    return [TaxLine(title=rate.title, rate_bps=rate.rate_bps, amount=tax)]


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
