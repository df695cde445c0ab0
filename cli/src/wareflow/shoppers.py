"""Simulated shoppers: they browse, search, fill carts, pay, fail to pay, and walk away."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx

from wareflow.shop import ADDRESS, Cart, Placed, Refused, Shop, Staff

_FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Ken")
_LAST = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Allen", "Thompson")
_DECLINES = (
    "pm_card_visa_chargeDeclined",
    "pm_card_visa_chargeDeclinedInsufficientFunds",
    "pm_card_visa_chargeDeclinedExpiredCard",
    "pm_card_visa_chargeDeclinedProcessingError",
)
_CARDS = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
_STOCK_TO = 500


@dataclass(frozen=True)
class Habits:
    """How often shoppers do what, as shares of 1."""

    searches: float = 0.3
    leaves_the_cart: float = 0.15
    is_declined_first: float = 0.15
    gives_up_after_decline: float = 0.2
    leaves_the_payment: float = 0.05
    cancels: float = 0.03
    repeats_checkout: float = 0.05


@dataclass
class Tally:
    """What shoppers did, and how long the shop took, in seconds."""

    counts: Counter[str] = field(default_factory=Counter[str])
    checkout: list[float] = field(default_factory=list[float])
    confirmed: list[float] = field(default_factory=list[float])
    faults: list[str] = field(default_factory=list[str])
    """What must never be, whatever was down."""
    failed: list[str] = field(default_factory=list[str])
    """Requests without an answer, or with a fault for an answer."""
    late: list[str] = field(default_factory=list[str])
    """Orders that were not decided in a minute."""

    @property
    def troubles(self) -> list[str]:
        """What must not be while nothing is down."""
        return self.faults + self.failed + self.late

    def note(self) -> str:
        """A few words for the progress bar."""
        shown = ("confirmed", "declined", "abandoned", "unpaid", "cancelled")
        return ", ".join(f"{self.counts[name]} {name}" for name in shown if self.counts[name])


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(frozen=True)
class Shelf:
    """What can be bought."""

    variants: list[str]
    titles: list[str]


async def look_around(shop: Shop, *, most: int = 500) -> Shelf:
    """Read the catalogue, page by page."""
    variants: list[str] = []
    titles: list[str] = []
    after: str | None = None
    while len(variants) < most:
        products, after = await shop.products(limit=100, after=after)
        for product in products:
            titles.append(product["title"])
            variants += [v["id"] for v in product["variants"] if v["price"]]
        if after is None:
            break
    return Shelf(variants, titles)


async def top_up(staff: Staff, shelf: Shelf) -> None:
    """Fill the shelves, so that stock is not what decides."""
    for start in range(0, len(shelf.variants), 50):
        part = shelf.variants[start : start + 50]
        levels = await staff.call(
            "GET", "/inventory/v1/levels", params={"variant_id": part, "limit": 200}
        )
        there: Counter[str] = Counter()
        for level in levels["items"]:
            there[level["variant_id"]] += level["on_hand"] - level["reserved"]
        for variant in part:
            if there[variant] < _STOCK_TO // 2:
                await staff.receive(variant, _STOCK_TO)


class Shopper:
    """One visit, from the first page to the last."""

    def __init__(
        self, shop: Shop, shelf: Shelf, tally: Tally, *, seed: int, habits: Habits, wait: float
    ) -> None:
        self._shop = shop
        self._shelf = shelf
        self._tally = tally
        self._habits = habits
        self._wait = wait
        self._random = random.Random(seed)  # noqa: S311  a simulation, not a secret
        self._visitor = f"sim-{self._random.getrandbits(64):016x}"
        self._events: list[dict[str, Any]] = []
        self._began = 0.0

    async def visit(self) -> bool:
        """Go through the shop; whether an order was placed."""
        try:
            return await self._visit()
        except Refused as refused:
            self._tally.counts[f"refused {refused.slug or refused.status}"] += 1
            if refused.status >= 500:
                self._tally.failed.append(str(refused))
            return False
        except httpx.TransportError as error:
            self._tally.counts["unreachable"] += 1
            self._tally.failed.append(repr(error))
            return False
        except TimeoutError as late:
            self._tally.late.append(str(late))
            return False
        finally:
            await self._tell()

    async def _visit(self) -> bool:
        wanted = await self._browse()
        cart = await self._shop.open_cart(visitor_id=self._visitor, test=True)
        for variant in wanted:
            cart = await self._shop.add(cart, variant, self._random.choice((1, 1, 1, 2)))
            self._did("add_to_cart", item=variant)
        if self._random.random() < self._habits.leaves_the_cart:
            self._tally.counts["abandoned"] += 1
            return False
        order = await self._check_out(cart)
        await self._end(order)
        return True

    async def _browse(self) -> list[str]:
        if self._random.random() < self._habits.searches:
            _ = await self._shop.search(self._random.choice(self._shelf.titles).split()[0])
        products, _ = await self._shop.products()
        picked = self._random.choice(products)
        page = await self._shop.product(picked["id"])
        self._did("view_item", item=page["variants"][0]["id"], product=page["id"])
        return self._random.sample(self._shelf.variants, k=self._random.choice((1, 1, 2, 3)))

    async def _check_out(self, cart: Cart) -> Placed:
        first, last = self._random.choice(_FIRST), self._random.choice(_LAST)
        email = f"{first}.{last}.{self._visitor}@example.com".lower()
        address = {**ADDRESS, "name": f"{first} {last}"}
        cart = await self._shop.fill_in(cart, email=email, address=address)
        key = str(UUID(int=self._random.getrandbits(128)))
        began = time.monotonic()
        order = await self._shop.checkout(cart, key=key, wait=self._wait)
        self._tally.checkout.append(time.monotonic() - began)
        self._tally.counts["placed"] += 1
        if self._random.random() < self._habits.repeats_checkout:
            again = await self._shop.checkout(cart, key=key, wait=self._wait)
            if again.id != order.id:
                self._tally.faults.append(f"a repeated checkout made {again.id} beside {order.id}")
        self._began = began
        return order

    async def _end(self, order: Placed) -> None:
        order = await self._shop.until(
            order, "awaiting_payment", "confirmed", "cancelled", within=60
        )
        if order.status == "cancelled":
            self._tally.counts["out of stock"] += 1
        elif order.status == "confirmed":
            self._confirmed()
        elif self._random.random() < self._habits.leaves_the_payment:
            self._tally.counts["unpaid"] += 1
        else:
            await self._pay(order)

    async def _pay(self, order: Placed) -> None:
        payment = await self._shop.payment(order, wait=self._wait)
        if payment["client_secret"] is None:
            self._tally.counts["too late"] += 1
            return
        if self._random.random() < self._habits.is_declined_first:
            await self._be_declined(payment)
            if self._random.random() < self._habits.gives_up_after_decline:
                self._tally.counts["unpaid"] += 1
                return
        await self._charge(payment)
        order = await self._shop.until(order, "confirmed", "cancelled", within=60)
        if order.status == "confirmed":
            self._confirmed()
        if order.status == "confirmed" and self._random.random() < self._habits.cancels:
            _ = await self._shop.cancel(order)
            self._tally.counts["cancelled"] += 1

    async def _charge(self, payment: dict[str, Any]) -> None:
        """Without an answer that tells, the order's end will."""
        try:
            _ = await self._shop.confirm(payment, self._random.choice(_CARDS))
        except Refused as refused:
            if refused.status < 500:
                raise
            self._tally.failed.append(str(refused))
        except httpx.TransportError as error:
            self._tally.failed.append(repr(error))

    async def _be_declined(self, payment: dict[str, Any]) -> None:
        try:
            _ = await self._shop.confirm(payment, self._random.choice(_DECLINES))
        except Refused as refused:
            if refused.status != 402:
                raise
            self._tally.counts["declined"] += 1
        else:
            self._tally.faults.append("a card that declines was charged")

    def _confirmed(self) -> None:
        self._tally.counts["confirmed"] += 1
        self._tally.confirmed.append(time.monotonic() - self._began)

    def _did(self, name: str, *, item: str, product: str | None = None) -> None:
        self._events.append(
            {
                "event_id": str(UUID(int=self._random.getrandbits(128), version=4)),
                "name": name,
                "visitor_id": self._visitor,
                "occurred_at": datetime.now(UTC).isoformat(),
                "items": [{"item_id": item, "variant_id": item, "product_id": product}],
                "test": True,
            }
        )

    async def _tell(self) -> None:
        if self._events:
            try:
                await self._shop.collect(self._events)
            except (Refused, httpx.TransportError) as error:
                self._tally.failed.append(f"collect: {error!r}")


@dataclass(frozen=True)
class Crowd:
    """How many orders, how fast, by how many at once."""

    orders: int
    rate: float | None
    """Visits a second; None is as fast as the shop lets `at_once` of them."""
    seed: int
    at_once: int = 16
    habits: Habits = Habits()


async def send_crowd(
    shop: Shop,
    shelf: Shelf,
    crowd: Crowd,
    *,
    wait: float = 10.0,
    progress: Callable[[Tally], None],
    until: asyncio.Event | None = None,
) -> Tally:
    """Send shoppers until enough orders are placed (or `until` is set)."""
    tally = Tally()
    numbers = count()
    began = time.monotonic()

    async def one_after_another() -> None:
        while tally.counts["placed"] < crowd.orders and not (until and until.is_set()):
            if tally.counts["placed"] + len(under_way) >= crowd.orders:
                await asyncio.sleep(0.02)  # those under way may be enough
                continue
            number = next(numbers)
            under_way.add(number)
            if crowd.rate:
                await asyncio.sleep(max(0.0, began + number / crowd.rate - time.monotonic()))
            seed = crowd.seed * 1_000_003 + number
            shopper = Shopper(shop, shelf, tally, seed=seed, habits=crowd.habits, wait=wait)
            _ = await shopper.visit()
            under_way.discard(number)
            progress(tally)

    under_way: set[int] = set()
    _ = await asyncio.gather(*(one_after_another() for _ in range(crowd.at_once)))
    return tally
