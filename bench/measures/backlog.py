"""A backlog of orders that inventory works off."""

from bench.children import inside
from bench.rows import Row, Rows, near
from bench.stage import Stage

NAME, TITLE = "backlog", "Reserving a backlog of orders"


async def measure(stage: Stage) -> list[Row]:
    """A batch reserves many orders in one statement, so it should beat an update per order."""
    sizes, rows = stage.sizes, Rows(NAME)
    stage.say(f"backlog: {sizes.backlog:,} orders")
    seconds = sizes.reads.seconds * sizes.reads.rounds
    found = await inside("backlog", orders=sizes.backlog, seconds=seconds)
    floor = found["contended"]
    hot = "orders of one variant; floor: pgbench updating one row"
    spread = "orders of 1,000 variants; the same floor"
    return [
        rows.rate(hot, found["hot"], "per s", floor=floor, aim=near(1.0)),
        rows.rate(spread, found["spread"], "per s", floor=floor),
    ]
