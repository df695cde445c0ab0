"""A shop that is stopped and started, whose databases are copied, put back and recovered."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from wareflow import state
from wareflow.commands.database import dump, put_back, stored
from wareflow.commands.recover import taken_back
from wareflow.commands.serve import filled
from wareflow.embedded import Options, embedded
from wareflow.house import SERVICES, open_house
from wareflow.promises import every_database_remembers
from wareflow.settling import settle
from wareflow.shop import Placed, Shop, Staff
from wareflow.shoppers import Crowd, Habits, Shelf, look_around, send_crowd, top_up
from wareflow.state import Running
from wareflow.verifying import verdicts
from wareflow_postgres.server import PostgresServer

_HABITS = Habits(leaves_the_payment=0.15, cancels=0.2, is_declined_first=0.2)


@dataclass
class Open:
    """The shop while it is open."""

    running: Running
    shop: Shop
    staff: Staff
    shelf: Shelf

    async def crowd(self, orders: int, *, seed: int) -> None:
        """Shoppers come and do what shoppers do."""
        crowd = Crowd(orders=orders, rate=None, seed=seed, at_once=6, habits=_HABITS)
        tally = await send_crowd(self.shop, self.shelf, crowd, progress=lambda _: None)
        assert tally.faults == []

    async def order(self) -> Placed:
        """An order that is due."""
        cart = await self.shop.add(await self.shop.open_cart(), self.shelf.variants[0])
        cart = await self.shop.fill_in(cart, email="grace@example.com")
        order = await self.shop.checkout(cart)
        return await self.shop.until(order, "awaiting_payment", within=60)

    async def sell(self) -> Placed:
        """An order that is paid and confirmed."""
        order = await self.order()
        _ = await self.shop.pay(order)
        return await self.shop.until(order, "confirmed", within=60)

    async def settled(self) -> None:
        """Wait until nothing is on its way."""
        async with open_house(self.running) as house:
            left = await settle(house, timeout=120, progress=lambda _: None)
            assert left.total == 0, left

    async def holds(self) -> None:
        """Every promise, once nothing is on its way."""
        await self.settled()
        async with open_house(self.running) as house:
            assert [v async for v in verdicts(house) if not v.holds] == []


@dataclass
class Lab:
    """The data folder, its server, and the copies that were taken."""

    data: Path
    server: PostgresServer
    copies: dict[str, Path] = field(default_factory=dict[str, Path])

    @asynccontextmanager
    async def open(self, *, pay_within: str = "PT8S") -> AsyncGenerator[Open]:
        """The shop, until the block ends."""
        options = Options(
            data=self.data,
            port=0,
            server_url=self.server.url(),
            overrides={"orders": {"pay_within": pay_within, "reserve_within": "PT60S"}},
        )
        async with (
            embedded(options, say=lambda _: None) as running,
            httpx.AsyncClient(timeout=60) as http,
        ):
            _ = await filled(running)
            shop, staff = Shop.of(running, http), Staff(Shop.of(running, http), running.staff_token)
            shelf = await look_around(shop)
            await top_up(staff, shelf)
            yield Open(running, shop, staff, shelf)

    @property
    def stored(self) -> Running:
        """Where the databases are, while the shop is closed."""
        return stored(self.data, self.server.url(), None)

    async def copy(self) -> None:
        """Copy every service's database, as they are now."""
        for service in SERVICES:
            self.copies[service] = self.data / f"{service}.copy"
            await asyncio.to_thread(dump, state.read(self.data), service, self.copies[service])

    async def restore(self, service: str) -> str:
        """Put a service's copy back; the name of the database that was lost."""
        return await asyncio.to_thread(put_back, self.stored, service, self.copies[service])

    async def missing(self) -> list[str]:
        """What `verify` says of databases that are older than the log."""
        async with open_house(self.stored) as house:
            return await every_database_remembers(house)

    async def recover(self, service: str, *, dry_run: bool = False) -> int:
        """How many events came back."""
        async with open_house(self.stored) as house:
            found = taken_back(house, service, dry_run=dry_run)
            return sum([one.events async for one in found])

    async def rows(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """What a database holds."""
        connection = await asyncpg.connect(self.stored.database(database))
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()
