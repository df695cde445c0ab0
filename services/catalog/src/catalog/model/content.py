"""What a product shows and says: its pictures, and its words in other locales."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base
from catalog.model.definition import MediaTerms, TranslationTerms
from catalog.model.values import MediaId
from wareflow_events.schemas.catalog import Media as ToldMedia
from wareflow_events.schemas.catalog import Translation as ToldTranslation
from wareflow_kit.refusals import Conflict, NotFound


class NoSuchMedia(NotFound):
    """This product has no such picture."""


class NoSuchTranslation(NotFound):
    """This product has no words in that locale."""


class TranslationSlugTaken(Conflict):
    """Another product has this slug in that locale."""


class Media(Base):
    """A picture; the URL is kept, nothing is downloaded."""

    __tablename__ = "media"
    __table_args__ = (Index(None, "product_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    url: Mapped[str]
    alt: Mapped[str]
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    variant_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))

    def become(self, terms: MediaTerms, *, position: int, variant_ids: list[UUID]) -> None:
        """Take over what `terms` say."""
        self.position = position
        self.url = terms.url
        self.alt = terms.alt
        self.width = terms.width
        self.height = terms.height
        self.variant_ids = variant_ids

    def terms(self) -> MediaTerms:
        """The picture as it would be asked for."""
        return MediaTerms.model_construct(
            id=MediaId(self.id),
            url=self.url,
            alt=self.alt,
            width=self.width,
            height=self.height,
            variants=[str(variant_id) for variant_id in self.variant_ids],
        )

    def told(self) -> ToldMedia:
        """The picture as others hear of it."""
        return ToldMedia(
            media_id=self.id,
            url=self.url,
            position=self.position,
            alt=self.alt,
            width=self.width,
            height=self.height,
            variant_ids=list(self.variant_ids),
        )


class Translation(Base):
    """A product's words in another locale, with a slug of its own."""

    __tablename__ = "translation"
    __table_args__ = (UniqueConstraint("locale", "slug"), Index(None, "slug"))

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
    locale: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    slug: Mapped[str] = mapped_column(Text(collation="C"))
    title: Mapped[str]
    description: Mapped[str]
    seo_title: Mapped[str | None]
    seo_description: Mapped[str | None]

    def become(self, terms: TranslationTerms) -> None:
        """Take over what `terms` say."""
        for name, value in terms:
            setattr(self, name, value)

    def terms(self) -> TranslationTerms:
        """The words as they would be asked for."""
        fields = {name: getattr(self, name) for name in TranslationTerms.model_fields}
        return TranslationTerms.model_construct(**fields)

    def told(self) -> ToldTranslation:
        """The words as others hear of them."""
        return ToldTranslation(**self.terms().model_dump())
