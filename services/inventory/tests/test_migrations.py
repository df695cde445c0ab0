"""The schema is what the models say, and the ledger is append-only."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from inventory.model import Base
from inventory.model.ids import VariantId
from inventory.model.location import DEFAULT_LOCATION_ID
from inventory.testing import on_the_shelf
from inventory.views.locations import all_locations
from wareflow_events.transaction import Transactions
from wareflow_kit.database import schema_drift


async def test_the_migrations_add_up_to_the_models(database: str) -> None:
    assert await schema_drift("inventory", database, Base.metadata) == []


async def test_a_new_shop_has_one_location(transactions: Transactions) -> None:
    async with transactions.begin() as tx:
        (only,) = await all_locations(tx.session)
    assert (only.id, only.active) == (DEFAULT_LOCATION_ID, True)


@pytest.mark.parametrize("statement", ["UPDATE movement SET quantity = 7", "DELETE FROM movement"])
async def test_the_ledger_refuses_to_be_rewritten(
    transactions: Transactions, mug: VariantId, statement: str
) -> None:
    await on_the_shelf(transactions, mug, 5)
    with pytest.raises(IntegrityError, match="append-only"):
        async with transactions.begin() as tx:
            _ = await tx.session.execute(text(statement))
