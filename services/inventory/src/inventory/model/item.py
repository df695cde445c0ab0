"""An item: what inventory has heard of a variant, and the row that stands for all its stock."""

from dataclasses import dataclass

from sqlalchemy import Index, Text, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from inventory.model.base import Base
from inventory.model.ids import ProductId, VariantId
from wareflow_kit.refusals import Conflict, NotFound

BACKORDER_UNLIMITED = 1_000_000
"""The backorder limit, per location, of a variant that the catalogue sells on without a limit.

A number and not "none", so that the promise stays one CHECK; far above any real backlog, and
small enough that sums of it are exact everywhere an event may be read.
"""


class UnknownVariant(NotFound):
    """No such variant has been heard of, or not yet."""


class UnknownSku(NotFound):
    """No variant with this SKU has been heard of, or not yet."""


class AmbiguousSku(Conflict):
    """Several variants carry this SKU; name the variant by its id."""


class StockItem(Base):
    """The root row of a variant: whoever changes its stock holds this row's lock.

    All other columns are a copy of what the catalogue tells. Stock may come before the catalogue
    is heard; `product_id` is null until then.
    """

    __tablename__ = "stock_item"
    __table_args__ = (
        Index("stock_item_sku_variant_id_idx", "sku", "variant_id"),
        Index("stock_item_product_id_idx", "product_id"),
    )

    variant_id: Mapped[VariantId] = mapped_column(primary_key=True)
    product_id: Mapped[ProductId | None]
    product_version: Mapped[int] = mapped_column(server_default=text("0"))
    sku: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("''"))
    title: Mapped[str] = mapped_column(server_default=text("''"))
    tracked: Mapped[bool] = mapped_column(server_default=true())
    backorder: Mapped[bool] = mapped_column(server_default=false())
    removed: Mapped[bool] = mapped_column(server_default=false())
    """Taken out of the catalogue. The units on the shelf stay, and so do the holds."""


@dataclass(frozen=True, slots=True)
class Item:
    """What was heard of a variant; the defaults stand for one that was never heard of."""

    variant_id: VariantId
    product_id: ProductId | None = None
    product_version: int = 0
    sku: str = ""
    title: str = ""
    tracked: bool = True
    backorder: bool = False
    removed: bool = False

    @property
    def known(self) -> bool:
        """Whether the catalogue has told of it."""
        return self.product_id is not None

    @property
    def backorder_limit(self) -> int:
        """How far holds may exceed what is on hand, at each location."""
        return BACKORDER_UNLIMITED if self.backorder else 0
