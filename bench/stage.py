"""What measures share: sizes, a folder, what is said meanwhile, and shops that stay open."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bench.children import floor
from bench.data.fill import fill_catalogue
from bench.shop import OpenShop, open_shop
from bench.sizes import Sizes

Say = Callable[[str], None]


@dataclass
class Stage:
    """Shops and floors are opened when the first measure asks, and stay for the others."""

    sizes: Sizes
    folder: Path
    say: Say
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _shops: dict[str, OpenShop] = field(default_factory=dict[str, OpenShop])
    _floors: dict[tuple[str, ...], str] = field(default_factory=dict[tuple[str, ...], str])

    async def __aenter__(self) -> Self:
        """Nothing is open yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything, last first."""
        await self._stack.aclose()

    async def shop(self, broker: str = "postgres") -> OpenShop:
        """A shop with the sizes' products: in one process, or of many processes over Kafka."""
        if broker not in self._shops:
            self.say(f"opening a shop on {broker} with {self.sizes.products:,} products")
            opening = open_shop(
                self.folder / f"shop-{broker}", broker=broker, processes=broker == "kafka"
            )
            shop = await self._stack.enter_async_context(opening)
            await shop.hears_of_its_channel()
            await fill_catalogue(shop.databases, range(self.sizes.products))
            self._shops[broker] = shop
        return self._shops[broker]

    async def floor(self, module: str, *arguments: str) -> str:
        """The address of a floor program."""
        key = (module, *arguments)
        if key not in self._floors:
            output = self.folder / f"floor-{module}.log"
            opening = floor(module, *arguments, output=output)
            self._floors[key] = await self._stack.enter_async_context(opening)
        return self._floors[key]

    async def quiet(self) -> None:
        """Let what was set off before come to rest."""
        await asyncio.sleep(0.2)
