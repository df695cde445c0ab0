"""What programs inside share: parameters in, a database server and a broker, figures out."""

import logging
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import structlog
import uvloop
from tools.kafka.find_kafka import find_kafka

from wareflow_events.broker import Broker
from wareflow_events.kafka import KafkaBroker
from wareflow_events.postgres import PostgresBroker
from wareflow_postgres.server import PostgresServer


def tell(main: Callable[..., Coroutine[Any, Any, object]]) -> None:
    """Run `main` with the parameters of the command line, and print what it returns."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = uvloop.run(main(**orjson.loads(sys.argv[1])))
    _ = sys.stdout.write(orjson.dumps(found).decode() + "\n")


@contextmanager
def server() -> Generator[PostgresServer]:
    """A PostgreSQL server with fsync on, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="wareflow-bench-") as folder:
        Path(folder).chmod(0o711)  # as root the server is another user
        with PostgresServer.start(Path(folder) / "data") as started:
            yield started


@asynccontextmanager
async def opened(kind: str, started: PostgresServer) -> AsyncGenerator[tuple[Broker, str]]:
    """A broker, and where it is: the log's database, or Kafka's bootstrap address."""
    if kind == "postgres":
        url = await started.aensure_database(f"log_{uuid4().hex}")
        broker: Broker = PostgresBroker(url)
        try:
            yield broker, url
        finally:
            await broker.close()
        return
    with find_kafka() as bootstrap:
        broker = KafkaBroker(bootstrap, replication=1, min_in_sync=1)
        try:
            yield broker, bootstrap
        finally:
            await broker.close()


async def per_second(number: int, work: Awaitable[object]) -> float:
    """How many a second, when `number` of them are worked off."""
    began = time.perf_counter()
    _ = await work
    return number / (time.perf_counter() - began)
