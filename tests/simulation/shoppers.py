"""What people do in a run: they pay, are declined, cancel, walk away, pay at the last moment."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import httpx

from wareflow.shop import Cart, Placed, Refused, Shop, Staff

T = TypeVar("T")
_DECLINES = ("pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds")
_WAITS = 3.0
ENDS = (
    *("pays", "pays", "pays", "pays late", "is declined and pays", "is declined and leaves"),
    *("leaves", "cancels", "cancels while paying", "pays and cancels"),
)


@dataclass
class Diary:
    """What people saw."""

    counts: Counter[str] = field(default_factory=Counter[str])
    placed: set[str] = field(default_factory=set[str])
    complaints: list[str] = field(default_factory=list[str])
    """What must never be seen."""


class GivenUp(Exception):
    """The shop refused, and that is the end of this visit."""


@dataclass
class Visitor:
    """Somebody with patience: what is broken off is asked again, as the same request."""

    shop: Shop
    diary: Diary
    chance: random.Random

    async def insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until there is an answer; `GivenUp` when it is a no."""
        while True:
            try:
                return await ask()
            except httpx.TransportError:
                pass
            except Refused as refused:
                if refused.status < 500 and refused.status not in {404, 429}:
                    self.diary.counts[f"refused {refused.slug or refused.status}"] += 1
                    raise GivenUp(str(refused)) from refused
            await asyncio.sleep(self.chance.uniform(0.05, 0.5))

    async def visit(self, variants: list[str], *, ends: str) -> None:
        """From the cart to the end of the order."""
        try:
            order = await self._order(variants)
            self.diary.placed.add(order.id)
            await self._go_on(order, ends)
        except GivenUp:
            return

    async def _order(self, variants: list[str]) -> Placed:
        shop = self.shop
        cart = await self.insist(lambda: shop.open_cart(visitor_id=None, test=True))
        for variant in variants:
            cart = await self.insist(lambda v=variant, c=cart: shop.add(c, v))
        mail = f"{self.chance.getrandbits(32):08x}@example.com"
        cart = await self.insist(lambda: shop.fill_in(cart, email=mail))
        return await self._check_out(cart)

    async def _check_out(self, cart: Cart) -> Placed:
        key = str(UUID(int=self.chance.getrandbits(128), version=4))

        async def once() -> Placed:
            return await self.shop.checkout(cart, key=key, wait=_WAITS)

        order = await self.insist(once)
        if self.chance.random() < 0.3:
            again = await self.insist(once)
            if again.id != order.id:
                self.diary.complaints.append(f"one key made the orders {order.id}, {again.id}")
        return order

    async def _go_on(self, order: Placed, ends: str) -> None:
        order = await self._until(order, "awaiting_payment", "confirmed", "cancelled")
        self.diary.counts[ends if order.status == "awaiting_payment" else order.status] += 1
        if order.status != "awaiting_payment":
            return
        match ends:
            case "leaves":
                return
            case "cancels":
                await asyncio.sleep(self.chance.uniform(0.0, 3.0))
                await self._cancel(order)
            case "cancels while paying":
                _ = await asyncio.gather(self._pay(order, "pm_card_visa"), self._cancel(order))
            case _:
                await self._pay_somehow(order, ends)
        order = await self._until(order, "confirmed", "cancelled")
        self.diary.counts[f"{ends}: {order.status}"] += 1

    async def _pay_somehow(self, order: Placed, ends: str) -> None:
        if ends == "pays late":
            await asyncio.sleep(self.chance.uniform(3.0, 9.0))
        if ends.startswith("is declined"):
            await self._pay(order, self.chance.choice(_DECLINES))
        if ends != "is declined and leaves":
            await self._pay(order, "pm_card_visa")
        if ends == "pays and cancels":
            await asyncio.sleep(self.chance.uniform(0.0, 1.0))
            await self._cancel(order)

    async def _pay(self, order: Placed, method: str) -> None:
        try:
            payment = await self.insist(lambda: self.shop.payment(order, wait=_WAITS))
            if payment["client_secret"] is not None:
                _ = await self.insist(lambda: self.shop.confirm(payment, method))
        except GivenUp:
            return  # declined, or too late

    async def _cancel(self, order: Placed) -> None:
        try:
            _ = await self.insist(lambda: self.shop.cancel(order))
        except GivenUp:
            return  # too late

    async def _until(self, order: Placed, *statuses: str) -> Placed:
        while order.status not in statuses:
            _ = await self.insist(lambda: self.shop.follow(order, wait=_WAITS))
        return order


@dataclass
class Shopkeeper(Visitor):
    """Staff: fills the shelves before, and hands over what was paid."""

    staff: Staff

    async def product(self, name: str, *, price: int) -> str:
        """A new product; its variant's id."""
        key = str(UUID(int=self.chance.getrandbits(128), version=4))
        body = {
            "title": name,
            "status": "active",
            "variants": [
                {
                    "sku": name.upper(),
                    "tracked": True,
                    "requires_shipping": True,
                    "prices": [{"price": {"amount": price, "currency": "EUR"}}],
                }
            ],
        }
        made = await self.staff.call(
            "POST", "/catalog/v1/products", json=body, headers={"Idempotency-Key": key}
        )
        return str(made["terms"]["variants"][0]["id"])

    async def can_be_bought(self, variant: str) -> None:
        """Wait until price and stock have come round to the carts."""
        while True:
            try:
                cart = await self.shop.add(await self.shop.open_cart(test=True), variant)
            except Refused:
                cart = None
            if cart and cart.body["lines"][0]["problem"] is None:
                return
            await asyncio.sleep(0.2)

    async def hand_over(self, order_id: str) -> None:
        """Fulfil an order, if it can be."""
        try:
            await self.insist(lambda: self.staff.fulfil(order_id))
            self.diary.counts["fulfilled"] += 1
        except GivenUp:
            return
