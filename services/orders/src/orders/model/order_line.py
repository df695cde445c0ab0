"""A line of an order: what was bought, as it was then, what it came to, what became of it."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from orders.model.base import Base, Json
from orders.model.ids import LineId, OrderId, VariantId
from wareflow_events.schemas.orders import OrderedLine
from wareflow_events.schemas.shapes import Discount, Money, TaxLine


class OrderLine(Base):
    """Money is in minor units of the order's currency; counters are units of `quantity`."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="something_was_bought"),
        CheckConstraint(
            "unit_price >= 0 AND discount >= 0 AND tax >= 0", name="amounts_not_negative"
        ),
        CheckConstraint("discount <= quantity * unit_price", name="discount_within_price"),
        CheckConstraint(
            "total = quantity * unit_price - discount + added_tax AND added_tax IN (0, tax)",
            name="total_adds_up",
        ),
        CheckConstraint(
            "cancelled >= 0 AND fulfilled >= 0 AND cancelled + fulfilled <= quantity",
            name="each_unit_ends_once",
        ),
        CheckConstraint("returned BETWEEN 0 AND fulfilled", name="returned_within_fulfilled"),
        CheckConstraint("refunded BETWEEN 0 AND quantity", name="refunded_within_ordered"),
    )

    order_id: Mapped[OrderId] = mapped_column(
        ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[LineId] = mapped_column(unique=True)
    variant_id: Mapped[VariantId]
    product_id: Mapped[UUID]
    product_version: Mapped[int]
    sku: Mapped[str]
    title: Mapped[str]
    variant_title: Mapped[str]
    options: Mapped[dict[str, str]]
    image_url: Mapped[str | None]
    tax_code: Mapped[str | None]
    weight_grams: Mapped[int]
    requires_shipping: Mapped[bool]
    currency: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[int]
    discounts: Mapped[list[Discount]] = mapped_column(Json(list[Discount]))
    discount: Mapped[int]
    tax_lines: Mapped[list[TaxLine]] = mapped_column(Json(list[TaxLine]))
    tax: Mapped[int]
    added_tax: Mapped[int]
    """The part of `tax` that comes on top of the price: all of it, or none where included."""
    total: Mapped[int]
    cancelled: Mapped[int]
    fulfilled: Mapped[int]
    returned: Mapped[int]
    refunded: Mapped[int]

    def told(self) -> OrderedLine:
        """As events carry it."""
        return OrderedLine(
            line_id=self.line_id,
            variant_id=self.variant_id,
            product_id=self.product_id,
            product_version=self.product_version,
            sku=self.sku,
            title=self.title,
            variant_title=self.variant_title,
            options=self.options,
            image_url=self.image_url,
            tax_code=self.tax_code,
            weight_grams=self.weight_grams,
            requires_shipping=self.requires_shipping,
            quantity=self.quantity,
            unit_price=Money(amount=self.unit_price, currency=self.currency),
            discounts=self.discounts,
            tax_lines=self.tax_lines,
            total=Money(amount=self.total, currency=self.currency),
        )
