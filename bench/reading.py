"""Reads of the catalogue: asked for often, asked for once, and not modified since."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.client import Connection, request
from bench.load import Figure, Reads, compared
from bench.rows import Aim, Row, Rows, near
from bench.stage import Stage


@dataclass(frozen=True)
class Question:
    """Something that is read: the path for each number, and the numbers most people ask for."""

    name: str
    """In words, with an article."""
    path: Callable[[int], str]
    popular: Sequence[int]

    def often(self) -> Iterator[bytes]:
        """What is popular, again and again."""
        return itertools.cycle([request("GET", self.path(number)) for number in self.popular])

    def once(self, numbers: int) -> Iterator[bytes]:
        """Each once before any comes again, so that whoever keeps answers has none yet."""
        shuffled = random.Random(1).sample(range(numbers), numbers)
        return (request("GET", self.path(number)) for number in itertools.cycle(shuffled))

    def again(self, etag: str) -> Iterator[bytes]:
        """One that the client has already."""
        known = request("GET", self.path(self.popular[0]), headers={"If-None-Match": etag})
        return itertools.repeat(known)


async def measured(stage: Stage, rows: Rows, question: Question) -> list[Row]:
    """The rows of a question, against the same bytes and against the same rows."""
    shop, pace, products = await stage.shop(), stage.sizes.reads, stage.sizes.products
    catalog = shop.of("catalog")
    line = Connection(catalog)
    shown = await line.ask(next(question.often()))
    line.close()
    body = stage.folder / f"{rows.measure}.json"
    _ = body.write_bytes(shown.body)
    same_bytes = await stage.floor("same_bytes", str(body))
    same_rows = await stage.floor("same_rows", shop.database("catalog"))
    first, bare = await compared(
        pace, Reads(catalog, question.often()), Reads(same_bytes, question.often())
    )
    each, fetched = await compared(
        pace, Reads(catalog, question.once(products)), Reads(same_rows, question.once(products))
    )
    known = question.again(shown.etag or "")
    (unchanged,) = await compared(pace, Reads(catalog, known, expected=304))
    what = question.name
    return [
        _row(rows, f"{what}, asked for often; floor: the same bytes", first, bare, near(0.8)),
        _row(rows, f"{what}, each asked for once; floor: the same rows", each, fetched, near(0.7)),
        _row(rows, f"{what} that the client has (304); floor: all bytes", unchanged, bare, None),
    ]


def _row(rows: Rows, name: str, figure: Figure, floor: Figure, aim: Aim | None) -> Row:
    return rows.rate(
        name, figure.rate, "per s", floor=floor.rate, aim=aim, p50=figure.p50, p99=figure.p99
    )
