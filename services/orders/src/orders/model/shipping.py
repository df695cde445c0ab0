"""Ways of delivery: which fit a cart, and what they cost."""

from dataclasses import dataclass

from orders.model.shelf import Channel
from orders.settings import ShippingMethod, Terms
from wareflow_kit.money import Money
from wareflow_kit.refusals import Invalid


class NoShippingMethod(Invalid):
    """Nothing delivers there, or not in that currency."""


class UnknownShippingMethod(Invalid):
    """That way of delivery is not offered for this cart."""


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """A way of delivery and its price for this cart."""

    code: str
    title: str
    price: Money


def shipping_options(
    terms: Terms, *, channel: Channel, country: str | None, goods: Money
) -> list[ShippingOption]:
    """What is offered for goods of that value (after discounts), in the owner's order."""
    return [
        ShippingOption(method.code, method.title, _price(method, goods))
        for method in terms.shipping_methods
        if _fits(method, channel, country)
    ]


def choose(options: list[ShippingOption], code: str | None) -> ShippingOption | None:
    """The chosen option; the first when nobody chose or the choice is not offered any more."""
    chosen = [option for option in options if option.code == code]
    return next(iter(chosen or options), None)


def _fits(method: ShippingMethod, channel: Channel, country: str | None) -> bool:
    return (
        method.currency == channel.currency
        and (not method.channels or channel.code in method.channels)
        and (not method.countries or country is None or country in method.countries)
    )


def _price(method: ShippingMethod, goods: Money) -> Money:
    free = method.free_from is not None and goods.amount >= method.free_from
    return Money(amount=0 if free else method.amount, currency=method.currency)
