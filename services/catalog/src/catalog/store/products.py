"""Products to be changed: locked, and loaded whole."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.content import TranslationSlugTaken
from catalog.model.loading import whole_products
from catalog.model.product import NoSuchProduct, NoSuchVariant, Product, SlugTaken
from catalog.model.variant import SkuTaken, Variant
from wareflow_kit.refusals import Conflict

_RACES: dict[str, type[Conflict]] = {
    "product_slug_key": SlugTaken,
    "product_handle_key": SlugTaken,
    "variant_sku_key": SkuTaken,
    "translation_locale_slug_key": TranslationSlugTaken,
}


def _whole(now: datetime) -> Select[Product]:
    # A rival that waited for the lock must not work on what it read before.
    return whole_products(now=now).execution_options(populate_existing=True)


async def product_to_change(session: AsyncSession, product_id: UUID, *, now: datetime) -> Product:
    """The product, locked, with its live prices only; `NoSuchProduct` if there is none."""
    query = _whole(now).where(Product.id == product_id).with_for_update(key_share=True)
    product = (await session.scalars(query)).one_or_none()
    if product is None:
        raise NoSuchProduct
    return product


async def product_of_variant(session: AsyncSession, variant_id: UUID) -> UUID:
    """Whose variant it is; `NoSuchVariant` if nobody's."""
    query = select(Variant.product_id).where(Variant.id == variant_id)
    if (product_id := await session.scalar(query)) is None:
        raise NoSuchVariant
    return product_id


async def products_to_change(
    session: AsyncSession, ids: Collection[UUID], *, now: datetime
) -> list[Product]:
    """Those of the products that exist, locked in the order of their ids."""
    query = _whole(now).where(Product.id.in_(ids)).order_by(Product.id)
    return list(await session.scalars(query.with_for_update(key_share=True)))


async def products_by_handle(
    session: AsyncSession, handles: Collection[str], *, now: datetime
) -> dict[str, Product]:
    """Products by the name files call them: their handle, or their slug if they have none."""
    by_slug = Product.handle.is_(None) & Product.slug.in_(handles)
    query = _whole(now).where(or_(Product.handle.in_(handles), by_slug)).order_by(Product.id)
    products = await session.scalars(query.with_for_update(key_share=True))
    return {product.handle or product.slug: product for product in products}


async def sku_owners(session: AsyncSession, skus: Iterable[str]) -> dict[str, UUID]:
    """Which product has a variant of that SKU, for those that some product has."""
    query = select(Variant.sku, Variant.product_id).where(Variant.sku.in_(set(skus)))
    return dict((await session.execute(query)).all())


async def slug_owners(session: AsyncSession, slugs: Iterable[str]) -> dict[str, UUID]:
    """Which product has that slug, for those that some product has."""
    query = select(Product.slug, Product.id).where(Product.slug.in_(set(slugs)))
    return dict((await session.execute(query)).all())


async def flush(session: AsyncSession) -> None:
    """Write what was changed; a label that a rival took meanwhile is refused as its own."""
    try:
        await session.flush()
        _ = await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    except IntegrityError as error:
        for constraint, refusal in _RACES.items():
            if constraint in str(error.orig):
                raise refusal from error
        raise
    _ = await session.execute(text("SET CONSTRAINTS ALL DEFERRED"))


async def forget(session: AsyncSession, product: Product) -> None:
    """Delete a product with all that hangs on it."""
    _ = await session.execute(delete(Product).where(Product.id == product.id))
    session.expunge(product)
