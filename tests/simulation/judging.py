"""The end of a run: wait until nothing is left to do, then ask whether every promise holds."""

import asyncio

from wareflow.house import House
from wareflow.settling import Unsettled, unsettled
from wareflow.verifying import verdicts

_WITHIN = 3600.0
"""Virtual seconds; some retries pause for minutes."""
_LOOK_EVERY = 2.0
_OPEN = "SELECT count(*) FROM orders WHERE status NOT IN ('confirmed', 'cancelled')"
_OPERATIONS = "SELECT count(*) FROM operation WHERE next_attempt_at IS NOT NULL"


async def settled(house: House) -> list[str]:
    """Wait until every order has ended and nothing is on its way; what is left when it never is."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _WITHIN
    while left := await _left(house):
        if loop.time() > deadline:
            return left
        await asyncio.sleep(_LOOK_EVERY)
    return []


async def _left(house: House) -> list[str]:
    now: Unsettled = await unsettled(house)
    counts = {
        "events or payments on their way": now.total,
        "open orders": await _count(house, "orders", _OPEN),
        "operations at the gateway": await _count(house, "payments", _OPERATIONS),
    }
    return [f"not settled: {number} {what} ({now})" for what, number in counts.items() if number]


async def _count(house: House, service: str, statement: str) -> int:
    async with house.engines[service].connect() as connection:
        return (await connection.exec_driver_sql(statement)).scalar_one()


async def broken_promises(house: House) -> list[str]:
    """Everything that `wareflow verify` finds."""
    return [
        f"{verdict.owner}: {verdict.promise}: {breach}"
        async for verdict in verdicts(house)
        for breach in verdict.breaches
    ]
