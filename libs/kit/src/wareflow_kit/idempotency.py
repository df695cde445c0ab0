"""A repeated request is the same request: what a key made, kept in the transaction that made it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction, Transactions
from wareflow_kit.refusals import Invalid
from wareflow_kit.tables import kit_tables

_TABLES = sa.MetaData()
kit_tables(_TABLES)
_KEYS = _TABLES.tables["idempotency_key"]

KEEP = timedelta(hours=72)
"""How long a key is remembered; clients may count on 48 hours."""


_NOT_MADE = failpoint("idempotency.claimed_not_made")
_NOT_COMMITTED = failpoint("idempotency.made_not_committed")


class IdempotencyKeyReused(Invalid):
    """This idempotency key was used before, for another request."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes a request the same: who asks, at which address, under which key, with what."""

    who: str
    route: str
    key: str
    body_hash: bytes


async def make_once(
    tx: Transaction, request: RequestKey, make: Callable[[], Awaitable[UUID]]
) -> tuple[UUID, bool]:
    """The id that `make` returns, or returned the first time; and whether this is a replay.

    The key's row goes in first: a rival waits there for our outcome, a fault leaves nothing.
    `IdempotencyKeyReused` when the key came with another body before.
    """
    claim = (
        insert(_KEYS)
        .values(
            who=request.who,
            route=request.route,
            key=request.key,
            body_hash=request.body_hash,
            created_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(sa.true())
    )
    if (await tx.session.execute(claim)).scalar() is None:
        return await _made_before(tx, request), True
    _NOT_MADE.reach(request.route)
    made = await make()
    _ = await tx.session.execute(sa.update(_KEYS).where(_is(request)).values(made=made))
    _NOT_COMMITTED.reach(request.route)
    return made, False


async def _made_before(tx: Transaction, request: RequestKey) -> UUID:
    query = sa.select(_KEYS.c.body_hash, _KEYS.c.made).where(_is(request))
    row = (await tx.session.execute(query)).one()
    if row.body_hash != request.body_hash:
        raise IdempotencyKeyReused
    return row.made


def _is(request: RequestKey) -> sa.ColumnElement[bool]:
    return sa.and_(
        _KEYS.c.who == request.who,
        _KEYS.c.route == request.route,
        _KEYS.c.key == request.key,
    )


async def forget_old_keys(
    transactions: Transactions, *, keep: timedelta = KEEP, most: int = 1000
) -> bool:
    """Delete keys older than `keep`, at most `most` at once; True if there may be more.

    For a poller: `Poller("orders.idempotency", 3600, partial(forget_old_keys, transactions))`.
    """
    async with transactions.begin() as tx:
        old = (
            sa.select(_KEYS.c.who, _KEYS.c.route, _KEYS.c.key)
            .where(_KEYS.c.created_at < tx.now - keep)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        delete = sa.delete(_KEYS).where(sa.tuple_(_KEYS.c.who, _KEYS.c.route, _KEYS.c.key).in_(old))
        gone = await tx.session.execute(delete.returning(sa.true()))
        return len(gone.all()) == most
