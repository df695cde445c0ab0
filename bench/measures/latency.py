"""From a commit to the commit that applied its event elsewhere."""

from bench.children import inside
from bench.rows import Row, Rows, under
from bench.stage import Stage

NAME, TITLE = "latency", "From commit to applied"


async def measure(stage: Stage) -> list[Row]:
    """At half of what goes through at most, on both brokers.

    Three waits for the disk in a row, two on Kafka: what a commit takes says how fast the disk is.
    """
    rows, sizes = Rows(NAME), stage.sizes
    found: list[Row] = []
    for kind in ("postgres", "kafka"):
        stage.say(f"latency: on {kind}")
        told = await inside(
            "latency", kind=kind, events=sizes.events // 4, seconds=sizes.latency_seconds
        )
        name = f"{kind}: commit to applied, 99 % of events; floor: the commits themselves, 99 %"
        found += [
            rows.rate(f"{kind}: from commit to commit at most", told["capacity"], "per s"),
            rows.cost(
                name,
                told["p99"],
                "ms",
                floor=told["commit_p99"],
                aim=under(100, "ms"),
                p50=told["p50"],
                p99=told["p99"],
            ),
        ]
    return found
