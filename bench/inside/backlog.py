"""The inventory consumer over a backlog of orders, beside PostgreSQL's own contended updates."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from bench import pgbench
from bench.data.catalogue import MAIN_LOCATION, variant_id
from bench.data.fill import fill_catalogue
from bench.inside.running import opened, per_second, server, tell
from inventory.consumers import HANDLERS
from inventory.model.ids import VariantId
from inventory.testing import an_order
from wareflow_events.broker import Broker, Record
from wareflow_events.clock import utc_now
from wareflow_events.consumer import Consumer
from wareflow_events.contract import eventually
from wareflow_events.contract.service import running
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.ids import new_id
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine, migrate
from wareflow_postgres.server import PostgresServer

(_ORDERS,) = (group for group in HANDLERS if group.name == "inventory.orders")
_MANY = 1000
_CLIENTS = 8
_ENOUGH = "UPDATE stock_level SET on_hand = 100000000, reserved = 0"
_HELD = "SELECT count(*) FROM order_hold WHERE state = 'reserved'"


async def main(orders: int, seconds: float) -> Any:
    """Orders a second: all for one variant, and for a thousand; and pgbench's contended updates."""
    with server() as started:
        hot = await _reserved(started, orders, lambda _: 0)
        spread = await _reserved(started, orders, lambda number: number % _MANY)
        contended = await _contended(started, seconds)
    return {"hot": hot, "spread": spread, "contended": contended}


async def _reserved(started: PostgresServer, orders: int, wanted: Callable[[int], int]) -> float:
    url = await _prepared(started)
    database = engine(url, pool=5, name="inventory")
    async with opened("postgres", started) as (broker, _):
        await broker.ensure_topics(_ORDERS.topics)
        await _append(broker, [_placed(wanted(number)) for number in range(orders)])
        transactions = Transactions(database, service="inventory")
        consumer = Consumer(group=_ORDERS, broker=broker, transactions=transactions)
        rate = await per_second(orders, _worked_off(consumer, url, orders))
    await database.dispose()
    return rate


async def _prepared(started: PostgresServer) -> str:
    url = await started.aensure_database(f"inventory_{uuid4().hex}")
    await migrate("inventory", url)
    await fill_catalogue({"inventory": url}, range(_MANY))
    connection = await asyncpg.connect(url)
    _ = await connection.execute(_ENOUGH)
    await connection.close()
    return url


def _placed(product: int) -> Record:
    order = an_order({VariantId(variant_id(product)): 1})
    now = utc_now()
    data = order.model_dump_json().encode()
    id_, source = new_id(at=now), source_of("orders")
    return to_record(Envelope(id_, order.TYPE, source, now, order.key, data, 1))


async def _append(broker: Broker, made: list[Record]) -> None:
    producer = await broker.producer()
    for at in range(0, len(made), 1000):
        await producer.send(made[at : at + 1000])
    await producer.close()


async def _worked_off(consumer: Consumer, url: str, orders: int) -> None:
    connection = await asyncpg.connect(url)

    async def all_hold() -> bool:
        return await connection.fetchval(_HELD) == orders

    async with running(consumer):
        await eventually(all_hold, within=600)
    await connection.close()


async def _contended(started: PostgresServer, seconds: float) -> float:
    """One row that everybody updates, each in a transaction of its own."""
    url = await _prepared(started)
    row: UUID = variant_id(0)
    script = (
        "UPDATE stock_level SET reserved = reserved + 1"
        f" WHERE variant_id = '{row}' AND location_id = '{MAIN_LOCATION}';"
    )
    return await pgbench.transactions_per_second(url, [script], seconds=seconds, clients=_CLIENTS)


if __name__ == "__main__":
    tell(main)
