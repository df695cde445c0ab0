"""Whatever happens to stock, in any order: the real verbs and database against a plain model."""

import asyncio
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from inventory.checks import CHECKS
from inventory.consumers import HANDLERS
from inventory.model.ids import LocationId, VariantId
from inventory.model.movement import Reason
from inventory.model.stock import BelowReserved
from inventory.testing import (
    STAFF,
    a_product,
    a_variant,
    an_order,
    cancelled,
    fulfilled,
    on_the_shelf,
)
from inventory.usecases.adjust_stock import adjust_stock
from inventory.usecases.create_location import create_location
from inventory.usecases.update_location import update_location
from inventory.views.levels import Wanted, levels
from wareflow_events.event import Event
from wareflow_events.schemas.catalog import ProductChanged
from wareflow_events.schemas.inventory import ReservedLine, StockReserved, StockShort
from wareflow_events.schemas.orders import OrderPlaced
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine
from wareflow_kit.testing import Hand, published

Shelf = tuple[UUID, UUID | None]
WHICH = st.integers(0, 1)
"""Which of the two variants, or of the two locations."""


@dataclass
class Plain:
    """Stock as a child would keep it: what lies where, and who was promised what."""

    on_hand: Counter[Shelf] = field(default_factory=Counter[Shelf])
    promised: dict[UUID, list[ReservedLine]] = field(default_factory=dict[UUID, list[ReservedLine]])
    closed: set[UUID] = field(default_factory=set[UUID])
    backorder: set[UUID] = field(default_factory=set[UUID])

    def reserved(self) -> Counter[Shelf]:
        held: Counter[Shelf] = Counter()
        for lines in self.promised.values():
            for line in lines:
                held[line.variant_id, line.location_id] += line.quantity
        return held

    def can_promise(self, variant_id: UUID, quantity: int) -> bool:
        reserved = self.reserved()
        return variant_id in self.backorder or quantity <= sum(
            max(0, units - reserved[shelf])
            for shelf, units in self.on_hand.items()
            if shelf[0] == variant_id and shelf[1] not in self.closed
        )


class Shop:
    """The service that all examples use, each with variants of its own."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.transactions = Transactions(engine(url, name="stateful"), service="inventory")
        self.catalogue, self.orders = (Hand(self.transactions, group) for group in HANDLERS)
        self.locations = self.runner.run(self._make_locations())

    async def _make_locations(self) -> list[LocationId]:
        async with self.transactions.begin() as tx:
            return [
                await create_location(tx, name=name, priority=i, country=None, who=STAFF)
                for i, name in enumerate(("North", "South"))
            ]

    def hear(self, event: Event) -> list[Event]:
        """What is told when an event is heard, twice."""

        async def tell() -> list[Event]:
            _ = await published(self.transactions.engine)
            hand = self.catalogue if isinstance(event, ProductChanged) else self.orders
            await hand.hear(event, twice=True)
            return await published(self.transactions.engine)

        return self.runner.run(tell())

    async def set_active(self, location_id: LocationId, *, active: bool) -> None:
        async with self.transactions.begin() as tx:
            await update_location(
                tx,
                location_id=location_id,
                seen=lambda _id, _version: None,
                changes={"active": active},
                who=STAFF,
            )

    async def count(self, variant_id: VariantId, location_id: LocationId, counted: int) -> None:
        async with self.transactions.begin() as tx:
            _ = await adjust_stock(
                tx,
                which=variant_id,
                location_id=location_id,
                counted=counted,
                reason=Reason.COUNT,
                who=STAFF,
            )

    async def levels(self, variant_ids: list[VariantId]) -> tuple[Counter[Shelf], Counter[Shelf]]:
        on_hand: Counter[Shelf] = Counter()
        reserved: Counter[Shelf] = Counter()
        async with self.transactions.begin() as tx:
            for stock in await levels(tx.session, Wanted(variant_ids=variant_ids), limit=2):
                for shelf in stock.shelves:
                    on_hand[stock.variant_id, shelf.location_id] += shelf.on_hand
                    reserved[stock.variant_id, shelf.location_id] += shelf.reserved
        return +on_hand, +reserved

    async def check(self) -> None:
        async with self.transactions.begin() as tx:
            for check in CHECKS:
                rows = (await tx.session.execute(text(check.sql))).all()
                assert rows == [], check.name

    def close(self) -> None:
        self.runner.run(self.transactions.engine.dispose())
        self.runner.close()


class StockMachine(RuleBasedStateMachine):
    """Each step does the same to the service and to the plain model."""

    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        self.run = self.shop.runner.run
        self.plain = Plain()
        self.orders: dict[UUID, OrderPlaced] = {}
        self.variants = [VariantId(uuid4()), VariantId(uuid4())]
        self.products = [a_product(a_variant(variant_id)) for variant_id in self.variants]
        for product in self.products:
            _ = self.shop.hear(product)

    def teardown(self) -> None:
        for location_id in self.plain.closed:
            self.run(self.shop.set_active(LocationId(location_id), active=True))
        for order in self.orders.values():
            _ = self.shop.hear(cancelled(order))
        self.run(self.shop.check())

    @rule(which=WHICH, where=WHICH, quantity=st.integers(1, 3))
    def receive(self, which: int, where: int, quantity: int) -> None:
        variant_id, location_id = self.variants[which], self.shop.locations[where]
        if location_id in self.plain.closed:
            return
        self.run(
            on_the_shelf(self.shop.transactions, variant_id, quantity, location_id=location_id)
        )
        self.plain.on_hand[variant_id, location_id] += quantity

    @rule(which=WHICH, where=WHICH, counted=st.integers(0, 6))
    def count(self, which: int, where: int, counted: int) -> None:
        variant_id, location_id = self.variants[which], self.shop.locations[where]
        shelf = (variant_id, location_id)
        held, there = self.plain.reserved()[shelf], self.plain.on_hand[shelf]
        covered = variant_id in self.plain.backorder or counted >= min(held, there)
        try:
            self.run(self.shop.count(variant_id, location_id, counted))
        except BelowReserved:
            assert not covered
        else:
            assert covered
            self.plain.on_hand[shelf] = counted

    @rule(first=st.integers(0, 4), second=st.integers(0, 4))
    def place(self, first: int, second: int) -> None:
        wanted = {v: n for v, n in zip(self.variants, (first, second), strict=True) if n}
        if not wanted:
            return
        order = an_order(wanted)
        possible = all(self.plain.can_promise(v, n) for v, n in wanted.items())
        answer = self.shop.hear(order)[0]
        assert isinstance(answer, StockReserved if possible else StockShort)
        if isinstance(answer, StockReserved):
            self.orders[order.order_id] = order
            self.plain.promised[order.order_id] = answer.lines
            held: Counter[UUID] = Counter()
            for line in answer.lines:
                held[line.variant_id] += line.quantity
                assert line.location_id not in self.plain.closed
            assert held == Counter(wanted)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(list(self.orders)))
        _ = self.shop.hear(cancelled(self.orders.pop(order_id)))
        del self.plain.promised[order_id]

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def fulfil(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(list(self.orders)))
        _ = self.shop.hear(fulfilled(self.orders.pop(order_id)))
        for line in self.plain.promised.pop(order_id):
            shelf = (line.variant_id, line.location_id)
            self.plain.on_hand[shelf] = max(0, self.plain.on_hand[shelf] - line.quantity)

    @rule(which=WHICH)
    def toggle_backorder(self, which: int) -> None:
        product = self.products[which]
        variant = product.variants[0]
        changed = variant.model_copy(update={"backorder": not variant.backorder})
        self.products[which] = product.model_copy(
            update={"variants": [changed], "version": product.version + 1}
        )
        _ = self.shop.hear(self.products[which])
        self.plain.backorder ^= {variant.variant_id}

    @rule(where=WHICH)
    def toggle_location(self, where: int) -> None:
        location_id = self.shop.locations[where]
        self.run(self.shop.set_active(location_id, active=location_id in self.plain.closed))
        self.plain.closed ^= {location_id}

    @invariant()
    def the_service_and_the_model_agree(self) -> None:
        on_hand, reserved = self.run(self.shop.levels(self.variants))
        assert on_hand == +self.plain.on_hand
        assert reserved == self.plain.reserved()


@pytest.fixture
def machine(database: str) -> Generator[type[StockMachine]]:
    shop = Shop(database)
    yield type("Machine", (StockMachine,), {"shop": shop})
    shop.close()


@pytest.mark.timeout(600)  # passes in seconds; when it does not, the example is made small first
def test_stock_behaves_like_a_plain_model_of_it(machine: type[StockMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            phases=set(Phase) - {Phase.explain},  # tracing every line costs more than the test
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
