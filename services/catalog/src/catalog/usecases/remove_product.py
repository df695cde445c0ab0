"""Take a product out of the catalogue for good."""

from uuid import UUID

from catalog.store.products import forget, product_to_change
from catalog.usecases.define_product import Check
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal


async def remove_product(tx: Transaction, *, product_id: UUID, seen: Check, who: Principal) -> None:
    """Delete it with all that hangs on it; `NoSuchProduct` if it is gone already."""
    product = await product_to_change(tx.session, product_id, now=tx.now)
    seen(product.id, product.version)
    tx.publish(product.remove(now=tx.now))
    before = product.terms(now=tx.now).model_dump(mode="json")
    await forget(tx.session, product)
    await record(
        tx,
        who=who,
        action="product.remove",
        subject=f"product/{product_id}",
        before=before,
        after={},
    )
