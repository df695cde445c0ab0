"""A product: the aggregate that everything sold hangs on, and the rules of changing it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.model.base import Base
from catalog.model.category import Category
from catalog.model.completing import complete
from catalog.model.content import Media, Translation
from catalog.model.definition import (
    Kind,
    OptionTerms,
    ProductTerms,
    Status,
    option_names,
)
from catalog.model.product_parts import Option, Shelf
from catalog.model.text import sort_key
from catalog.model.variant import Variant
from wareflow_events.schemas.catalog import Option as ToldOption
from wareflow_events.schemas.catalog import ProductChanged, ProductRemoved, ProductState
from wareflow_kit.refusals import Conflict, NotFound, PayloadTooLarge

S = TypeVar("S", bound=ProductState)


class NoSuchProduct(NotFound):
    """There is no such product."""


class NoSuchVariant(NotFound):
    """There is no such variant."""


class SlugTaken(Conflict):
    """Another product has this slug."""


class ProductTooLarge(PayloadTooLarge):
    """A product with all its variants and words has to fit into an event of 900 KB."""


class LastVariant(Conflict):
    """A product keeps at least one variant; remove the product instead."""


class Product(Base):
    """Changed as a whole: every verb says what all of it shall be."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("version > 0", name="version_positive"),
        CheckConstraint("status IN ('draft', 'active', 'archived')", name="status_known"),
        CheckConstraint("kind IN ('physical', 'digital', 'gift_card')", name="kind_known"),
        CheckConstraint(
            "status <> 'active' OR published_at IS NOT NULL", name="active_was_published"
        ),
        Index(
            "product_handle_key", "handle", unique=True, postgresql_where=text("handle IS NOT NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    status: Mapped[str]
    kind: Mapped[str]
    slug: Mapped[str] = mapped_column(Text(collation="C"))
    handle: Mapped[str | None] = mapped_column(Text(collation="C"))
    """Its name in the files it was imported from; stays when the slug changes."""
    imported_version: Mapped[int | None]
    """At which version it was what its source rows say."""
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(Text(collation="C"))
    description: Mapped[str]
    vendor: Mapped[str]
    product_type: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    seo_title: Mapped[str | None]
    seo_description: Mapped[str | None]
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    options: Mapped[list[Option]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True, order_by=Option.position
    )
    variants: Mapped[list[Variant]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True, order_by=Variant.position
    )
    media: Mapped[list[Media]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True, order_by=Media.position
    )
    translations: Mapped[list[Translation]] = relationship(
        lazy="raise",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by=Translation.locale,
    )
    shelves: Mapped[list[Shelf]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True, order_by=Shelf.position
    )

    @classmethod
    def blank(cls, *, id: UUID, now: datetime) -> "Product":  # noqa: A002
        """A product about which nothing is said yet; `define` it next."""
        return cls(
            id=id, version=0, created_at=now, published_at=None, handle=None, imported_version=None
        )

    @property
    def names(self) -> list[str]:
        """The names of its options, in order."""
        return [option.name for option in self.options]

    def terms(self, *, now: datetime) -> ProductTerms:
        """All that is said about it, in the shape that `define` takes."""
        return ProductTerms.model_construct(
            status=Status(self.status),
            kind=Kind(self.kind),
            slug=self.slug,
            title=self.title,
            description=self.description,
            vendor=self.vendor,
            product_type=self.product_type,
            tags=list(self.tags),
            categories=[shelf.category.slug for shelf in self.shelves],
            options=[
                OptionTerms.model_construct(name=o.name, values=list(o.values))
                for o in self.options
            ],
            variants=[variant.terms(names=self.names, now=now) for variant in self.variants],
            media=[media.terms() for media in self.media],
            translations=[translation.terms() for translation in self.translations],
            seo_title=self.seo_title,
            seo_description=self.seo_description,
            metadata=dict(self.metadata_),
        )

    def complete(self, wanted: ProductTerms) -> ProductTerms:
        """`wanted` with a slug, and with the ids and SKUs of its variants.

        Refuses what contradicts itself, or names a foreign part (`InvalidProduct`).
        """
        return complete(wanted, variants=self.variants, media=self.media)

    def define(
        self,
        wanted: ProductTerms,
        *,
        categories: Sequence[Category],
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> ProductChanged | None:
        """Become what `wanted` (complete) says; None when that tells nothing new."""
        before = self._told(ProductChanged, now=now) if self.version else None
        assert wanted.slug is not None
        self.status, self.kind = wanted.status.value, wanted.kind.value
        self.slug = wanted.slug
        self.title, self.title_key = wanted.title, sort_key(wanted.title)
        self.description = wanted.description
        self.vendor, self.product_type = wanted.vendor, wanted.product_type
        self.tags = list(dict.fromkeys(wanted.tags))
        self.seo_title, self.seo_description = wanted.seo_title, wanted.seo_description
        self.metadata_ = dict(wanted.metadata)
        if wanted.status is Status.ACTIVE and self.published_at is None:
            self.published_at = now
        by_sku = self._define_variants(wanted, now=now, new_id=new_id)
        self._define_options(wanted)
        self._define_media(wanted, by_sku, new_id=new_id)
        self._define_translations(wanted)
        self._define_shelves(categories)
        after = self._told(ProductChanged, now=now)
        if before == after:
            return None
        self.version += 1
        self.updated_at = now
        return after

    def retell(self, *, now: datetime) -> ProductChanged:
        """Tell it anew because something it names has changed: a category's slug."""
        event = self._told(ProductChanged, now=now)
        self.version += 1
        self.updated_at = now
        return event

    def remove(self, *, now: datetime) -> ProductRemoved:
        """What is told last; the row goes with its transaction."""
        return self._told(ProductRemoved, now=now)

    def _define_variants(
        self, wanted: ProductTerms, *, now: datetime, new_id: Callable[[], UUID]
    ) -> dict[str, Variant]:
        rows = {variant.id: variant for variant in self.variants}
        kept: list[Variant] = []
        for position, terms in enumerate(wanted.variants, start=1):
            row = rows.get(terms.id) if terms.id else None
            row = row or Variant(id=new_id())
            row.become(terms, position=position, names=option_names(wanted), now=now, new_id=new_id)
            kept.append(row)
        if not self.version or self.variants != kept:
            self.variants = kept
        return {variant.sku: variant for variant in kept}

    def _define_options(self, wanted: ProductTerms) -> None:
        rows = {option.position: option for option in self.options}
        kept: list[Option] = []
        for index, terms in enumerate(wanted.options):
            row = rows.get(index) or Option(position=index)
            used = list(dict.fromkeys(v.options[terms.name] for v in wanted.variants))
            first = [value for value in dict.fromkeys(terms.values) if value in used]
            row.name, row.values = terms.name, list(dict.fromkeys([*first, *used]))
            kept.append(row)
        if not self.version or self.options != kept:
            self.options = kept

    def _define_media(
        self,
        wanted: ProductTerms,
        by_sku: Mapping[str, Variant],
        *,
        new_id: Callable[[], UUID],
    ) -> None:
        by_id = {media.id: media for media in self.media}
        by_url = {media.url: media for media in self.media}
        kept: dict[UUID, Media] = {}
        for position, terms in enumerate(wanted.media, start=1):
            row = (by_id.get(terms.id) if terms.id else None) or by_url.get(terms.url)
            if row is None or row.id in kept:
                row = Media(id=new_id())
            row.become(
                terms, position=position, variant_ids=[by_sku[sku].id for sku in terms.variants]
            )
            kept[row.id] = row
        pictures = list(kept.values())
        if not self.version or self.media != pictures:
            self.media = pictures

    def _define_translations(self, wanted: ProductTerms) -> None:
        rows = {translation.locale: translation for translation in self.translations}
        kept: list[Translation] = []
        for terms in sorted(wanted.translations, key=lambda t: t.locale):
            row = rows.get(terms.locale) or Translation()
            row.become(terms)
            kept.append(row)
        if not self.version or self.translations != kept:
            self.translations = kept

    def _define_shelves(self, categories: Sequence[Category]) -> None:
        rows = {shelf.category_id: shelf for shelf in self.shelves}
        kept: list[Shelf] = []
        for position, category in enumerate(categories):
            row = rows.get(category.id) or Shelf(category_id=category.id, category=category)
            row.position = position
            kept.append(row)
        if not self.version or self.shelves != kept:
            self.shelves = kept

    def _told(self, kind: type[S], *, now: datetime) -> S:
        """Its state as the next event of that kind."""
        images = {vid: m.url for m in reversed(self.media) for vid in m.variant_ids}
        told = [
            v.told(names=self.names, image_url=images.get(v.id), now=now) for v in self.variants
        ]
        return kind(
            product_id=self.id,
            version=self.version + 1,
            status=self.status,
            kind=self.kind,
            slug=self.slug,
            title=self.title,
            description=self.description,
            vendor=self.vendor,
            product_type=self.product_type,
            tags=list(self.tags),
            categories=[shelf.category.slug for shelf in self.shelves],
            channels=sorted({price.channel for variant in told for price in variant.prices}),
            options=[ToldOption(name=o.name, values=list(o.values)) for o in self.options],
            variants=told,
            media=[media.told() for media in self.media],
            translations=[translation.told() for translation in self.translations],
            seo_title=self.seo_title,
            seo_description=self.seo_description,
            metadata=dict(self.metadata_),
            published_at=self.published_at,
            updated_at=now,
        )
