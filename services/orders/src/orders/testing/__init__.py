"""Builders and a shopper, for the tests of orders and for stories over all services."""

from orders.testing.basics import A_DAY, ADDRESS, eur
from orders.testing.heard import (
    a_channel,
    a_price,
    a_product,
    a_variant,
    captured,
    declined,
    erased,
    merged,
    refund_failed,
    refunded,
    released,
    removed,
    reserved,
    shipped,
    short,
    stock_of,
    voided,
)
from orders.testing.nouns import a_cart, a_till, an_offer, an_order
from orders.testing.shopper import Shopper

__all__ = [
    "ADDRESS",
    "A_DAY",
    "Shopper",
    "a_cart",
    "a_channel",
    "a_price",
    "a_product",
    "a_till",
    "a_variant",
    "an_offer",
    "an_order",
    "captured",
    "declined",
    "erased",
    "eur",
    "merged",
    "refund_failed",
    "refunded",
    "released",
    "removed",
    "reserved",
    "shipped",
    "short",
    "stock_of",
    "voided",
]
