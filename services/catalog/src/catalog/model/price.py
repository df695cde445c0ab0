"""Prices: what a variant costs in a channel, when; and the history of what it did cost.

The rows of a variant, channel and currency never overlap. What is asked for may: of two windows
that overlap the later start counts, so that a sale can lie upon an ordinary price.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from typing import TypeVar
from uuid import UUID

from pydantic import AwareDatetime, model_validator
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base
from catalog.model.values import DEFAULT_CHANNEL, Amount, ChannelId, Terms
from wareflow_events.schemas.catalog import Price as ToldPrice
from wareflow_events.schemas.shapes import Money


class PriceTerms(Terms):
    """A price while `valid_from <= now < valid_to`, open at a side that is not given."""

    channel: ChannelId = DEFAULT_CHANNEL
    price: Amount
    compare_at: Amount | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> "PriceTerms":
        if self.compare_at and self.compare_at.currency != self.price.currency:
            raise ValueError("compare_at has another currency than price")
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            raise ValueError("valid_from is not before valid_to")
        return self


class Price(Base):
    """A price in one window; one that has ended is history and stays."""

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("compare_at >= 0", name="compare_at_not_negative"),
        CheckConstraint("valid_from < valid_to", name="ends_after_it_starts"),
        Index(None, "variant_id", "channel", "valid_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(ForeignKey("channel.id"))
    currency: Mapped[str]
    amount: Mapped[int]
    compare_at: Mapped[int | None]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]

    @property
    def key(self) -> tuple[str, str]:
        """Channel and currency: prices of one key do not overlap."""
        return (self.channel, self.currency)

    @property
    def cost(self) -> tuple[int, int | None]:
        """Amount and compare-at amount."""
        return (self.amount, self.compare_at)

    def terms(self) -> PriceTerms:
        """The row as it is asked for."""
        return PriceTerms(
            channel=self.channel,
            price=Amount(amount=self.amount, currency=self.currency),
            compare_at=(
                None
                if self.compare_at is None
                else Amount(amount=self.compare_at, currency=self.currency)
            ),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )

    def told(self, *, now: datetime) -> ToldPrice:
        """The row as others hear of it.

        A price in force is told without its start, so that whoever's clock is behind has one.
        """
        return ToldPrice(
            channel=self.channel,
            price=Money(amount=self.amount, currency=self.currency),
            compare_at=(
                None
                if self.compare_at is None
                else Money(amount=self.compare_at, currency=self.currency)
            ),
            valid_from=self.valid_from if self.valid_from > now else None,
            valid_to=self.valid_to,
        )


P = TypeVar("P", "Price", PriceTerms)


def ordinary_price(prices: Sequence[P]) -> P | None:
    """Of the live prices of a channel and currency, in order, the one that no sale is: the one
    without an end, else the first."""
    endless = (price for price in prices if price.valid_to is None)
    return next(endless, prices[0] if prices else None)


@dataclass(slots=True)
class Window:
    """A stretch of time with one price; `start` None is now, `end` None is never."""

    cost: tuple[int, int | None]
    start: datetime | None
    end: datetime | None


def flatten(wanted: Sequence[PriceTerms], *, now: datetime) -> list[Window]:
    """Windows from `now` on that do not overlap, in order; where they did, the later start counts.

    All `wanted` are of one channel and currency. Between equal starts the later in the list counts.
    """
    spans = [(max(t.valid_from or now, now), t.valid_to, t) for t in wanted]
    spans = [span for span in spans if span[1] is None or span[1] > now]
    edges = sorted({edge for start, end, _ in spans for edge in (start, end) if edge is not None})
    pieces: list[Window] = []
    for start, end in pairwise([*edges, None]):
        assert start is not None
        over = [t for s, e, t in spans if s <= start and (e is None or e > start)]
        if not over:
            continue
        top = max(enumerate(over), key=lambda item: (_start(item[1], now), item[0]))[1]
        cost = (top.price.amount, top.compare_at.amount if top.compare_at else None)
        if pieces and pieces[-1].end == start and pieces[-1].cost == cost:
            pieces[-1].end = end
        else:
            pieces.append(Window(cost, None if start == now else start, end))
    return pieces


def _start(terms: PriceTerms, now: datetime) -> datetime:
    # Of those already begun the one that began last counts, so the true start decides.
    return terms.valid_from or datetime.min.replace(tzinfo=now.tzinfo)


def reschedule(
    rows: Iterable[Price],
    wanted: Sequence[PriceTerms],
    *,
    variant_id: UUID,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[Price]:
    """All rows of a variant so that from `now` on its prices are those `wanted`.

    What was before `now` stays as it is; a price in force that changes ends now.
    """
    ordered = sorted(rows, key=lambda row: (row.key, row.valid_from))
    by_key = {key: list(found) for key, found in groupby(ordered, key=lambda row: row.key)}
    asked: dict[tuple[str, str], list[PriceTerms]] = {}
    for terms in wanted:
        asked.setdefault((terms.channel, terms.price.currency), []).append(terms)
    kept: list[Price] = []
    for key in by_key.keys() | asked.keys():
        plan = _Plan(variant_id, key, now, new_id)
        kept += plan.carry_out(by_key.get(key, []), flatten(asked.get(key, []), now=now))
    return kept


@dataclass(slots=True)
class _Plan:
    variant_id: UUID
    key: tuple[str, str]
    now: datetime
    new_id: Callable[[], UUID]

    def carry_out(self, rows: list[Price], windows: list[Window]) -> list[Price]:
        past = [row for row in rows if row.valid_to is not None and row.valid_to <= self.now]
        current = [row for row in rows if row not in past and row.valid_from <= self.now]
        future = [row for row in rows if row.valid_from > self.now]
        first = windows.pop(0) if windows and windows[0].start is None else None
        return [*past, *self._current(current, first), *self._future(future, windows)]

    def _current(self, rows: list[Price], window: Window | None) -> list[Price]:
        row = rows[0] if rows else None
        if row is not None and window is not None and row.cost == window.cost:
            row.valid_to = window.end
            return [row]
        kept: list[Price] = []
        if row is not None and row.valid_from < self.now:
            row.valid_to = self.now
            kept.append(row)
        if window is not None:
            kept.append(self._row(window))
        return kept

    def _future(self, rows: list[Price], windows: list[Window]) -> list[Price]:
        known: dict[object, Price] = {(r.cost, r.valid_from, r.valid_to): r for r in rows}
        return [known.get((w.cost, w.start, w.end)) or self._row(w) for w in windows]

    def _row(self, window: Window) -> Price:
        channel, currency = self.key
        amount, compare_at = window.cost
        return Price(
            id=self.new_id(),
            variant_id=self.variant_id,
            channel=channel,
            currency=currency,
            amount=amount,
            compare_at=compare_at,
            valid_from=window.start or self.now,
            valid_to=window.end,
        )
