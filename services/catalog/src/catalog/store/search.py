"""Upkeep of the search index: documents of products, and the words that correct typos."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.product import Product
from catalog.model.search import ORIGINAL, SHOP_CONFIGURATION, configuration, grams
from catalog.model.text import plain, words

_SHORTEST, _LONGEST = 3, 40

_WRITE = text(
    f"""
INSERT INTO search_document AS d (product_id, locale, head, document)
SELECT n.product_id, n.locale, n.head, n.head || setweight(to_tsvector(n.language, n.body), 'D')
FROM (
    SELECT product_id, locale, language, body,
           setweight(to_tsvector(language, title) || to_tsvector('simple', title), 'A')
        || setweight(to_tsvector(language, labels) || to_tsvector('simple', labels), 'B') AS head
    FROM (
        SELECT *, coalesce(configuration::regconfig, {SHOP_CONFIGURATION}) AS language
        FROM unnest(CAST(:ids AS uuid[]), CAST(:locales AS text[]),
            CAST(:configurations AS text[]), CAST(:titles AS text[]), CAST(:labels AS text[]),
            CAST(:bodies AS text[]))
            AS given (product_id, locale, configuration, title, labels, body)
    ) spoken
) n
ORDER BY n.product_id, n.locale
ON CONFLICT (product_id, locale) DO UPDATE SET head = excluded.head, document = excluded.document
WHERE d.document IS DISTINCT FROM excluded.document
"""  # noqa: S608  put together of constants
)
_PRUNE = text(
    """
DELETE FROM search_document WHERE product_id = ANY(CAST(:ids AS uuid[])) AND (product_id, locale)
NOT IN (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:locales AS text[])))
"""
)
# In order, so that rivals with words in common wait for each other and never in a circle.
_LEARN = text(
    """
INSERT INTO search_term (word, grams)
SELECT word, string_to_array(grams, '|') FROM unnest(CAST(:words AS text[]), CAST(:grams AS text[]))
    AS n (word, grams)
WHERE NOT EXISTS (SELECT 1 FROM search_term t WHERE t.word = n.word)
ORDER BY word COLLATE "C"
ON CONFLICT DO NOTHING
"""
)


@dataclass(frozen=True, slots=True)
class _Entry:
    product_id: UUID
    locale: str
    title: str
    labels: str
    body: str


async def index(session: AsyncSession, products: Sequence[Product]) -> None:
    """Make products findable by what they say now."""
    entries = [entry for product in products for entry in _entries(product)]
    if not entries:
        return
    places = {
        "ids": [entry.product_id for entry in entries],
        "locales": [entry.locale for entry in entries],
    }
    texts = {
        "configurations": [_configuration(entry.locale) for entry in entries],
        "titles": [entry.title for entry in entries],
        "labels": [entry.labels for entry in entries],
        "bodies": [entry.body for entry in entries],
    }
    _ = await session.execute(_WRITE, {**places, **texts})
    _ = await session.execute(_PRUNE, places)
    found = {word for entry in entries for word in f"{entry.title} {entry.labels}".split()}
    learnt = sorted(w for w in found if _SHORTEST <= len(w) <= _LONGEST and not w.isdigit())
    _ = await session.execute(
        _LEARN, {"words": learnt, "grams": ["|".join(grams(word)) for word in learnt]}
    )


def _configuration(locale: str) -> str | None:
    return None if locale == ORIGINAL else configuration(locale)


def _entries(product: Product) -> list[_Entry]:
    labels = [product.vendor, product.product_type, *product.tags]
    for variant in product.variants:
        labels += [variant.sku, variant.barcode or "", *variant.option_values]
    names = _folded(" ".join(dict.fromkeys(labels)))
    own = _Entry(product.id, ORIGINAL, _folded(product.title), names, _body(product.description))
    return [own] + [
        _Entry(product.id, t.locale, _folded(t.title), names, _body(t.description))
        for t in product.translations
    ]


def _folded(text: str) -> str:
    return " ".join(words(text))


def _body(html: str) -> str:
    return _folded(plain(html))
