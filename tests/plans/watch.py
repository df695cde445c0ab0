"""Looks at the plan of every statement that a service sends, for tables that are read whole."""

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_BIG = """
SELECT relname, reltuples::bigint AS rows FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples >= 3000
"""
_PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_MOST = 0.5
"""The share of a table that a statement may expect to read, however it gets at it."""


async def big_tables(engine: AsyncEngine) -> dict[str, int]:
    """Tables of at least 3,000 rows, and how many they have; as of the last ANALYZE."""
    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql(_BIG)
        return {row.relname: row.rows for row in rows}


@dataclass
class Watch:
    """Explains each statement just before it runs, with its own parameters."""

    big: Mapping[str, int]
    doing: str = ""
    """What the test does at the moment."""
    faults: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """By statement and table: who sent it, and the plan."""
    seen: int = 0

    @contextmanager
    def over(self, engine: AsyncEngine) -> Generator["Watch"]:
        """Watch what goes through an engine."""
        event.listen(engine.sync_engine, "before_cursor_execute", self._look)
        try:
            yield self
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", self._look)

    def _look(
        self, connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> None:
        if not statement.lstrip().upper().startswith(_PLANNED):
            return
        self.seen += 1
        given = _first_of(parameters)
        (told,) = _explained(connection, "(FORMAT JSON)", statement, given)
        (plan,) = json.loads(told) if isinstance(told, str) else told
        for table in read_whole(plan["Plan"], self.big):
            text = "\n".join(_explained(connection, "", statement, given))
            self.faults.setdefault((statement, table), f"{self.doing}\n{statement}\n\n{text}")

    def report(self) -> str:
        """All faults, to be read."""
        return "\n\n".join(
            f"--- reads the whole table {table}: {told}" for (_, table), told in self.faults.items()
        )


def _first_of(parameters: Any) -> Any:
    """The parameters, or those of the first row where a statement is sent with many."""
    rows = cast("list[Any]", parameters) if isinstance(parameters, list) else [parameters]
    return rows[0]


def _explained(connection: Any, how: str, statement: str, given: Any) -> list[Any]:
    """The plan of a planner that avoids what it can avoid.

    On the few thousand rows of a test reading them all is often cheapest, and says nothing of
    the millions of a shop; what is still read whole when that counts as dear has no index.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {how} {statement}", given)
        plan = [row[0] for row in cursor.fetchall()]
        cursor.execute("RESET enable_seqscan")
        return plan
    finally:
        cursor.close()


# What takes all of its input before it gives anything; a limit above it saves nothing below.
_GREEDY = ("Sort", "Aggregate", "Hash", "WindowAgg", "BitmapOr", "BitmapAnd")


def read_whole(
    plan: Mapping[str, Any], big: Mapping[str, int], *, limited: bool = False
) -> Iterator[str]:
    """The big tables of which a plan reads all rows, or expects to read most.

    `limited` says that something above stops it when it has enough.
    """
    kind, table = str(plan["Node Type"]), str(plan.get("Relation Name"))
    if table in big and kind.endswith("Scan"):
        most = plan["Plan Rows"] >= _MOST * big[table]
        in_vain = kind == "Seq Scan" and ("Filter" in plan or not limited)
        if in_vain or (most and not limited):
            yield table
    below = kind == "Limit" or (limited and kind not in _GREEDY)
    for part in plan.get("Plans", ()):
        yield from read_whole(part, big, limited=below or _wants_one_row(part))


def _wants_one_row(plan: Mapping[str, Any]) -> bool:
    """Whether it is an EXISTS, or a value: its first row is the last."""
    name = plan.get("Subplan Name", "")
    return plan.get("Parent Relationship") == "InitPlan" and not name.startswith("CTE")
