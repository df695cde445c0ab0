"""The shop dies at every fail point there is, once; it comes back, and every promise holds.

`make crash` tries every case; `make test`, and so CI, the first of each part of the house.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from _pytest.mark import ParameterSet
from tests.faults import crash_stories as s
from tests.faults.crash import (
    DIED,
    Patient,
    Place,
    crash_shop,
    leases_run_out,
)
from tests.faults.crash_stories import Tale
from tests.integration.story import Story

from wareflow import state
from wareflow.house import open_house
from wareflow.settling import settle
from wareflow.verifying import verdicts
from wareflow_events.failpoints import declared
from wareflow_postgres.testing import test_server

ROOT = Path(__file__).parents[2]
Do = Callable[[Tale], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """Somebody does something, and the shop dies at a place on the way."""

    do: Do
    place: Place

    def __str__(self) -> str:
        return f"{self.place}".replace(" 1", "").replace(" ", "-")


def dies(do: Do, *names: str, hit: int = 1, about: str = "") -> list[Case]:
    """A case for each of the places."""
    return [Case(do, Place(name, hit, about)) for name in names]


CASES = [
    *dies(s.pays, "relay.selected_not_sent", "relay.sent_not_deleted", "relay.deleted"),
    *dies(s.pays, "consumer.claimed_not_handled", "consumer.handling"),
    *dies(s.pays, "consumer.committed_not_settled"),
    *dies(s.pays, "consumer.handled_not_committed", about="inventory.orders"),
    *dies(s.pays, "consumer.handled_not_committed", about="payments.orders"),
    *dies(s.pays, "consumer.handled_not_committed", about="orders.saga"),
    *dies(s.pays, "consumer.handled_not_committed", about="crm.people"),
    *dies(s.pays, "consumer.handled_not_committed", about="crm.history"),
    *dies(s.pays, "consumer.committed_not_settled", about="analytics.sales"),
    *dies(s.pays, "transaction.written_not_committed", "transaction.committed_not_told"),
    *dies(s.pays, "transaction.committed_not_told", about="inventory"),
    *dies(s.pays, "transaction.committed_not_told", about="payments"),
    *dies(s.pays, "idempotency.claimed_not_made", "idempotency.made_not_committed"),
    *dies(s.pays, "checkout.placed_not_committed", "checkout.committed_not_waited"),
    *dies(s.pays, "checkout.waited_not_answered"),
    *dies(s.pays, "orders.decided_not_committed", about="stock_reserved"),
    *dies(s.pays, "orders.decided_not_committed", about="payment_captured"),
    *dies(s.pays, "stock.reserved_not_committed"),
    *dies(s.pays, "create_intent.claimed_not_sent", "create_intent.answered_not_recorded"),
    *dies(s.pays, "create_intent.recorded_not_committed"),
    *dies(s.pays, "webhook.stored_not_committed", "webhook.committed_not_acknowledged"),
    *dies(s.pays, "webhook.claimed_not_read", "webhook.read_not_recorded"),
    *dies(s.pays, "webhook.applied_not_committed"),
    *dies(s.pays_unheard, "lookup.payment_read_not_recorded"),
    *dies(s.is_declined_first, "orders.decided_not_committed", about="payment_failed"),
    *dies(s.is_short, "orders.decided_not_committed", about="stock_short"),
    *dies(s.cancels_unpaid, "orders.decided_not_committed", about="cancel_by_customer"),
    *dies(s.cancels_unpaid, "orders.decided_not_committed", about="payment_voided"),
    *dies(s.cancels_unpaid, "transaction.committed_not_told", about="orders", hit=4),
    *dies(s.cancels_unpaid, "cancel_intent.claimed_not_sent"),
    *dies(s.cancels_unpaid, "cancel_intent.answered_not_recorded"),
    *dies(s.cancels_unpaid, "cancel_intent.recorded_not_committed"),
    *dies(s.cancels_unpaid, "stock.released_not_committed"),
    *dies(s.cancels_paid, "refund.claimed_not_sent", "refund.answered_not_recorded"),
    *dies(s.cancels_paid, "refund.recorded_not_committed"),
    *dies(s.cancels_paid, "orders.decided_not_committed", about="payment_refunded"),
    *dies(s.is_refunded_unheard, "lookup.refund_read_not_recorded"),
    *dies(s.is_too_late, "deadline.passed_not_committed", "deadline.committed"),
    *dies(s.is_shipped, "stock.shipped_not_committed"),
    *dies(s.is_shipped, "orders.decided_not_committed", about="stock_shipped"),
    *dies(s.units_come_in, "stock.booked_not_committed"),
    *dies(s.asks_to_be_forgotten, "erasure.forgotten_not_committed"),
    *dies(s.asks_to_be_forgotten, "erasure.marked_not_forgotten"),
    *dies(s.asks_to_be_forgotten, "erasure.marked_not_forgotten", hit=2),
    *dies(s.registers, "mail.claimed_not_sent", "mail.sent_not_marked"),
    *dies(s.is_watched, "activity.stored_not_committed"),
    *dies(s.is_watched, "transaction.committed_not_told", about="analytics"),
    *dies(s.imports_products, "import.committed_not_begun", "import.batch_not_committed"),
    *dies(s.imports_products, "import.batch_committed", "import.all_in_not_ended"),
    *dies(s.changes_a_product, "consumer.handled_not_committed", about="inventory.catalogue"),
    *dies(s.changes_a_product, "consumer.handled_not_committed", about="orders.copies"),
    *dies(s.meets_a_defect, "deadletter.kept_not_committed", "deadletter.committed_not_passed"),
    *dies(s.meets_a_defect, "redrive.applied_not_committed", "redrive.committed_not_said"),
    *dies(s.is_rebuilt, "rebuild.emptied_not_committed", "rebuild.committed_not_replayed"),
]


def parametrized() -> Iterator[ParameterSet]:
    """Every case; those after the first of their part of the house are for `make crash`."""
    parts: set[str] = set()
    for case in CASES:
        part = case.place.name.partition(".")[0]
        yield pytest.param(case, id=str(case), marks=[pytest.mark.slow] if part in parts else [])
        parts.add(part)


@pytest.fixture(scope="session")
def data() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="wareflow-crash-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
async def tale(data: Path) -> AsyncGenerator[Tale]:
    """A shop that may die, with something to sell."""
    with test_server() as server:
        async with (
            crash_shop(data, server.url()) as shop,
            httpx.AsyncClient(timeout=60, transport=Patient(shop)) as http,
            open_house(state.read(data)) as house,
        ):
            shop.after_crash = partial(leases_run_out, house)
            story = await Story.of(house.running, http)
            yield Tale(shop, story, house, await story.product(stock=10_000))
            assert not shop.broken


def names_declared() -> set[str]:
    """Every fail point of the house: of each module that declares one."""
    for path in ROOT.glob("*/**/src/**/*.py"):
        if path.stem != "failpoints" and "failpoint(" in path.read_text():
            parts = path.with_suffix("").parts
            _ = import_module(".".join(parts[parts.index("src") + 1 :]))
    return {name for name in declared() if not name.startswith("test.")}


def test_every_fail_point_has_a_case() -> None:
    assert names_declared() == {case.place.name for case in CASES}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("case", list(parametrized()))
async def test_every_promise_holds_after_a_crash(case: Case, tale: Tale) -> None:
    await tale.process.arm(case.place)
    try:
        await case.do(tale)
        _ = await asyncio.wait_for(tale.process.died.wait(), timeout=10)
    finally:
        await tale.process.disarm()
    assert tale.process.endings == [DIED]
    await everything_holds(tale)


async def everything_holds(tale: Tale) -> None:
    left = await settle(tale.house, timeout=60, progress=lambda _: None)
    assert left.total == 0, left
    assert [v async for v in verdicts(tale.house) if not v.holds] == []
