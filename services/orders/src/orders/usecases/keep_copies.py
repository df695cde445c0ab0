"""Keep what other services say of products, channels and stock; a run of events at a time."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from orders.store import copies
from wareflow_events.handlers import Heard
from wareflow_events.schemas.catalog import ChannelChanged, Price, ProductState, Variant
from wareflow_events.schemas.inventory import StockChanged
from wareflow_events.transaction import Transaction

P = TypeVar("P", bound=ProductState)


async def keep_products(
    tx: Transaction, *, heard: Sequence[Heard[P]], removed: bool = False
) -> None:
    """The newest state of each product is what orders sells from.

    A variant that a product has no more stays as it was last, not active: carts still show it. So
    that a run leaves the same rows as its events one by one, the states between count for that.
    """
    newest = {one.event.product_id: one for one in heard}
    rows = [_product(one, removed=removed) for one in newest.values()]
    known = await copies.save_products(tx, rows)
    states = [newest[product_id].event for product_id in sorted(known)]
    if not states:
        return
    variants: dict[UUID, dict[str, Any]] = {}
    for one in heard:
        if one.event.product_id in known and (one.sequence or 0) > known[one.event.product_id]:
            is_last = one is newest[one.event.product_id]
            variants |= _variants(one.event, active=is_last)
    await copies.replace_variants(
        tx,
        [state.product_id for state in states],
        variants=list(variants.values()),
        prices=[
            _price(variant.variant_id, position, price)
            for state in states
            for variant in state.variants
            for position, price in enumerate(variant.prices)
        ],
    )


async def keep_channels(tx: Transaction, *, heard: Sequence[Heard[ChannelChanged]]) -> None:
    """The newest terms of each channel."""
    newest = {one.event.channel: one for one in heard}
    await copies.save_channels(tx, [_channel(one) for one in newest.values()])


async def keep_stock(tx: Transaction, *, heard: Sequence[Heard[StockChanged]]) -> None:
    """The newest word on each variant's stock."""
    newest = {one.event.variant_id: one for one in heard}
    await copies.save_stock(tx, [_level(newest[key]) for key in sorted(newest)])


def _product(one: Heard[P], *, removed: bool) -> dict[str, Any]:
    event = one.event
    return {
        "product_id": event.product_id,
        "sequence": one.sequence,
        "version": event.version,
        "status": "removed" if removed else event.status,
        "title": event.title,
        "channels": event.channels,
    }


def _variants(product: ProductState, *, active: bool) -> dict[UUID, dict[str, Any]]:
    return {
        variant.variant_id: {**_variant(product, variant), "active": active}
        for variant in product.variants
    }


def _variant(product: ProductState, variant: Variant) -> dict[str, Any]:
    return {
        "variant_id": variant.variant_id,
        "product_id": product.product_id,
        "sku": variant.sku,
        "title": variant.title,
        "options": variant.options,
        "image_url": variant.image_url or _picture(product, variant),
        "taxable": variant.taxable,
        "tax_code": variant.tax_code,
        "weight_grams": variant.weight_grams,
        "requires_shipping": variant.requires_shipping,
        "tracked": variant.tracked,
        "backorder": variant.backorder,
    }


def _picture(product: ProductState, variant: Variant) -> str | None:
    """The first picture of the variant, else the first of the product that is of no other."""
    media = sorted(product.media, key=lambda one: one.position)
    own = [one.url for one in media if variant.variant_id in one.variant_ids]
    shared = [one.url for one in media if not one.variant_ids]
    return next(iter([*own, *shared]), None)


def _price(variant_id: UUID, position: int, price: Price) -> dict[str, Any]:
    return {
        "variant_id": variant_id,
        "position": position,
        "channel": price.channel,
        "currency": price.price.currency,
        "amount": price.price.amount,
        "compare_at": price.compare_at.amount if price.compare_at else None,
        "valid_from": price.valid_from,
        "valid_to": price.valid_to,
    }


def _channel(one: Heard[ChannelChanged]) -> dict[str, Any]:
    event = one.event
    return {
        "channel": event.channel,
        "sequence": one.sequence,
        "name": event.name,
        "currency": event.currency,
        "locale": event.locale,
        "countries": event.countries,
        "prices_include_tax": event.prices_include_tax,
        "time_zone": event.time_zone,
        "active": event.active,
    }


def _level(one: Heard[StockChanged]) -> dict[str, Any]:
    event = one.event
    return {
        "variant_id": event.variant_id,
        "sequence": one.sequence,
        "tracked": event.tracked,
        "available": event.available,
    }
