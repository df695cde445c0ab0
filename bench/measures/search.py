"""Search."""

import itertools
from urllib.parse import urlencode

from bench import pgbench
from bench.client import request
from bench.data.words import queries
from bench.floors.product_sql import SEARCH
from bench.load import Reads, compared
from bench.rows import Row, Rows
from bench.stage import Stage

NAME, TITLE = "search", "Searching"


async def measure(stage: Stage) -> list[Row]:
    """Against the bare SQL of the same queries by pgbench, over as many connections."""
    stage.say("search: queries of one word and of two")
    shop, pace = await stage.shop(), stage.sizes.reads
    asked = [request("GET", f"/catalog/v1/search?{urlencode({'q': q})}") for q in queries()]
    (found,) = await compared(pace, Reads(shop.of("catalog"), itertools.cycle(asked)))
    stage.say("search: pgbench")
    floor = await pgbench.transactions_per_second(
        shop.database("catalog"),
        [SEARCH.format(words=words) for words in queries()],
        seconds=pace.seconds * pace.rounds,
        clients=pace.at_once,
    )
    name = "a search that shows 24; floor: its bare SQL by pgbench"
    return [Rows(NAME).rate(name, found.rate, "per s", floor=floor, p50=found.p50, p99=found.p99)]
