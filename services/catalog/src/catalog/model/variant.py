"""A variant: one sellable form of a product. Its id never changes; its SKU is a label."""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy import inspect as sa_inspect
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.model.base import Base
from catalog.model.definition import VariantTerms
from catalog.model.price import Price, PriceTerms, reschedule
from catalog.model.text import slugify
from catalog.model.values import Amount, VariantId
from wareflow_events.schemas.catalog import Variant as ToldVariant
from wareflow_events.schemas.shapes import Money
from wareflow_kit.refusals import Conflict

_LONGEST_SKU = 64


class SkuTaken(Conflict):
    """Another variant has this SKU."""


class Variant(Base):
    """One row per variant; `option_values` follow the order of the product's options."""

    __tablename__ = "variant"
    __table_args__ = (
        # Deferred, so that two variants can swap; whoever writes has them checked at the end.
        UniqueConstraint("sku", deferrable=True, initially="DEFERRED"),
        UniqueConstraint("product_id", "option_key", deferrable=True, initially="DEFERRED"),
        CheckConstraint("weight_grams >= 0", name="weight_not_negative"),
        CheckConstraint("cost_amount >= 0", name="cost_not_negative"),
        CheckConstraint(
            "(cost_amount IS NULL) = (cost_currency IS NULL)", name="cost_has_a_currency"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    sku: Mapped[str] = mapped_column(Text(collation="C"))
    barcode: Mapped[str | None]
    option_values: Mapped[list[str]] = mapped_column(ARRAY(Text))
    option_key: Mapped[bytes] = mapped_column(LargeBinary)
    """The values in 16 bytes, so that any of them fit into an index."""
    weight_grams: Mapped[int] = mapped_column(Integer)
    requires_shipping: Mapped[bool]
    taxable: Mapped[bool]
    tax_code: Mapped[str | None]
    tracked: Mapped[bool]
    backorder: Mapped[bool]
    cost_amount: Mapped[int | None]
    cost_currency: Mapped[str | None]
    prices: Mapped[list[Price]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def cost(self) -> Money | None:
        """What one unit costs the shop."""
        if self.cost_amount is None or self.cost_currency is None:
            return None
        return Money(amount=self.cost_amount, currency=self.cost_currency)

    def become(
        self,
        terms: VariantTerms,
        *,
        position: int,
        names: Sequence[str],
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> None:
        """Take over what `terms` say; they carry a SKU by now."""
        assert terms.sku is not None
        self.position = position
        self.sku = terms.sku
        self.barcode = terms.barcode
        self.option_values = [terms.options[name] for name in names]
        self.option_key = _digest(self.option_values, 16)
        self.weight_grams = terms.weight_grams
        self.requires_shipping = terms.requires_shipping
        self.taxable = terms.taxable
        self.tax_code = terms.tax_code
        self.tracked = terms.tracked
        self.backorder = terms.backorder
        self.cost_amount = terms.cost.amount if terms.cost else None
        self.cost_currency = terms.cost.currency if terms.cost else None
        self._charge(terms.prices, now=now, new_id=new_id)

    def _charge(
        self, wanted: list[PriceTerms] | None, *, now: datetime, new_id: Callable[[], UUID]
    ) -> None:
        """Cost what is wanted from now on; None leaves the prices as they are."""
        known = list(self.prices)
        prices = known
        if wanted is not None:
            prices = reschedule(known, wanted, variant_id=self.id, now=now, new_id=new_id)
        if prices != known or not sa_inspect(self).persistent:
            self.prices = prices

    def live_prices(self, *, now: datetime) -> list[Price]:
        """Prices that hold now or later, in order."""
        live = [p for p in self.prices if p.valid_to is None or p.valid_to > now]
        return sorted(live, key=lambda p: (p.key, p.valid_from))

    def terms(self, *, names: Sequence[str], now: datetime) -> VariantTerms:
        """The variant as it would be asked for."""
        return VariantTerms.model_construct(
            id=VariantId(self.id),
            sku=self.sku,
            barcode=self.barcode,
            options=dict(zip(names, self.option_values, strict=True)),
            weight_grams=self.weight_grams,
            requires_shipping=self.requires_shipping,
            taxable=self.taxable,
            tax_code=self.tax_code,
            tracked=self.tracked,
            backorder=self.backorder,
            cost=Amount(**cost.model_dump()) if (cost := self.cost) else None,
            prices=[price.terms() for price in self.live_prices(now=now)],
        )

    def told(self, *, names: Sequence[str], image_url: str | None, now: datetime) -> ToldVariant:
        """The variant as others hear of it."""
        return ToldVariant(
            variant_id=self.id,
            position=self.position,
            sku=self.sku,
            barcode=self.barcode,
            title=" / ".join(self.option_values),
            options=dict(zip(names, self.option_values, strict=True)),
            weight_grams=self.weight_grams,
            requires_shipping=self.requires_shipping,
            taxable=self.taxable,
            tax_code=self.tax_code,
            tracked=self.tracked,
            backorder=self.backorder,
            image_url=image_url,
            cost=self.cost,
            prices=[price.told(now=now) for price in self.live_prices(now=now)],
        )


def made_sku(slug: str, values: Sequence[str], *, unlike: bool = False) -> str:
    """The SKU of a variant that was given none, the same each time.

    `unlike` gives another one, for when a stranger has the first.
    """
    readable = "-".join(part for part in (slug, *map(slugify, values)) if part).upper()
    if not unlike and len(readable) <= _LONGEST_SKU:
        return readable
    digest = _digest((slug, *values), 4).hex().upper()
    return f"{readable[: _LONGEST_SKU - len(digest) - 1].rstrip('-')}-{digest}"


def _digest(parts: Sequence[str], size: int) -> bytes:
    return blake2b("\x1f".join(parts).encode(), digest_size=size).digest()
