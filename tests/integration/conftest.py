"""A whole shop for the stories: six services and the sandbox, on each broker, once more with every
event delivered twice."""

import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.integration.story import Story, TwiceTold
from tools.kafka.find_kafka import for_tests
from tools.kafka.local_kafka import LocalKafka

from wareflow.embedded import Options, embedded
from wareflow_events.broker import Broker

FORMS = ("postgres", "postgres twice", "kafka", "kafka twice")


@pytest.fixture(scope="session")
def shop_folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="wareflow-stories-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(form, marks=[pytest.mark.kafka] if "kafka" in form else [], id=form)
        for form in FORMS
    ],
)
async def story(request: pytest.FixtureRequest, shop_folder: Path) -> AsyncGenerator[Story]:
    """A running shop and its clients; one per form, shared by all stories."""
    form: str = request.param
    with ExitStack() as stack:
        bootstrap = None
        if "kafka" in form:  # one of its own: the product's topics are what it writes to
            bootstrap = stack.enter_context(for_tests(LocalKafka)).bootstrap
        async for made in _shop(shop_folder / form.replace(" ", "-"), form, bootstrap):
            yield made


async def _shop(data: Path, form: str, bootstrap: str | None) -> AsyncGenerator[Story]:
    options = Options(
        data=data,
        port=0,
        kafka_bootstrap=bootstrap,
        fsync=False,
        wrap=_twice if "twice" in form else None,
        overrides={"orders": {"pay_within": "PT6S", "reserve_within": "PT30S"}},
    )
    died: list[str] = []
    async with (
        embedded(
            options, say=lambda _: None, on_fatal=lambda part, error: died.append(f"{part} {error}")
        ) as running,
        httpx.AsyncClient(timeout=60) as http,
    ):
        yield await Story.of(running, http)
    assert not died


def _twice(broker: Broker) -> Broker:
    return TwiceTold(broker)
