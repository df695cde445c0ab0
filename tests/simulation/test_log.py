"""The log in memory keeps the brokers' contract, or what it finds in a run would prove nothing."""

import asyncio
import time
from uuid import uuid4

import pytest
from tests.simulation.broker import Calm, SimBroker, SimLog

from wareflow_events.broker import Broker
from wareflow_events.contract import BrokerContract, ConsumerContract, Log
from wareflow_kit.testing import shared_server
from wareflow_postgres.databases import create_database


@pytest.fixture
def log() -> Log:
    kept = SimLog(mishaps=Calm(), time=time.monotonic)

    async def reach(_: str) -> None:
        await asyncio.sleep(0)

    def connect() -> Broker:
        return SimBroker(kept, reach=reach)

    async def interrupt() -> None:
        kept.crash()

    async def disown() -> None:
        kept.disown()

    return Log(connect, interrupt, disown)


@pytest.fixture
async def service_dsn() -> str:
    name = f"simulated_{uuid4().hex[:12]}"
    _ = await create_database(shared_server().url(), name)
    return shared_server().url(name)


class TestLogInMemory(BrokerContract):
    pass


class TestConsumersOnTheLogInMemory(ConsumerContract):
    pass
