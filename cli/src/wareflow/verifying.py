"""Asking a shop whether its promises hold."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from wareflow.house import SERVICES, House, checks_of
from wareflow.promises import PROMISES


@dataclass(frozen=True)
class Verdict:
    """A promise, and what breaks it."""

    owner: str
    promise: str
    breaches: list[str]

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.breaches


async def verdicts(house: House) -> AsyncIterator[Verdict]:
    """Every promise that SQL can check: each service's own, then those between services."""
    for service in (*SERVICES, "sandbox"):
        for check in checks_of(service):
            async with house.engines[service].connect() as connection:
                rows = (await connection.exec_driver_sql(check.sql)).mappings().all()
            yield Verdict(service, check.name, [str(dict(row)) for row in rows])
    for promise in PROMISES:
        yield Verdict("between services", promise.name, await promise.ask(house))
