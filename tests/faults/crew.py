"""A shop of many processes over Kafka, for the fault runs."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tools.kafka.find_kafka import for_tests
from tools.kafka.local_kafka import LocalKafka

from wareflow.children import Child
from wareflow.commands.serve import filled
from wareflow.embedded import Options
from wareflow.house import House, open_house
from wareflow.processes import processes
from wareflow.settling import settle
from wareflow.shop import Shop, Staff
from wareflow.shoppers import Shelf, look_around, top_up
from wareflow.state import Running
from wareflow.verifying import verdicts


@dataclass
class Crew:
    """The running shop, its processes, and something to buy."""

    running: Running
    children: list[Child]
    shop: Shop
    shelf: Shelf

    async def everything_holds(self) -> None:
        """Wait until nothing is on its way, and ask for every promise."""
        async with open_house(self.running) as house:
            left = await settle(house, timeout=240, progress=lambda _: None)
            assert left.total == 0, left
            assert [v async for v in verdicts(house) if not v.holds] == []

    async def placed(self) -> int:
        """Orders there are."""
        async with open_house(self.running) as house:
            return await _count(house, "SELECT count(*) FROM orders")


async def _count(house: House, statement: str) -> int:
    async with house.engines["orders"].connect() as connection:
        return (await connection.exec_driver_sql(statement)).scalar_one()


@asynccontextmanager
async def crew(**orders: Any) -> AsyncGenerator[Crew]:
    """A filled shop in a throw-away folder; `orders` are settings of that service."""
    children: list[Child] = []
    with (
        tempfile.TemporaryDirectory(prefix="wareflow-faults-") as folder,
        for_tests(LocalKafka) as kafka,
    ):
        Path(folder).chmod(0o711)
        options = Options(
            data=Path(folder),
            port=0,
            kafka_bootstrap=kafka.bootstrap,
            overrides={"orders": orders},
        )
        async with (
            processes(options, say=lambda _: None, crew=children.extend) as running,
            httpx.AsyncClient(timeout=90) as http,
        ):
            _ = await filled(running)
            shop = Shop.of(running, http)
            shelf = await look_around(shop)
            await top_up(Staff(shop, running.staff_token), shelf)
            yield Crew(running, children, shop, shelf)
