"""What the stories are told with: a shop, its staff, and products made for each story."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from wareflow.house import SERVICES, House, open_house
from wareflow.shop import Cart, Placed, Refused, Shop, Staff
from wareflow.state import Running
from wareflow_events.broker import Broker, Producer, Record, Starts, Stored, TopicPartition
from wareflow_events.event import Topic
from wareflow_events.handlers import ConsumerGroup

T = TypeVar("T")
SANDBOX_KEY = "sk_test_sandbox"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


class TwiceTold:
    """A broker to which every batch is sent twice, as a relay does after a crash."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        await self._broker.ensure_topics(topics)

    async def producer(self) -> Producer:
        return _Twice(await self._broker.producer())

    async def subscribe(self, group: str, topics: Sequence[Topic], *, starts: Starts) -> Any:
        return await self._broker.subscribe(group, topics, starts=starts)

    async def ends(self, topics: Sequence[Topic]) -> Mapping[TopicPartition, int]:
        return await self._broker.ends(topics)

    async def read(self, place: TopicPartition, *, start: int, limit: int) -> Sequence[Stored]:
        return await self._broker.read(place, start=start, limit=limit)

    async def close(self) -> None:
        await self._broker.close()


class _Twice:
    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def send(self, records: Sequence[Record]) -> None:
        await self._producer.send(records)
        await self._producer.send(records)

    async def close(self) -> None:
        await self._producer.close()


async def eventually(
    look: Callable[[], Awaitable[T]], holds: Callable[[T], bool], *, within: float = 20
) -> T:
    """Look until it holds; fails with what was seen last."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        seen = await look()
        if holds(seen):
            return seen
        assert asyncio.get_running_loop().time() < deadline, f"last seen: {seen}"
        await asyncio.sleep(0.05)


@dataclass
class Story:
    """A shop to tell a story in."""

    running: Running
    shop: Shop
    staff: Staff
    data: Any = None

    @classmethod
    async def of(cls, running: Running, http: httpx.AsyncClient) -> "Story":
        """Once the shop is ready."""
        shop = Shop.of(running, http)

        async def ready() -> int:
            return (await http.get(f"{running.url}/health/ready")).status_code

        _ = await eventually(ready, lambda status: status == 200, within=60)
        return cls(running, shop, Staff(shop, running.staff_token))

    async def product(self, *, stock: int, price: int = 2500, shipped: bool = True) -> str:
        """A new product with one variant and so many units; the variant's id, once it can be
        bought: price and stock have come round to the cart."""
        name = f"Thing {uuid4().hex[:8]}"
        made = await self.staff.call(
            "POST",
            "/catalog/v1/products",
            json=new_product(name, price, shipped=shipped),
            headers={"Idempotency-Key": str(uuid4())},
        )
        variant = str(made["terms"]["variants"][0]["id"])
        if stock:
            await self.staff.receive(variant, stock)
        await self.can_be_bought(variant, stock)
        return variant

    async def can_be_bought(self, variant: str, stock: int) -> None:
        """Wait until carts know the price and that many units."""

        async def look() -> tuple[bool, int]:
            try:
                cart = await self.shop.add(await self.shop.open_cart(), variant)
            except Refused:
                return False, 0
            line = cart.body["lines"][0]
            return line["problem"] is None, line["availability"]["available"] or 0

        _ = await eventually(look, lambda seen: seen == (True, stock))

    async def cart(self, variant: str, quantity: int = 1) -> Cart:
        """A cart that is ready for the checkout."""
        cart = await self.shop.add(await self.shop.open_cart(), variant, quantity)
        return await self.shop.fill_in(cart, email=f"{uuid4().hex}@example.com")

    async def order(self, variant: str, quantity: int = 1) -> Placed:
        """An order that was just placed and has got as far as it gets by itself."""
        placed = await self.shop.checkout(await self.cart(variant, quantity))
        return await self.shop.until(placed, "awaiting_payment", "confirmed", "cancelled")

    async def available(self, variant: str) -> int:
        """Units that inventory could promise now."""
        found = await self.staff.call("GET", "/inventory/v1/levels", params={"variant_id": variant})
        return sum(level["on_hand"] - level["reserved"] for level in found["items"])

    async def find(self, mark: bytes) -> set[str]:
        """Where in any service's tables, or the log's dead letters, these bytes stand."""
        places: set[str] = set()
        async with open_house(self.running) as house:
            for service in SERVICES:
                async with house.engines[service].connect() as connection:
                    for table in (await connection.exec_driver_sql(_TABLES)).scalars().all():
                        look = f'SELECT count(*) FROM "{table}" t WHERE lower(t::text) ~ $1'
                        pattern = f"{mark.decode()}|{mark.hex()}"  # bytea shows as hex
                        if (await connection.exec_driver_sql(look, (pattern,))).scalar_one():
                            places.add(f"{service}.{table}")
        return places

    async def payment(self, order: Placed) -> dict[str, Any]:
        """The order's payment as staff sees it."""
        return await self.staff.call("GET", f"/payments/v1/payments/{order.id}")

    async def misbehave(self, payment: Mapping[str, Any], verb: str, *, fault: str) -> None:
        """Have the sandbox fail once, at what is asked next of a payment's intent."""
        rule = {
            "match": {"path_regex": f"/{intent_of(payment)}/{verb}$"},
            "fault": fault,
            "times": 1,
        }
        answer = await self.shop.http.post(
            f"{payment['gateway_url']}/v1/_config/faults",
            json=rule,
            headers={"Authorization": f"Bearer {SANDBOX_KEY}"},
        )
        _ = answer.raise_for_status()


async def rows_of(house: House, service: str, table: str) -> list[str]:
    """A table's rows as sorted text."""
    async with house.engines[service].connect() as connection:
        found = await connection.exec_driver_sql(f'SELECT t::text FROM "{table}" t')
        return sorted(found.scalars())


async def open_orders(house: House) -> int:
    """Orders whose end is still to come."""
    statement = "SELECT count(*) FROM orders WHERE status NOT IN ('confirmed', 'cancelled')"
    async with house.engines["orders"].connect() as connection:
        return (await connection.exec_driver_sql(statement)).scalar_one()


async def level(house: House, service: str, group: ConsumerGroup) -> None:
    """Wait until a group has replayed everything."""

    _ = await eventually(lambda: house.behind(service, group), lambda left: left == 0, within=60)


def intent_of(payment: Mapping[str, Any]) -> str:
    """The gateway's id of what a browser pays."""
    return str(payment["client_secret"]).partition("_secret_")[0]


def new_product(title: str, price: int, *, shipped: bool) -> dict[str, Any]:
    """A product with one tracked variant, on sale."""
    return {
        "title": title,
        "status": "active",
        "variants": [
            {
                "sku": title.upper().replace(" ", "-"),
                "tracked": True,
                "requires_shipping": shipped,
                "prices": [{"price": {"amount": price, "currency": "EUR"}}],
            }
        ],
    }
