"""Create and change products; every change says what the whole product shall be."""

from collections.abc import Callable
from uuid import UUID

from pydantic import JsonValue

from catalog.model.definition import ProductTerms
from catalog.model.product import Product
from catalog.store.categories import named
from catalog.store.channels import require_channels
from catalog.store.products import product_to_change
from catalog.usecases.labels import claim_labels
from catalog.usecases.tell import tell
from wareflow_events.schemas.catalog import ProductChanged
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal

Check = Callable[[UUID, int], None]
"""Raises when the writer has seen another version of a product than this one."""


async def create_product(tx: Transaction, *, terms: ProductTerms, who: Principal) -> Product:
    """A new product; `SlugTaken`, `SkuTaken`, `UnknownCategory`, `InvalidProduct` refuse it."""
    product = Product.blank(id=tx.new_id(), now=tx.now)
    event = await become(tx, product, terms)
    assert event is not None
    tx.session.add(product)
    await tell(tx, [(product, event)])
    await _note(tx, who, "product.create", product, {}, _plain(product, tx))
    return product


async def change_product(
    tx: Transaction,
    *,
    product_id: UUID,
    change: Callable[[ProductTerms], ProductTerms],
    seen: Check,
    who: Principal,
) -> Product:
    """Make a product what `change` makes of its terms; nothing is told if that is the same."""
    product = await product_to_change(tx.session, product_id, now=tx.now)
    seen(product.id, product.version)
    before = _plain(product, tx)
    event = await become(tx, product, change(product.terms(now=tx.now)))
    if event is not None:
        await tell(tx, [(product, event)])
        await _note(tx, who, "product.change", product, before, _plain(product, tx))
    return product


async def become(tx: Transaction, product: Product, terms: ProductTerms) -> ProductChanged | None:
    """Have a product take over `terms`, once everything that they name is there."""
    complete = await claim_labels(
        tx.session, product.complete(terms), product_id=product.id, given=terms
    )
    channels = {p.channel for v in complete.variants for p in v.prices or []}
    await require_channels(tx.session, channels)
    by_slug = await named(tx.session, complete.categories)
    categories = [by_slug[slug] for slug in complete.categories]
    return product.define(complete, categories=categories, now=tx.now, new_id=tx.new_id)


def _plain(product: Product, tx: Transaction) -> dict[str, JsonValue]:
    return product.terms(now=tx.now).model_dump(mode="json")


async def _note(
    tx: Transaction,
    who: Principal,
    action: str,
    product: Product,
    before: dict[str, JsonValue],
    after: dict[str, JsonValue],
) -> None:
    """An audit row with the fields that differ."""
    changed = {name for name in after if before.get(name) != after[name]}
    await record(
        tx,
        who=who,
        action=action,
        subject=f"product/{product.id}",
        before={name: before[name] for name in sorted(changed & before.keys())},
        after={name: after[name] for name in sorted(changed)},
    )
