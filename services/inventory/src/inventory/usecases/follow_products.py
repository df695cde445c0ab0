"""Follow the catalogue: the copy of variants, and how their terms change what can be promised."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from inventory.model.ids import ProductId, VariantId
from inventory.model.item import Item
from inventory.model.stock import VariantStock
from inventory.store import items, locations, stocks
from wareflow_events.transaction import Transaction


@dataclass(frozen=True, slots=True)
class HeardProduct:
    """A product as the catalogue told of it, with all the variants it has now."""

    product_id: ProductId
    version: int
    items: Sequence[Item]


async def follow_products(tx: Transaction, *, products: Sequence[HeardProduct]) -> None:
    """Take over a run of products; the last one told of each product counts.

    Tells `StockChanged` of a variant that is heard of for the first time, or whose SKU, tracking
    or backorder policy changed. A variant that its product no longer has counts as removed; its
    stock and its holds stay.
    """
    latest = {product.product_id: product for product in products}
    home = locations.home(await locations.all_for_use(tx.session))
    gone = await items.of_products(tx.session, latest)
    told = {item.variant_id for product in latest.values() for item in product.items}
    found = await stocks.lock_or_open(tx.session, [*told, *gone])
    news = list(_news(latest, found))
    for item in news:
        found[item.variant_id].follow(item)
        found[item.variant_id].settle_in(locations.empty_shelf(home))
    changed = [stock for stock in found.values() if stock.is_changed]
    await items.save(tx.session, news)
    await stocks.save(tx.session, changed)
    for stock in changed:
        tx.publish(stock.changed())


def _news(
    latest: Mapping[ProductId, HeardProduct], found: Mapping[VariantId, VariantStock]
) -> Iterator[Item]:
    """The items that differ from what was known, as they are to be from now on; each once."""
    told = {item.variant_id: item for product in latest.values() for item in product.items}
    for item in told.values():
        known = found[item.variant_id].item
        if item != known and not _is_older(item, known):
            yield item
    for stock in found.values():
        known = stock.item
        product = latest.get(known.product_id) if known.product_id else None
        if product and stock.variant_id not in told and product.version >= known.product_version:
            yield replace(known, product_version=product.version, removed=True)


def _is_older(told: Item, known: Item) -> bool:
    return told.product_id == known.product_id and told.product_version < known.product_version
