"""What a chaos run found: what broke, and the figures."""

from collections import Counter
from dataclasses import dataclass, field

from tests.chaos.poison import Poison
from tests.chaos.schedule import Fault

from wareflow.house import SERVICES, House, groups_of
from wareflow.verifying import verdicts
from wareflow_events import deadletter
from wareflow_events.event import topics
from wareflow_events.rebuild import redrive

_WAITS = "waits behind"
"""How the error of a letter begins that follows an earlier one of its key."""
_ORDERS = """
SELECT count(*) AS placed, count(*) FILTER (WHERE status = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE status = 'cancelled') AS cancelled FROM orders
"""
_REFUNDS = "SELECT count(*) AS refunds FROM refund WHERE status = 'succeeded'"


@dataclass
class Found:
    """Breaches, and what there was of everything."""

    breaches: list[str] = field(default_factory=list[str])
    figures: dict[str, int] = field(default_factory=dict[str, int])
    hits: Counter[Fault] = field(default_factory=Counter[Fault])
    redriven: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing broke."""
        return not self.breaches

    def __str__(self) -> str:
        hits = ", ".join(f"{count} {fault}" for fault, count in self.hits.most_common())
        figures = ", ".join(f"{count} {name}" for name, count in self.figures.items())
        said = "every promise holds" if self.holds else f"{len(self.breaches)} BREACHES"
        return f"{said}: {figures}, {self.redriven} dead letters redriven; {hits}"


async def redrive_poison(house: House, found: Found) -> int:
    """Apply every dead letter, here, where nothing is poison; how many there were."""
    tried = 0
    for service in SERVICES:
        async with house.engines[service].connect() as connection:
            letters = await deadletter.letters(connection, limit=10_000)
        found.breaches += [
            f"dead letter of {letter.consumer}: {letter.type}: {letter.error}"
            for letter in letters
            if not letter.error.startswith((Poison.__name__, _WAITS))
        ]
        async for one in redrive(house.transactions(service), groups_of(service)):
            tried += 1
            if one.error is None:
                found.redriven += 1
            else:
                found.breaches.append(f"not redriven: {one.letter.consumer}: {one.error}")
    return tried


async def ask_everything(house: House, found: Found) -> None:
    """Every promise, every order's end, and the figures."""
    async for verdict in verdicts(house):
        found.breaches += [f"{verdict.owner}: {verdict.promise}: {b}" for b in verdict.breaches[:5]]
    found.figures |= await _figures(house, "orders", _ORDERS)
    found.figures |= await _figures(house, "payments", _REFUNDS)
    ends = await house.broker.ends(topics())
    found.figures["events"] = sum(ends.values())
    open_ones = found.figures["placed"] - found.figures["confirmed"] - found.figures["cancelled"]
    if open_ones:
        found.breaches.append(f"{open_ones} orders have not ended")


async def _figures(house: House, service: str, statement: str) -> dict[str, int]:
    async with house.engines[service].connect() as connection:
        row = (await connection.exec_driver_sql(statement)).mappings().one()
    return {str(name): int(value) for name, value in row.items()}
