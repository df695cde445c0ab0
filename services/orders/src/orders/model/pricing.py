"""The price of a cart: lines, shipping, tax and totals that add up, by pure arithmetic.

`total = subtotal - discount + shipping`, and `+ tax` where prices do not include it. Tax is
rounded per line (see `tax`); the total of tax is the sum of what the lines show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from orders.model.ids import LineId, VariantId
from orders.model.shelf import Offer, Shelf
from orders.model.shipping import (
    NoShippingMethod,
    ShippingOption,
    UnknownShippingMethod,
    choose,
    shipping_options,
)
from orders.model.tax import tax_lines
from orders.settings import TaxRate, Terms
from wareflow_events.event import Shape
from wareflow_events.schemas.shapes import Discount, Money, TaxLine


class Item(Shape):
    """What somebody wants: a variant and how many."""

    line_id: LineId
    variant_id: VariantId
    quantity: int


class LineProblem(StrEnum):
    """Why a line cannot be bought."""

    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    NO_PRICE = "no_price"


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """An item with what it costs; nothing where there is a problem."""

    item: Item
    offer: Offer | None
    problem: LineProblem | None
    subtotal: Money
    """Quantity x unit price, as the channel shows prices."""
    discounts: list[Discount]
    tax_lines: list[TaxLine]
    total: Money
    """What the customer pays for it: less discounts, with tax."""

    @property
    def unit_price(self) -> Money | None:
        """What one costs; None where there is a problem."""
        return self.offer.price if self.offer and not self.problem else None


@dataclass(frozen=True, slots=True)
class QuotedShipping:
    """The way of delivery that the totals count with."""

    option: ShippingOption
    tax_lines: list[TaxLine]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a cart costs at a moment. Lines with a problem count for nothing."""

    shelf: Shelf
    country: str | None
    lines: list[QuotedLine]
    shipping_options: list[ShippingOption]
    """Empty when nothing has to be delivered, or nobody does."""
    shipping_line: QuotedShipping | None
    needs_shipping: bool
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money

    @property
    def prices_include_tax(self) -> bool:
        """Whether tax is part of the prices, or comes on top."""
        return self.shelf.channel.prices_include_tax

    def must_offer(self, shipping: str | None) -> None:
        """Refuse a way of delivery that is not offered, or that there is none."""
        if not self.needs_shipping:
            return
        if not self.shipping_options:
            raise NoShippingMethod
        codes = [option.code for option in self.shipping_options]
        if shipping is not None and shipping not in codes:
            raise UnknownShippingMethod(offered=[*codes])


def quote(
    items: Sequence[Item], *, shelf: Shelf, terms: Terms, country: str | None, shipping: str | None
) -> Quote:
    """Price `items` from the shelf; `country` is where they go, None when nobody has said."""
    channel = shelf.channel
    taxed_in = country or channel.home
    rate = terms.tax_rate(channel=channel.code, country=taxed_in)
    zero = Money(amount=0, currency=channel.currency)
    lines = [_line(item, shelf=shelf, rate=rate) for item in items]
    subtotal = sum((line.subtotal for line in lines), zero)
    discount = sum((cut.amount for line in lines for cut in line.discounts), zero)
    needs_shipping = any(line.offer and line.offer.requires_shipping for line in lines)
    options = (
        shipping_options(terms, channel=channel, country=taxed_in, goods=subtotal - discount)
        if needs_shipping
        else []
    )
    delivery = _delivery(choose(options, shipping), rate, included=channel.prices_include_tax)
    cost = delivery.option.price if delivery else zero
    taxes = [tax for line in lines for tax in line.tax_lines]
    tax = sum((t.amount for t in [*taxes, *(delivery.tax_lines if delivery else [])]), zero)
    net = subtotal - discount + cost
    return Quote(
        shelf=shelf,
        country=country,
        lines=lines,
        shipping_options=options,
        shipping_line=delivery,
        needs_shipping=needs_shipping,
        subtotal=subtotal,
        discount=discount,
        shipping=cost,
        tax=tax,
        total=net if channel.prices_include_tax else net + tax,
    )


def _line(item: Item, *, shelf: Shelf, rate: TaxRate | None) -> QuotedLine:
    offer = shelf[item.variant_id]
    problem = problem_of(offer)
    zero = Money(amount=0, currency=shelf.channel.currency)
    if offer is None or offer.price is None or problem:
        return QuotedLine(item, offer, problem, zero, [], [], zero)
    included = shelf.channel.prices_include_tax
    subtotal = offer.price * item.quantity
    taxes = tax_lines(subtotal, rate if offer.taxable else None, included=included)
    total = subtotal if included else sum((tax.amount for tax in taxes), subtotal)
    return QuotedLine(item, offer, None, subtotal, [], taxes, total)


def problem_of(offer: Offer | None) -> LineProblem | None:
    """Why an offer cannot be bought; None when it can."""
    if offer is None:
        return LineProblem.UNKNOWN
    if not offer.active:
        return LineProblem.INACTIVE
    return LineProblem.NO_PRICE if offer.price is None else None


def _delivery(
    option: ShippingOption | None, rate: TaxRate | None, *, included: bool
) -> QuotedShipping | None:
    if option is None:
        return None
    return QuotedShipping(option, tax_lines(option.price, rate, included=included))
