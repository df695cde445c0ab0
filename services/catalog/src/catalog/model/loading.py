"""How a product is loaded whole: each part by one statement, whatever the number of products."""

from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import selectinload

from catalog.model.price import Price
from catalog.model.product import Product
from catalog.model.product_parts import Shelf
from catalog.model.variant import Variant


def whole_products(*, now: datetime) -> Select[Product]:
    """Products with all their parts; of prices those that hold now or later."""
    live = or_(Price.valid_to.is_(None), Price.valid_to > now)
    return select(Product).options(
        selectinload(Product.options),
        selectinload(Product.variants).selectinload(Variant.prices.and_(live)),
        selectinload(Product.media),
        selectinload(Product.translations),
        selectinload(Product.shelves).joinedload(Shelf.category),
    )
