"""A service worked by hand: what it hears, what it does by the clock, what it tells."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from payments.checks import CHECKS
from payments.consumers import HANDLERS
from payments.main import PaymentsService
from payments.model import Operation, Payment, Refund, WebhookEvent
from payments.model.webhook import Notice
from payments.testing.gateway import FakeGateway
from payments.testing.heard import a_payment_due
from payments.usecases.receive_webhook import receive_webhook
from wareflow_events.event import Event
from wareflow_events.testing import FixedClock, Hand, published
from wareflow_events.transaction import Transactions


class Bench:
    """The service with its gateway and its clock: what it hears, does by the clock, and tells."""

    def __init__(
        self, service: PaymentsService, gateway: FakeGateway, *, twice: bool = False
    ) -> None:
        self.service = service
        self.gateway = gateway
        self._twice = twice
        self._hand = Hand(service.transactions, HANDLERS[0])

    @property
    def transactions(self) -> Transactions:
        return self.service.transactions

    @property
    def engine(self) -> AsyncEngine:
        return self.service.engine

    @property
    def clock(self) -> FixedClock:
        clock = self.service.transactions.clock
        assert isinstance(clock, FixedClock)
        return clock

    async def hear(self, *events: Event) -> None:
        """In one batch; when the test runs "twice", the batch comes once more."""
        await self._hand.hear(*events, twice=self._twice)

    async def run(self, poller: str) -> None:
        """Let a poller work until there is nothing more to do now."""
        found = next(p for p in self.service.pollers if p.name == f"payments.{poller}")
        while await found.run():
            pass

    async def run_operations(self) -> None:
        """What is to be done at the gateway now."""
        await self.run("operations")

    async def retry(self, *, times: int = 1) -> None:
        """Let the longest pause pass, and run what is due then."""
        for _ in range(times):
            _ = self.clock.advance(seconds=301)
            await self.run_operations()

    async def receive(self, *notices: Notice) -> None:
        """Webhooks come in, each in its own request, and are applied."""
        for notice in notices:
            async with self.transactions.begin() as tx:
                _ = await receive_webhook(tx, notice=notice)
        await self.run("webhooks")

    async def told(self) -> list[Event]:
        """What it has told since it was last asked."""
        return await published(self.engine)

    async def opened(self, order_id: UUID | None = None, *, amount: int = 1899) -> Payment:
        """A payment that the customer may pay now; what it told is taken away."""
        due = a_payment_due(order_id, amount=amount)
        await self.hear(due)
        await self.run_operations()
        return await self.payment(due.order_id)

    async def captured(self, *, amount: int = 1899) -> Payment:
        """A payment that was paid; what it told is taken away."""
        payment = await self.opened(amount=amount)
        _ = self.gateway.pay(payment.intent_id or "")
        _ = self.clock.advance(seconds=61)
        await self.run("look_up_payments")
        _ = await self.told()
        return await self.payment(payment.order_id)

    async def payment(self, order_id: UUID) -> Payment:
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            return (await session.scalars(select(Payment).filter_by(order_id=order_id))).one()

    async def operations(self, order_id: UUID) -> list[Operation]:
        query = select(Operation).filter_by(order_id=order_id).order_by(Operation.id)
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            return list(await session.scalars(query))

    async def refunds(self, order_id: UUID) -> list[Refund]:
        query = select(Refund).filter_by(order_id=order_id).order_by(Refund.id)
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            return list(await session.scalars(query))

    async def webhook(self, webhook_id: str) -> WebhookEvent:
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            return (await session.scalars(select(WebhookEvent).filter_by(id=webhook_id))).one()

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(sql))]


async def breaches(engine: AsyncEngine, *, now: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """The checks that do not hold, with the rows that break them.

    Those that compare with the database's clock only if `now`: a test's clock stands elsewhere.
    """
    async with engine.connect() as connection:
        found = {
            check.name: list(map(tuple, (await connection.execute(text(check.sql))).all()))
            for check in CHECKS
            if now or "now()" not in check.sql
        }
    return {name: rows for name, rows in found.items() if rows}
