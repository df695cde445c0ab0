"""Take back products and channels that a restored database has lost, from what was told of them."""

from collections.abc import Sequence

from catalog.model.category import Category
from catalog.model.channel import Channel, ChannelTerms
from catalog.model.product import Product
from catalog.model.recalling import recall
from catalog.model.values import DEFAULT_CHANNEL
from catalog.store.categories import lock_tree, some
from catalog.store.channels import channel_to_change, lock_channels
from catalog.store.listings import list_in_new_channel, soil_listings_in
from catalog.store.products import forget, products_to_change
from catalog.usecases.tell import list_anew
from wareflow_events.handlers import Heard
from wareflow_events.schemas.catalog import ChannelChanged, ProductRemoved, ProductState
from wareflow_events.transaction import Transaction


async def recall_products(tx: Transaction, told: Sequence[Heard[ProductState]]) -> None:
    """Each becomes what was told of it last, or is gone; nothing is told."""
    newest = {one.event.product_id: one.event for one in told}
    found = await products_to_change(tx.session, newest, now=tx.now)
    products = {product.id: product for product in found}
    categories = await _categories(tx, {s for e in newest.values() for s in e.categories})
    changed: list[Product] = []
    for product_id, event in newest.items():
        product = products.get(product_id)
        if isinstance(event, ProductRemoved):
            if product is not None:
                await forget(tx.session, product)
            continue
        if product is None:
            product = Product.blank(id=product_id, now=event.updated_at)
            tx.session.add(product)
        on = [categories[slug] for slug in event.categories]
        recall(product, event, categories=on, now=tx.now, new_id=tx.new_id)
        changed.append(product)
    await list_anew(tx, changed)


async def _categories(tx: Transaction, slugs: set[str]) -> dict[str, Category]:
    """Categories by slug; of one that was made since only the slug is known."""
    await lock_tree(tx.session)
    found = await some(tx.session, slugs)
    for slug in sorted(slugs - found.keys()):
        category = Category(
            id=tx.new_id(),
            slug=slug,
            name=slug,
            description="",
            position=0,
            version=1,
            updated_at=tx.now,
        )
        category.place(None)
        tx.session.add(category)
        found[slug] = category
    await tx.session.flush()
    return found


async def recall_channels(tx: Transaction, told: Sequence[Heard[ChannelChanged]]) -> None:
    """Each sells by the terms that were told last."""
    await lock_channels(tx.session)
    for event in {one.event.channel: one.event for one in told}.values():
        terms = ChannelTerms.model_validate(event.model_dump(exclude={"channel", "version"}))
        channel = await channel_to_change(tx.session, event.channel)
        if is_new := channel is None:
            channel = Channel(id=event.channel, version=0)
            tx.session.add(channel)
        _ = channel.agree(terms, now=tx.now)  # it was told before
        channel.version = event.version
        await tx.session.flush()
        if is_new:
            await list_in_new_channel(tx.session, event.channel, like=DEFAULT_CHANNEL)
        else:
            await soil_listings_in(tx.session, event.channel, now=tx.now)
