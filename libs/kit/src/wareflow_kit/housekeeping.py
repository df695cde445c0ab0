"""What every service's worker tidies: old inbox ids, idempotency keys, personal dead letters."""

from collections.abc import Sequence
from functools import partial

from wareflow_events import deadletter, inbox
from wareflow_events.broker import Broker
from wareflow_events.event import Topic
from wareflow_events.transaction import Transactions
from wareflow_kit.idempotency import forget_old_keys
from wareflow_kit.pollers import Poller

_HOUR = 3600.0


def housekeeping(
    service: str, *, transactions: Transactions, broker: Broker, topics: Sequence[Topic]
) -> tuple[Poller, ...]:
    """The pollers that keep a service's shared tables small."""

    async def forget_old_events() -> bool:
        async with transactions.begin() as tx:
            connection = await tx.session.connection()
            _ = await inbox.purge(connection, now=tx.now)
            _ = await deadletter.purge_contacts(connection, now=tx.now)
        return False

    async def keep_topics() -> bool:
        # Also makes the coming days' tables of a log that forgets by the day.
        await broker.ensure_topics(topics)
        return False

    return (
        Poller(f"{service}.idempotency", _HOUR, partial(forget_old_keys, transactions)),
        Poller(f"{service}.inbox", _HOUR, forget_old_events),
        Poller(f"{service}.topics", _HOUR, keep_topics),
    )
