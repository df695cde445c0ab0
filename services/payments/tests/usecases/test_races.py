"""What happens at once, and what the database itself refuses: money moves once."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from payments import store
from payments.model import Payment
from payments.testing import A_DAY, Bench, a_payment_due
from payments.usecases.open_payments import open_payments
from wareflow_events.schemas.orders import PaymentDue
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine
from wareflow_kit.testing import FixedClock


@pytest.fixture
async def crowd(bench: Bench, database: str) -> AsyncGenerator[Transactions]:
    """Transactions with room for many at once."""
    wide = engine(database, pool=10, name="crowd", lock_timeout=30)
    yield Transactions(wide, service="payments", clock=FixedClock(A_DAY))
    await wide.dispose()


async def test_rivals_open_one_payment_with_one_intent(
    bench: Bench, crowd: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a worker that was taken for dead wakes up beside the one that took over. The order
    has a new owner each time, since the lock on its customer would make them take turns."""
    order_id, everybody_has_looked = uuid4(), asyncio.Barrier(5)
    look = store.lock_payments

    async def look_together(session: AsyncSession, orders: Collection[UUID]) -> dict[UUID, Payment]:
        found = await look(session, orders)
        _ = await everybody_has_looked.wait()
        return found

    async def rival(due: PaymentDue) -> None:
        with suppress(IntegrityError):
            async with crowd.begin() as tx:
                await open_payments(tx, dues=[due])

    with monkeypatch.context() as patch:
        patch.setattr(store, "lock_payments", look_together)
        _ = await asyncio.gather(*(rival(a_payment_due(order_id)) for _ in range(5)))
    await bench.run_operations()
    assert await bench.rows("SELECT count(*) FROM payment") == [(1,)]
    assert list(bench.gateway.intents) == ["pi_1"]


TWIN = """
INSERT INTO {0} SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', gen_random_uuid(), 'intent_id', NULL, 'status', 'due'))).* FROM {0} t
"""


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("payment_one_per_order", TWIN.format("payment")),
        ("operation_once_per_cause", TWIN.format("operation").replace("'due'", "'done'")),
        ("payment_refunds_within_captured", "UPDATE payment SET refunded = captured + 1"),
    ],
)
async def test_the_database_itself_refuses(bench: Bench, rule: str, statement: str) -> None:
    """A second payment or operation, and more going back than was taken, whatever code does it."""
    _ = await bench.opened()
    async with bench.engine.connect() as connection:
        with pytest.raises(IntegrityError, match=rule):
            _ = await connection.execute(text(statement))
