"""A service as it is run: processes that serve, carry events, hear them, and stop cleanly."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from shop.main import build
from shop.model import Item
from shop.settings import Settings
from sqlalchemy import func, select, text

from wareflow_events.consumer import ConsumerGroup, Heard, on
from wareflow_events.postgres import PostgresBroker
from wareflow_events.schemas.orders import OrderFulfilled
from wareflow_events.transaction import Transaction
from wareflow_kit.service import Poller, Service
from wareflow_kit.testing import fresh_database, settings_for, shared_server


async def until_answers(url: str, *, status: int = 200) -> httpx.Response:
    async with asyncio.timeout(30), httpx.AsyncClient() as http:
        while True:
            try:
                answer = await http.get(url)
                if answer.status_code == status:
                    return answer
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def running(
    command: str, url: str, **more: str
) -> AsyncGenerator[asyncio.subprocess.Process]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WAREFLOW_")},
        "PYTHONPATH": str(Path(__file__).parent),
        "WAREFLOW_SHOP_DATABASE_URL": url,
        "WAREFLOW_LOG_URL": url,
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shop", command, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        _ = await process.communicate()


async def test_the_api_serves_until_it_is_told_to_stop(database_url: str) -> None:
    port = free_port()
    async with running("api", database_url, WAREFLOW_PORT=str(port)) as process:
        _ = await until_answers(f"http://127.0.0.1:{port}/health/ready")
        _ = await until_answers(f"http://127.0.0.1:{port}/shop/v1/items")
        process.send_signal(signal.SIGTERM)
        _, logged = await asyncio.wait_for(process.communicate(), timeout=30)
        assert process.returncode == 0
        assert b'"route":"/shop/v1/items"' in logged
        assert b"Traceback" not in logged


async def test_a_request_in_work_is_answered_before_the_end(database_url: str) -> None:
    port = free_port()
    async with running("api", database_url, WAREFLOW_PORT=str(port)) as process:
        _ = await until_answers(f"http://127.0.0.1:{port}/health/ready")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            slow = asyncio.create_task(http.get("/shop/v1/slow"))
            _ = await until_answers(f"http://127.0.0.1:{port}/shop/v1/slow?begun=true")
            process.send_signal(signal.SIGTERM)
            assert (await slow).json() == "done"
        assert await asyncio.wait_for(process.wait(), timeout=30) == 0


async def test_the_worker_carries_events_and_drains_when_it_is_told_to(database_url: str) -> None:
    port = free_port()
    async with running("worker", database_url, WAREFLOW_WORKER_PORT=str(port)) as process:
        _ = await until_answers(f"http://127.0.0.1:{port}/health/ready")
        metrics = await until_answers(f"http://127.0.0.1:{port}/metrics")
        assert "relay_leader" in metrics.text
        process.send_signal(signal.SIGINT)
        _, logged = await asyncio.wait_for(process.communicate(), timeout=30)
        assert process.returncode == 0, logged


async def test_a_worker_whose_part_dies_ends_with_an_error(database_url: str) -> None:
    from wareflow_events.schemas import orders

    broker = PostgresBroker(database_url)
    wrong = type(orders.ORDER)(orders.ORDER.name, "order_id", orders.ORDER.kind)
    await broker.ensure_topics([wrong])
    await broker.close()
    async with fresh_database("shop") as other:
        connection_url = other
        import asyncpg

        damaged = await asyncpg.connect(database_url)
        _ = await damaged.execute("UPDATE log_topic SET partitions = 7")
        await damaged.close()
        async with running("worker", connection_url, WAREFLOW_LOG_URL=database_url) as process:
            _, logged = await asyncio.wait_for(process.communicate(), timeout=30)
            assert process.returncode == 1
            assert b"PartitionMismatch" in logged


async def test_settings_that_are_missing_stop_the_start_with_a_sentence(
    database_url: str,
) -> None:
    async with running("api", database_url, WAREFLOW_BROKER="kafka") as process:
        _, said = await process.communicate()
        assert process.returncode == 1
        assert b"kafka_bootstrap" in said
        assert b"Traceback" not in said


async def test_a_port_that_is_taken_is_an_error(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with running("api", database_url, WAREFLOW_PORT=str(port)) as process:
            _, said = await asyncio.wait_for(process.communicate(), timeout=30)
            assert process.returncode != 0
            assert b"address already in use" in said


def fulfilled(order: UUID, *, at: datetime) -> OrderFulfilled:
    return OrderFulfilled(order_id=order, number="1", customer_id=order, fulfilled_at=at)


async def mark(tx: Transaction, heard: Heard[OrderFulfilled]) -> None:
    """Writes what it heard into another item's labels."""
    item = Item(
        id=tx.new_id(),
        name=f"heard {heard.event.order_id}",
        price=0,
        labels={"sequence": str(heard.sequence)},
        created_at=tx.now,
    )
    tx.session.add(item)


MARK = ConsumerGroup("orders.test", (on(OrderFulfilled, mark),))


@pytest.fixture
async def broker() -> AsyncIterator[PostgresBroker]:
    """A log of its own."""
    url = await shared_server().aensure_database(f"log_{uuid4().hex[:8]}")
    log = PostgresBroker(url, poll=0.01)
    yield log
    await log.close()


async def names(service: Service) -> list[str]:
    async with service.engine.connect() as connection:
        return list(await connection.scalars(select(Item.name)))


async def eventually(service: Service, wanted: str) -> None:
    async with asyncio.timeout(20):
        while wanted not in await names(service):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_is_published_is_carried_and_heard(
    database_url: str, broker: PostgresBroker
) -> None:
    service = build(settings_for(Settings, database_url), broker=broker, groups=(MARK,))
    async with service.worker() as supervisor:
        async with service.transactions.begin() as tx:
            order = tx.new_id()
            tx.publish(
                OrderFulfilled(order_id=order, number="1", customer_id=order, fulfilled_at=tx.now)
            )
        await eventually(service, f"heard {order}")
        assert not supervisor.failures
    async with service.engine.connect() as connection:
        left = await connection.execute(text("SELECT count(*) FROM outbox"))
        assert left.scalar_one() == 0
    await service.close()


async def test_a_broker_that_comes_late_is_waited_for(database_url: str) -> None:
    name = f"late_{uuid4().hex[:8]}"
    late = PostgresBroker(shared_server().url(name))
    service = build(settings_for(Settings, database_url), broker=late, groups=(MARK,))
    async with service.worker() as supervisor:
        async with service.transactions.begin() as tx:
            order = tx.new_id()
            tx.publish(
                OrderFulfilled(order_id=order, number="1", customer_id=order, fulfilled_at=tx.now)
            )
        await asyncio.sleep(0.05)
        assert not supervisor.failures
        _ = await shared_server().aensure_database(name)
        await eventually(service, f"heard {order}")
    await service.close()


async def test_a_services_pollers_run_in_its_worker(
    database_url: str, broker: PostgresBroker
) -> None:
    ran = asyncio.Event()

    async def work() -> bool:
        ran.set()
        return False

    service = build(
        settings_for(Settings, database_url),
        broker=broker,
        pollers=(Poller("shop.work", 60, work),),
    )
    async with service.worker():
        _ = await asyncio.wait_for(ran.wait(), timeout=5)
    await service.close()


async def test_a_part_that_dies_is_told_to_whoever_embeds_the_service(
    database_url: str, broker: PostgresBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wareflow_events.consumer import ClientStuck, Consumer

    async def stuck(self: Consumer, stop: asyncio.Event) -> None:
        raise ClientStuck

    monkeypatch.setattr(Consumer, "run", stuck)
    told: asyncio.Queue[BaseException] = asyncio.Queue()
    service = build(settings_for(Settings, database_url), broker=broker, groups=(MARK,))
    async with service.worker(on_fatal=lambda _part, error: told.put_nowait(error)):
        assert isinstance(await asyncio.wait_for(told.get(), timeout=10), ClientStuck)
    await service.close()


async def test_a_service_keeps_its_shared_tables_small(
    database_url: str, broker: PostgresBroker
) -> None:
    from wareflow_events.testing import FixedClock, Hand
    from wareflow_kit.housekeeping import housekeeping

    clock = FixedClock()
    service = build(
        settings_for(Settings, database_url), broker=broker, clock=clock, groups=(MARK,)
    )
    order = UUID(int=7)
    await Hand(service.transactions, MARK).hear(fulfilled(order, at=clock()))
    _ = clock.advance(days=31)
    pollers = housekeeping(
        "orders", transactions=service.transactions, broker=broker, topics=service.topics
    )
    for poller in pollers:
        assert await poller.run() is False
    async with service.engine.connect() as connection:
        inbox = await connection.execute(text("SELECT count(*) FROM inbox"))
        assert inbox.scalar_one() == 0
        items = await connection.execute(select(func.count()).select_from(Item))
        assert items.scalar_one() == 1
    await service.close()


async def test_a_service_knows_the_topics_it_owns_and_hears(shop: Service) -> None:
    assert {topic.name for topic in shop.topics} == {
        "wareflow.orders.cart",
        "wareflow.orders.order",
        "wareflow.orders.contact",
    }


def test_a_service_says_what_must_hold(shop: Service) -> None:
    (check,) = shop.checks
    assert check.name == "no item costs less than nothing"
