"""Full-text search: the words of all a product says, the last maybe unfinished, typos corrected."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import REGCONFIG
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from catalog.model.channel import Channel
from catalog.model.listing import Listing
from catalog.model.search import ORIGINAL, SearchDocument, configuration, grams
from catalog.model.text import words
from catalog.model.values import DEFAULT_CHANNEL, Text
from catalog.views.listings import Filters, conditions_of
from wareflow_kit.paging import Page, decode_cursor, encode_cursor

_MOST_WORDS = 12
_MOST_RANKED = 1000
"""Of more matches than this an arbitrary part is ranked; nobody reads that far."""
_ALIKE = 0.7

Rank = Annotated[int, Field(ge=0, lt=2**31)]

_CANDIDATES = text(
    """
SELECT word FROM search_term t
CROSS JOIN LATERAL (SELECT count(*) AS common FROM unnest(t.grams) g
                    WHERE g = ANY(CAST(:grams AS text[]))) c
WHERE t.grams && CAST(:grams AS text[]) ORDER BY c.common DESC, word LIMIT 100
"""
)
_KNOWN = text(
    """
SELECT w.word FROM unnest(CAST(:words AS text[])) AS w (word) WHERE EXISTS (
    SELECT 1 FROM search_term t WHERE t.word >= w.word AND t.word < w.word || chr(1114111)
)
"""
)


async def found(
    connection: AsyncConnection,
    query: str,
    filters: Filters,
    *,
    locale: str | None,
    limit: int,
    after: str | None,
) -> tuple[Page[UUID], str | None]:
    """The ids of a page of matches, best first, and the query that was used if another one."""
    languages = await _languages(connection, filters.channel, locale)
    asked = words(query)[:_MOST_WORDS]
    place, told = None, ""
    if after is not None:
        rank, last_id, told = decode_cursor(after, Rank, UUID, Text)
        place, asked = (rank, last_id), words(told) or asked
    if not asked:
        return Page(items=[]), None
    page = await _matches(
        connection, asked, filters, languages, limit=limit, after=place, told=told
    )
    if page.items or after is not None:
        return page, None
    known = await _corrected(connection, asked)
    if known == asked:
        return page, None
    told = " ".join(known)
    page = await _matches(connection, known, filters, languages, limit=limit, told=told)
    return page, told if page.items else None


async def _languages(
    connection: AsyncConnection, channel: str, locale: str | None
) -> dict[str, str]:
    """The locales to search in, each with its text search configuration."""
    query = select(Channel.id, Channel.locale).where(Channel.id.in_({DEFAULT_CHANNEL, channel}))
    locales = dict((await connection.execute(query)).all())
    wanted = locale or locales.get(channel, "")
    found = {code: configuration(code) for code in (wanted, wanted.split("-")[0]) if code}
    return {ORIGINAL: configuration(locales.get(DEFAULT_CHANNEL, "")), **found}


async def _matches(
    connection: AsyncConnection,
    asked: Sequence[str],
    filters: Filters,
    languages: dict[str, str],
    *,
    limit: int,
    after: tuple[int, UUID] | None = None,
    told: str = "",
) -> Page[UUID]:
    queries = {code: _tsquery(asked, name) for code, name in languages.items()}
    conditions = await conditions_of(connection, filters)
    # What is called by the words first, whatever is cut off of those that only mention them.
    both = (SearchDocument.head, SearchDocument.document)
    matches = union_all(*(_matching(part, queries, conditions) for part in both)).subquery()
    best = func.max(matches.c.rank)
    ranked = select(matches.c.product_id, best.label("rank")).group_by(matches.c.product_id)
    if after is not None:
        here = tuple_(best, matches.c.product_id)
        ranked = ranked.having(here < tuple_(literal(after[0]), literal(after[1])))
    order = (best.desc(), matches.c.product_id.desc())
    rows = (await connection.execute(ranked.order_by(*order).limit(limit + 1))).all()
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    # The next page goes on with the words that were used, not with the typo.
    more = encode_cursor(last.rank, last.product_id, told) if last else None
    return Page(items=[row.product_id for row in shown], next=more)


def _matching(
    part: InstrumentedAttribute[str],
    queries: Mapping[str, ColumnElement[Any]],
    conditions: Sequence[ColumnElement[bool]],
) -> Select[UUID, int]:
    """Products with a part that matches, and how well all of them does."""
    spoken = {code: SearchDocument.locale == code for code in queries}
    matching = [spoken[code] & part.op("@@")(query) for code, query in queries.items()]
    rank = case(
        *(
            (spoken[code], func.ts_rank(SearchDocument.document, query))
            for code, query in queries.items()
        )
    )
    return (
        select(SearchDocument.product_id, cast(rank * 1_000_000, Integer).label("rank"))
        .join(Listing, Listing.product_id == SearchDocument.product_id)
        .where(or_(*matching), *conditions)
        .limit(_MOST_RANKED)
    )


def _tsquery(asked: Sequence[str], name: str) -> ColumnElement[Any]:
    """All words in the language's form; the last one also as the beginning of any word."""
    language = literal_column(f"'{name}'::regconfig", REGCONFIG())
    simple = literal_column("'simple'::regconfig", REGCONFIG())
    begun = func.to_tsquery(simple, _constant(f"{asked[-1]}:*"))
    last = begun.op("||")(func.plainto_tsquery(language, _constant(asked[-1])))
    if len(asked) == 1:
        return last
    rest = func.plainto_tsquery(language, _constant(" ".join(asked[:-1])))
    return rest.op("&&")(last.self_group())


def _constant(text: str) -> ColumnElement[str]:
    # Part of the statement, so that the query is parsed once and not for each row, and planned
    # by how common its words are.
    return bindparam(None, text, type_=String, literal_execute=True)


async def _corrected(connection: AsyncConnection, asked: Sequence[str]) -> list[str]:
    """The words, each unknown one replaced by the known word it is most like, if any is."""
    known = set(await connection.scalars(_KNOWN, {"words": list(asked)}))
    corrected: list[str] = []
    for word in asked:
        best = None if word in known else await _most_alike(connection, word)
        corrected.append(best or word)
    return corrected


async def _most_alike(connection: AsyncConnection, word: str) -> str | None:
    candidates = list(await connection.scalars(_CANDIDATES, {"grams": grams(word)}))
    best = process.extractOne(
        word, candidates, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE
    )
    return best[0] if best else None
