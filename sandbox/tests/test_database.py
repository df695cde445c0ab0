"""The database: migrations make what the model says, and the checks find what is broken."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from wareflow_kit.database import schema_drift
from wareflow_kit.testing import fresh_database, settings_for
from wareflow_kit.urls import async_url
from wareflow_sandbox.checks import CHECKS
from wareflow_sandbox.model import Base
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.testing import broken_promises, open_shop, running_sandbox


async def test_the_migrations_make_the_declared_schema() -> None:
    async with fresh_database("wareflow_sandbox") as url:
        assert await schema_drift("wareflow_sandbox", url, Base.metadata) == []


@pytest.mark.parametrize(
    ("damage", "promise"),
    [
        (
            """ALTER TABLE charge DROP CONSTRAINT charge_refunded_within_captured;
            UPDATE charge SET amount_refunded = amount_captured + 1""",
            "no charge is refunded beyond what was captured",
        ),
        (
            "DELETE FROM refund",
            "a charge's refunded amount is the sum of its refunds that did not fail",
        ),
        (
            "UPDATE payment_intent SET amount_received = amount_received - 1",
            "a succeeded intent, and no other, received what its latest charge captured",
        ),
        (
            """DROP INDEX charge_one_live_of_an_intent;
            UPDATE charge SET payment_intent = (SELECT min(id) FROM payment_intent)""",
            "no intent was charged twice",
        ),
        (
            "UPDATE payment_intent SET status = 'canceled', amount_received = 0",
            "a cancelled intent holds and received nothing",
        ),
        (
            "DELETE FROM balance_transaction WHERE type = 'refund'",
            "the balance is what was captured, less what was refunded and did not come back",
        ),
        (
            "DELETE FROM event WHERE type = 'payment_intent.succeeded'",
            "every intent told its beginning, and every success exactly once",
        ),
    ],
)
async def test_a_check_finds_what_breaks_its_promise(damage: str, promise: str) -> None:
    async with fresh_database("wareflow_sandbox") as url:
        async with (
            running_sandbox(settings_for(Settings, url)) as running,
            open_shop(running.url) as shop,
        ):
            for _ in range(2):
                _ = await shop.refund(await shop.paid(), amount=100)
        engine = create_async_engine(async_url(url))
        try:
            assert await broken_promises(engine) == set()
            async with engine.begin() as connection:
                for statement in damage.split(";"):
                    _ = await connection.execute(text(statement))
            assert promise in await broken_promises(engine)
        finally:
            await engine.dispose()


def test_every_check_was_broken_once() -> None:
    marks = test_a_check_finds_what_breaks_its_promise.pytestmark  # pyright: ignore[reportFunctionMemberAccess]
    broken = {promise for _, promise in marks[0].args[1]}
    assert broken == {check.name for check in CHECKS}
