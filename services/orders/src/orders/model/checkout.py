"""What a checkout must satisfy before a cart becomes an order."""

from pydantic import JsonValue

from orders.model.cart import Cart
from orders.model.contact import AddressMissing, Contact
from orders.model.pricing import Quote, QuotedLine
from orders.settings import Terms
from wareflow_kit.money import Money
from wareflow_kit.refusals import Conflict, Invalid


class CartEmpty(Invalid):
    """There is nothing in the cart."""


class LinesNotForSale(Invalid):
    """Some lines cannot be bought any more; take them out to go on."""


class ChannelClosed(Conflict):
    """This sales channel takes no orders just now."""


class CountryNotServed(Invalid):
    """This channel does not deliver to that country."""


class TotalChanged(Conflict):
    """The cart does not cost what was shown; here are the new totals."""


class BelowMinimum(Invalid):
    """The gateway takes no payment as small as this."""


class AboveMaximum(Invalid):
    """The gateway takes no payment as large as this."""


def check(cart: Cart, quoted: Quote, contact: Contact, *, expected: Money, terms: Terms) -> None:
    """Refuse a checkout that cannot become an order, in the order a shopper can mend it."""
    channel = quoted.shelf.channel
    if not cart.items:
        raise CartEmpty
    if not channel.active:
        raise ChannelClosed
    if faulty := [_problem(line) for line in quoted.lines if line.problem]:
        raise LinesNotForSale(lines=[*faulty])
    if quoted.needs_shipping and contact.shipping_address is None:
        raise AddressMissing
    if quoted.country is not None and not channel.serves(quoted.country):
        raise CountryNotServed(country=quoted.country, served=[*channel.countries])
    quoted.must_offer(cart.shipping_method)
    if quoted.total != expected:
        raise TotalChanged(totals=_totals(quoted), lines=_prices(quoted))
    if 0 < quoted.total.amount < terms.least_payment.get(channel.currency, 0):
        least = Money(amount=terms.least_payment[channel.currency], currency=channel.currency)
        raise BelowMinimum(least=least.model_dump())
    if quoted.total.amount > terms.most_payment:
        raise AboveMaximum


def _problem(line: QuotedLine) -> JsonValue:
    return {
        "line_id": str(line.item.line_id),
        "variant_id": str(line.item.variant_id),
        "problem": str(line.problem),
    }


def _totals(quoted: Quote) -> dict[str, JsonValue]:
    names = ("subtotal", "discount", "shipping", "tax", "total")
    return {name: getattr(quoted, name).model_dump() for name in names}


def _prices(quoted: Quote) -> list[JsonValue]:
    return [
        {
            "line_id": str(line.item.line_id),
            "unit_price": line.unit_price.model_dump() if line.unit_price else None,
            "total": line.total.model_dump(),
        }
        for line in quoted.lines
    ]
