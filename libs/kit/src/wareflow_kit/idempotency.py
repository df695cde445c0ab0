"""A repeated request is the same request: what a key made, kept in the transaction that made it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from wareflow_events.driver import fetch
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


_CLAIM = """
INSERT INTO idempotency_key (who, route, key, body_hash, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING true
"""
_MAKE = "UPDATE idempotency_key SET made = $4 WHERE who = $1 AND route = $2 AND key = $3"
_MADE = "SELECT body_hash, made FROM idempotency_key WHERE who = $1 AND route = $2 AND key = $3"


async def make_once(
    tx: Transaction, request: RequestKey, make: Callable[[], Awaitable[UUID]]
) -> tuple[UUID, bool]:
    """The id that `make` returns, or returned the first time; and whether this is a replay.

    The key's row goes in first: a rival waits there for our outcome, a fault leaves nothing.
    `IdempotencyKeyReused` when the key came with another body before.
    """
    key = (request.who, request.route, request.key)
    if not await fetch(tx.session, _CLAIM, *key, request.body_hash, tx.now):
        return await _made_before(tx, request), True
    _NOT_MADE.reach(request.route)
    made = await make()
    _ = await fetch(tx.session, _MAKE, *key, made)
    _NOT_COMMITTED.reach(request.route)
    return made, False


async def _made_before(tx: Transaction, request: RequestKey) -> UUID:
    ((body_hash, made),) = await fetch(tx.session, _MADE, request.who, request.route, request.key)
    if body_hash != request.body_hash:
        raise IdempotencyKeyReused
    return made


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
