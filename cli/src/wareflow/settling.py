"""Waiting until a shop has nothing more to do: no event on its way, no order past its deadline."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from wareflow.house import SERVICES, House

_OVERDUE = """
SELECT count(*) FROM orders
WHERE (status = 'placed' AND reserve_by < now())
   OR (status = 'awaiting_payment' AND pay_by < now()) OR status = 'closing'
"""
_REFUNDING = """
SELECT count(*) FROM payment WHERE pending_refund > 0 OR status = 'closing'
"""
_WEBHOOKS = "SELECT count(*) FROM webhook_event WHERE applied_at IS NULL"


@dataclass(frozen=True)
class Unsettled:
    """What is still on its way."""

    outbox: int
    lag: int
    overdue: int
    money: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.outbox + self.lag + self.overdue + self.money

    def __str__(self) -> str:
        return (
            f"{self.outbox} events in outboxes, {self.lag} not yet applied, "
            f"{self.overdue} orders past their deadline, {self.money} payments being decided"
        )


async def unsettled(house: House) -> Unsettled:
    """Look once."""
    outbox = 0
    for service in SERVICES:
        async with house.engines[service].connect() as connection:
            outbox += (await connection.exec_driver_sql("SELECT count(*) FROM outbox")).scalar_one()
    return Unsettled(
        outbox=outbox,
        lag=sum((await lag(house)).values()),
        overdue=await _count(house, "orders", _OVERDUE),
        money=await _count(house, "payments", _REFUNDING)
        + await _count(house, "payments", _WEBHOOKS),
    )


async def _count(house: House, service: str, statement: str) -> int:
    async with house.engines[service].connect() as connection:
        return (await connection.exec_driver_sql(statement)).scalar_one()


async def lag(house: House) -> dict[str, int]:
    """Per consumer group: records it has not applied."""
    return {group.name: await house.behind(name, group) for name, group in house.groups()}


async def settle(
    house: House, *, timeout: float, progress: Callable[[Unsettled], None]
) -> Unsettled:
    """Wait until nothing is on its way, twice in a row; what is left when time is up."""
    deadline = asyncio.get_running_loop().time() + timeout
    quiet = 0
    while True:
        now = await unsettled(house)
        progress(now)
        quiet = quiet + 1 if now.total == 0 else 0
        if quiet == 2 or asyncio.get_running_loop().time() > deadline:
            return now
        await asyncio.sleep(0.1 if quiet else 0.3)
