"""What follows every change of products: they are written, told, listed and found anew."""

from collections.abc import Sequence

from catalog.model.product import Product, ProductTooLarge
from catalog.store.channels import hold_channels
from catalog.store.listings import refresh_listings
from catalog.store.products import flush
from catalog.store.search import index
from wareflow_events.schemas.catalog import ProductChanged
from wareflow_events.transaction import EventTooLarge, Transaction


async def tell(tx: Transaction, changes: Sequence[tuple[Product, ProductChanged]]) -> None:
    """Publish changes of products and bring what is derived from them up to date.

    `SkuTaken` or `SlugTaken` when a rival took one meanwhile, `ProductTooLarge` for an event
    that no broker would take.
    """
    for _, event in changes:
        try:
            tx.publish(event)
        except EventTooLarge as error:
            raise ProductTooLarge(str(error)) from error
    await list_anew(tx, [product for product, _ in changes])


async def list_anew(tx: Transaction, products: Sequence[Product]) -> None:
    """Write changed products, and bring what is derived from them up to date."""
    await flush(tx.session)
    if products:
        await hold_channels(tx.session)
        await index(tx.session, products)
        await refresh_listings(tx.session, [p.id for p in products], now=tx.now)
