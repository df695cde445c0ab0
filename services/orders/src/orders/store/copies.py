"""Writing the copies: a run of events in a handful of statements, whatever their number.

What is older than what is there changes nothing, so any order and any repeat give the same rows.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orders.model.copies import ChannelCopy, PriceCopy, ProductCopy, StockCopy, VariantCopy
from orders.store.rows import columns, insert_from, to_json
from wareflow_events.driver import fetch
from wareflow_events.transaction import Transaction

Row = dict[str, Any]


def _upsert(mapped: type[Any], key: str) -> str:
    name, names = mapped.__tablename__, columns(mapped.__table__)
    values = ", ".join(f"excluded.{column}" for column in names.split(", "))
    return (
        f"{insert_from(mapped, 1)} ON CONFLICT ({key}) DO UPDATE SET ({names}) = ROW ({values})"
        f" WHERE {name}.sequence < excluded.sequence RETURNING {key}"
    )


# The subquery still sees the row as it was before this statement.
_PRODUCTS = f"""{_upsert(ProductCopy, "product_id")}, coalesce((
    SELECT old.sequence FROM product_copy old WHERE old.product_id = product_copy.product_id), 0)
    AS known
"""  # noqa: S608
_CHANNELS = _upsert(ChannelCopy, "channel")
_STOCK = _upsert(StockCopy, "variant_id")
_NAMES = columns(VariantCopy.__table__)
_VALUES = ", ".join(f"excluded.{column}" for column in _NAMES.split(", "))
_VARIANTS = (
    f"{insert_from(VariantCopy, 1)}"
    f" ON CONFLICT (variant_id) DO UPDATE SET ({_NAMES}) = ROW ({_VALUES})"
)
_DROPPED = """
UPDATE variant_copy SET active = false
WHERE product_id = ANY($1::uuid[]) AND variant_id <> ALL($2::uuid[]) AND active
"""
_OLD_PRICES = """
DELETE FROM price_copy WHERE variant_id IN (
    SELECT unnest($2::uuid[])
    UNION SELECT variant_id FROM variant_copy WHERE product_id = ANY($1::uuid[]))
"""
_PRICES = insert_from(PriceCopy, 1)


async def save_products(tx: Transaction, products: Sequence[Row]) -> dict[UUID, int]:
    """Write products, one row each. Which of them were news, and up to where they were known."""
    rows = await fetch(tx.session, _PRODUCTS, to_json(products))
    return {row.product_id: row.known for row in rows}


async def replace_variants(
    tx: Transaction, products: Sequence[UUID], *, variants: Sequence[Row], prices: Sequence[Row]
) -> None:
    """Write variants, active or not; those of the products that are not among them were dropped.
    The prices are all that the products now have."""
    theirs = (list(products), [row["variant_id"] for row in variants])
    _ = await fetch(tx.session, _OLD_PRICES, *theirs)
    _ = await fetch(tx.session, _VARIANTS, to_json(variants))
    _ = await fetch(tx.session, _DROPPED, *theirs)
    _ = await fetch(tx.session, _PRICES, to_json(prices))


async def save_channels(tx: Transaction, channels: Sequence[Row]) -> None:
    """Write channels, one row each."""
    _ = await fetch(tx.session, _CHANNELS, to_json(channels))


async def save_stock(tx: Transaction, levels: Sequence[Row]) -> None:
    """Write what could be promised, one row a variant."""
    _ = await fetch(tx.session, _STOCK, to_json(levels))
