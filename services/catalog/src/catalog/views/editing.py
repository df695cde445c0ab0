"""What staff see of a product: all its terms as it takes them, and what its prices were."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.definition import ProductTerms
from catalog.model.loading import whole_products
from catalog.model.price import Price
from catalog.model.product import NoSuchProduct, NoSuchVariant, Product
from catalog.model.variant import Variant
from catalog.views.shapes import PriceView
from wareflow_events.schemas.shapes import Money
from wareflow_kit.paging import Page, decode_cursor, page


async def terms_of(
    session: AsyncSession, product_id: UUID, *, now: datetime
) -> tuple[int, ProductTerms]:
    """The version of a product, and its terms; `NoSuchProduct` if there is none."""
    query = whole_products(now=now).where(Product.id == product_id)
    product = (await session.scalars(query)).one_or_none()
    if product is None:
        raise NoSuchProduct
    return product.version, product.terms(now=now)


async def prices_of(
    session: AsyncSession, variant_id: UUID, *, limit: int, after: str | None
) -> Page[PriceView]:
    """All prices a variant has, had and will have, latest first."""
    place = tuple_(Price.valid_from, Price.id)
    query = select(Price).where(Price.variant_id == variant_id)
    if after is not None:
        valid_from, price_id = decode_cursor(after, AwareDatetime, UUID)
        query = query.where(place < tuple_(literal(valid_from), literal(price_id)))
    query = query.order_by(Price.valid_from.desc(), Price.id.desc()).limit(limit + 1)
    rows = (await session.scalars(query)).all()
    if not rows and await session.get(Variant, variant_id) is None:
        raise NoSuchVariant
    return page(rows, limit=limit, render=_view, key=lambda price: (price.valid_from, price.id))


def _view(price: Price) -> PriceView:
    crossed = price.compare_at
    return PriceView(
        id=price.id,
        channel=price.channel,
        price=Money(amount=price.amount, currency=price.currency),
        compare_at=None if crossed is None else Money(amount=crossed, currency=price.currency),
        valid_from=price.valid_from,
        valid_to=price.valid_to,
    )
