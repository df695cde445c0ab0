"""A day in the shop: doors open, people come while things break, calm returns, all is judged."""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from tests.simulation.chance import dice
from tests.simulation.databases import PARTS
from tests.simulation.judging import broken_promises, settled
from tests.simulation.shoppers import ENDS, Diary, Shopkeeper, Visitor
from tests.simulation.world import World

from wareflow.house import House
from wareflow.shop import Shop, Staff
from wareflow.state import database_name
from wareflow_kit.database import engine

_STOCK = (1, 2, 30)
"""Units of each product: the first ones are raced for."""
_SHARED = ("inventory", "orders", "payments")
"""Services of which a second worker may run."""


@dataclass
class Play:
    """A world, and the people in it."""

    world: World
    diary: Diary = field(default_factory=Diary)
    breaches: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self._chance = dice(self.world.weather.seed, "people")

    async def open(self) -> list[str]:
        """Only fill the shelves; the variants that are on them."""
        return await self.world.root.spawn(self._open())

    async def run(self, variants: list[str]) -> None:
        """The whole day, seen from outside of every process."""
        await self.world.root.spawn(self._run(variants))

    async def _open(self) -> list[str]:
        async with AsyncExitStack() as stack:
            house, shop = await self._doors(stack)
            variants = await self._shelves(shop)
            _ = await settled(house)
            return variants

    async def _run(self, variants: list[str]) -> None:
        async with AsyncExitStack() as stack:
            house, shop = await self._doors(stack)
            self.world.weather.stormy = True
            for name in _SHARED:
                if self._chance.random() < 0.25:
                    _ = self.world.start(f"{name}/2")
            await self._storm(shop, variants)
            self.world.weather.stormy = False
            self.breaches += await settled(house) or await broken_promises(house)
            self.breaches += self.diary.complaints + self.world.died

    async def _doors(self, stack: AsyncExitStack) -> tuple[House, Shop]:
        """Start everything; it ends with the stack."""
        world = self.world
        _ = stack.push_async_callback(world.end)
        house = self._house(stack)
        http = await stack.enter_async_context(world.http())
        for name in PARTS:
            await world.start(name)
        return house, Shop(http, world.plan.services)

    def _house(self, stack: AsyncExitStack) -> House:
        running = self.world.plan.running()
        engines = {
            name: engine(
                running.database(database_name(name)), pool=2, name="observer"
            ).execution_options(isolation_level="AUTOCOMMIT")
            for name in PARTS
        }
        for each in engines.values():
            _ = stack.push_async_callback(each.dispose)
        return House(running, self.world.broker(self.world.root), engines)

    async def _shelves(self, shop: Shop) -> list[str]:
        keeper = self._shopkeeper(shop)
        variants: list[str] = []
        for number, stock in enumerate(_STOCK):
            variant = await keeper.product(f"thing-{number}", price=1500 + 700 * number)
            await keeper.staff.receive(variant, stock)
            variants.append(variant)
        for variant in variants:
            await keeper.can_be_bought(variant)
        return variants

    async def _storm(self, shop: Shop, variants: list[str]) -> None:
        people = self._chance.randint(5, 10)
        _ = await asyncio.gather(*(self._come(shop, variants) for _ in range(people)))
        keeper = self._shopkeeper(shop)
        for order_id in sorted(self.diary.placed):
            if self._chance.random() < 0.4:
                await keeper.hand_over(order_id)

    async def _come(self, shop: Shop, variants: list[str]) -> None:
        ends = self._chance.choice(ENDS)
        wanted = sorted(self._chance.sample(variants, k=self._chance.choice((1, 1, 2))))
        visitor = Visitor(shop, self.diary, self._dice())
        await asyncio.sleep(self._chance.uniform(0.0, 4.0))
        await visitor.visit(wanted, ends=ends)

    def _shopkeeper(self, shop: Shop) -> Shopkeeper:
        staff = Staff(shop, self.world.plan.staff_token())
        return Shopkeeper(shop, self.diary, self._dice(), staff)

    def _dice(self) -> random.Random:
        return random.Random(self._chance.getrandbits(64))
