"""A product's page."""

import random

from bench.data.ids import made
from bench.reading import Question, measured
from bench.rows import Row, Rows
from bench.stage import Stage

NAME, TITLE = "product", "Reading a product"
_POPULAR = 100


async def measure(stage: Stage) -> list[Row]:
    """A hundred products are popular."""
    stage.say("product: often, once, not modified")
    numbers = range(stage.sizes.products)
    popular = random.Random(2).sample(numbers, min(_POPULAR, len(numbers)))
    question = Question("a product", path, popular)
    return await measured(stage, Rows(NAME), question)


def path(number: int) -> str:
    return f"/catalog/v1/products/{made('product', number)}"
