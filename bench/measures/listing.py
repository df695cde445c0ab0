"""A list of 24 products with price and availability."""

from bench.data.ids import made
from bench.data.words import title
from bench.reading import Question, measured
from bench.rows import Row, Rows
from bench.stage import Stage
from wareflow_kit.paging import encode_cursor

NAME, TITLE = "list", "Listing 24 products with price and availability"


async def measure(stage: Stage) -> list[Row]:
    """One page is popular; any product can be what another page begins after."""
    stage.say("list: often, once, not modified")
    return await measured(stage, Rows(NAME), Question("a list of 24", path, [0]))


def path(number: int) -> str:
    after = encode_cursor(title(number).lower(), made("product", number))
    return f"/catalog/v1/products?limit=24&after={after}"
