"""The copy of the catalogue: looked up by SKU or product, and written."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.ids import ProductId, Sku, VariantId
from inventory.model.item import AmbiguousSku, Item, UnknownSku
from wareflow_events.driver import fetch

_OF_PRODUCTS = "SELECT variant_id FROM stock_item WHERE product_id = ANY($1::uuid[])"

_BY_SKU = """
SELECT sku, variant_id FROM stock_item WHERE sku = ANY($1::text[]) AND NOT removed
ORDER BY sku, variant_id
"""

_SAVE = """
UPDATE stock_item i SET
    product_id = n.product_id, product_version = n.product_version, sku = n.sku, title = n.title,
    tracked = n.tracked, backorder = n.backorder, removed = n.removed
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bool[], $7::bool[],
    $8::bool[])
    AS n (variant_id, product_id, product_version, sku, title, tracked, backorder, removed)
WHERE i.variant_id = n.variant_id
"""


async def of_products(session: AsyncSession, product_ids: Iterable[ProductId]) -> list[VariantId]:
    """All variants that were heard of as part of these products."""
    rows = await fetch(session, _OF_PRODUCTS, list(product_ids))
    return [VariantId(variant_id) for (variant_id,) in rows]


async def save(session: AsyncSession, items: Sequence[Item]) -> None:
    """Write items whose root rows are locked."""
    if not items:
        return
    columns = (
        [item.variant_id for item in items],
        [item.product_id for item in items],
        [item.product_version for item in items],
        [item.sku for item in items],
        [item.title for item in items],
        [item.tracked for item in items],
        [item.backorder for item in items],
        [item.removed for item in items],
    )
    _ = await fetch(session, _SAVE, *columns)


async def by_sku(session: AsyncSession, skus: Iterable[Sku]) -> dict[Sku, list[VariantId]]:
    """The variants that carry each SKU; a SKU is unique in the catalogue, not here."""
    wanted = sorted(set(skus))
    found: dict[Sku, list[VariantId]] = {sku: [] for sku in wanted}
    if wanted:
        for row in await fetch(session, _BY_SKU, wanted):
            found[row.sku].append(VariantId(row.variant_id))
    return found


async def variant_of(session: AsyncSession, which: VariantId | Sku) -> VariantId:
    """The variant that an id or a SKU means; `UnknownSku` or `AmbiguousSku`."""
    if isinstance(which, UUID):
        return which
    found = (await by_sku(session, [which]))[which]
    if not found:
        raise UnknownSku(f"No variant with the SKU {which!r} has been heard of.", retry_after=1)
    if len(found) > 1:
        raise AmbiguousSku(variant_ids=[str(variant_id) for variant_id in found])
    return found[0]
