"""Collecting activities: from storefronts to the table that the figures are read from."""

import itertools
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from bench.client import request
from bench.load import Reads, medians
from bench.rows import Row, Rows
from bench.stage import Stage
from wareflow_events.clock import utc_now

NAME, TITLE = "collect", "Collecting activities"
_BATCH = 50
_COUNT = "SELECT count(*) FROM activity WHERE visitor_id LIKE 'bench-%'"
_COPY = "CREATE TABLE IF NOT EXISTS bench_activity (LIKE activity INCLUDING ALL)"


class Missing(AssertionError):
    """Activities that were accepted are not in the table."""


async def measure(stage: Stage) -> list[Row]:
    """Against COPY of the same rows into the same table, its indexes included."""
    shop, sizes = await stage.shop(), stage.sizes
    stage.say("collect: batches of 50")
    connection = await shop.connect("analytics")
    try:
        collected = _Collected(shop.of("analytics"), connection, sizes.reads.at_once)
        _ = await connection.execute(_COPY)

        async def copied() -> float:
            return await _copied(connection, sizes.activities)

        mine, floor = await medians(
            sizes.reads.rounds, lambda: collected.per_second(sizes.reads.seconds), copied
        )
        _ = await connection.execute("DROP TABLE bench_activity")
    finally:
        await connection.close()
    name = f"activities in batches of {_BATCH}; floor: COPY of the same rows"
    return [Rows(NAME).rate(name, mine, "per s", floor=floor)]


class _Collected:
    def __init__(self, address: str, connection: Any, at_once: int) -> None:
        self._address = address
        self._connection = connection
        self._at_once = at_once

    async def per_second(self, seconds: float) -> float:
        """Activities a second that are in the table when their batch is answered."""
        before = await self._connection.fetchval(_COUNT)
        reads = Reads(self._address, _batches(), expected=202)
        found = await reads.for_a_while(seconds, at_once=self._at_once)
        sent = len(found.waits) * _BATCH
        stored = await self._connection.fetchval(_COUNT) - before
        if stored != sent:
            raise Missing(f"{sent} accepted, {stored} stored")
        return sent / found.seconds


def _batches() -> Iterator[bytes]:
    while True:
        events = [_activity(utc_now()) for _ in range(_BATCH)]
        yield request("POST", "/analytics/v1/collect", json={"events": events})


_VISITORS = itertools.count()


def _activity(at: datetime) -> dict[str, Any]:
    number = next(_VISITORS)
    return {
        "event_id": str(uuid4()),
        "name": ("page_view", "view_item", "add_to_cart")[number % 3],
        "visitor_id": f"bench-{number // 10}",
        "session_id": f"session-{number // 10}",
        "occurred_at": at.isoformat(),
        "page": "https://shop.example.com/products/linen-shirt",
        "items": [{"item_id": "P1-1", "quantity": 1}],
    }


_COLUMNS = (
    *("activity_id", "visitor_id", "session_id", "name", "occurred_at", "collected_at"),
    *("channel", "test", "body"),
)


async def _copied(connection: Any, rows: int) -> float:
    """Rows a second by COPY."""
    _ = await connection.execute("TRUNCATE bench_activity")
    records = [_record(_activity(utc_now())) for _ in range(rows)]
    began = time.perf_counter()
    _ = await connection.copy_records_to_table("bench_activity", records=records, columns=_COLUMNS)
    return rows / (time.perf_counter() - began)


def _record(activity: dict[str, Any]) -> tuple[Any, ...]:
    at = datetime.fromisoformat(activity["occurred_at"])
    body = '{"name": "view_item", "page": "https://shop.example.com/products/linen-shirt"}'
    return (
        *(activity["event_id"], activity["visitor_id"], activity["session_id"]),
        *(activity["name"], at, at, "default", False, body),
    )
