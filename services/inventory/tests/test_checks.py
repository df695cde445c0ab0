"""Each check finds what it is there to find."""

import pytest
from sqlalchemy import text

from inventory.checks import CHECKS
from inventory.consumers import HANDLERS
from inventory.model.ids import VariantId
from inventory.testing import a_product, a_variant, an_order, fulfilled, on_the_shelf
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand

BREAKING = {
    "the movements of a level add up to what is on hand": "UPDATE stock_level SET on_hand = 99",
    "each movement goes on from where the one before it ended": """
        ALTER TABLE movement DISABLE TRIGGER ALL;
        UPDATE movement SET on_hand_after = on_hand_after + 1 WHERE reason = 'receive'
    """,
    "what is reserved is what open reservations hold": "UPDATE stock_level SET reserved = 3",
    "no unit is promised that is neither on hand nor a backorder": """
        ALTER TABLE stock_level DROP CONSTRAINT stock_level_reserved_within_stock;
        UPDATE stock_level SET reserved = 100
    """,
    "a backorder limit is what the catalogue allows, or what was promised before": (
        "UPDATE stock_level SET backorder_limit = 5"
    ),
    "an order's reservations stand as the order does": (
        "UPDATE order_hold SET state = 'released', ended_at = now() WHERE state = 'reserved'"
    ),
    "an order that is told to be held holds something": "DELETE FROM reservation",
    "what was shipped for an order left the ledger, once": """
        ALTER TABLE movement DISABLE TRIGGER ALL;
        UPDATE movement SET quantity = -2 WHERE reason = 'ship'
    """,
    "a tracked variant has a level at an active location": "DELETE FROM stock_level",
    "some location is active": "UPDATE location SET active = false",
}


@pytest.fixture
async def busy(unchecked_service: Service, mug: VariantId) -> Service:
    """A service with stock, an order that is held and one that has left."""
    catalogue, orders = (Hand(unchecked_service.transactions, group) for group in HANDLERS)
    await catalogue.hear(a_product(a_variant(mug)))
    await on_the_shelf(unchecked_service.transactions, mug, 5)
    leaving = an_order({mug: 1})
    await orders.hear(leaving, an_order({mug: 1}))
    await orders.hear(fulfilled(leaving))
    return unchecked_service


async def broken(service: Service, breaking: str) -> set[str]:
    async with service.engine.begin() as connection:
        for statement in filter(str.strip, breaking.split(";")):
            _ = await connection.execute(text(statement))
        return {
            check.name for check in CHECKS if (await connection.execute(text(check.sql))).first()
        }


async def test_a_service_at_work_breaks_none(busy: Service) -> None:
    assert await broken(busy, "") == set()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
async def test_a_check_finds_its_breach(busy: Service, check: object) -> None:
    name = getattr(check, "name")  # noqa: B009
    assert name in await broken(busy, BREAKING[name])
