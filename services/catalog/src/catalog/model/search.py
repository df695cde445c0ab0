"""The search index: a document per product and locale, and the words to correct typos by."""

from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base
from wareflow_kit.database import inverted

ORIGINAL = ""
"""The locale of a product's own words."""

_CONFIGURATIONS = {
    "ar": "arabic", "da": "danish", "de": "german", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish",
}  # fmt: skip


def configuration(locale: str) -> str:
    """PostgreSQL's text search configuration for a locale; `simple` where it has none."""
    return _CONFIGURATIONS.get(locale.split("-", maxsplit=1)[0], "simple")


_CASES = " ".join(f"WHEN '{locale}' THEN '{name}'" for locale, name in _CONFIGURATIONS.items())
SHOP_CONFIGURATION = f"""
(SELECT CASE split_part(locale, '-', 1) {_CASES} ELSE 'simple' END::regconfig
 FROM channel WHERE id = 'default')"""  # noqa: S608  put together of constants
"""SQL for the configuration of the default channel's locale, in which products are written."""


def grams(word: str) -> list[str]:
    """The distinct trigrams of a word, its borders marked, as pg_trgm has them."""
    padded = f"  {word} "
    return sorted({padded[i : i + 3] for i in range(len(padded) - 2)})


class SearchDocument(Base):
    """What a product is found by in a locale."""

    __tablename__ = "search_document"
    __table_args__ = (
        inverted("head"),
        inverted("document"),
    )

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
    locale: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    head: Mapped[str] = mapped_column(TSVECTOR)
    """Its title and labels only, so that what is called by a word is found before the many that
    mention it."""
    document: Mapped[str] = mapped_column(TSVECTOR)


class SearchTerm(Base):
    """A word that some product has, or had; a correction is tried before it is offered."""

    __tablename__ = "search_term"
    __table_args__ = (inverted("grams"),)

    word: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    grams: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")))
