"""Each check of the service finds the breach that it is for."""

import pytest
from sqlalchemy import text

from payments.checks import CHECKS
from payments.testing import Bench, breaches

# Rules of the database are taken away first, so that the check has something to find.
_NO_RULES = [
    "ALTER TABLE payment DROP CONSTRAINT payment_one_per_order",
    "ALTER TABLE payment DROP CONSTRAINT payment_refunds_within_captured",
    "ALTER TABLE payment DROP CONSTRAINT payment_captured_means_money_taken",
    "ALTER TABLE payment DROP CONSTRAINT payment_intent_id_key",
    "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
    "ALTER TABLE ledger_group DISABLE TRIGGER ALL",
]
_REFUND = """
INSERT INTO refund (id, order_id, payment_id, amount, currency, reason, status, created_at,
                    updated_at)
SELECT gen_random_uuid(), order_id, id, 1, currency, 'any', '{}', now(), now() FROM payment
"""
_COPY = """
INSERT INTO payment (id, order_id, number, amount, currency, livemode, test, status, pay_by,
                     created_at, updated_at)
SELECT gen_random_uuid(), order_id, number, amount, currency, livemode, test, 'voided', pay_by,
       created_at, updated_at FROM payment
"""
_STUCK = """
UPDATE operation SET status = 'pending', first_sent_at = NULL, finished_at = NULL,
                     next_attempt_at = now() - interval '1 hour'
"""
_STUCK_WEBHOOK = """
INSERT INTO webhook_event (id, type, livemode, subject, subject_id, payload, created_at,
                           received_at, apply_at)
VALUES ('evt_1', 'refund.updated', false, 'refund', 're_1', '{}', now(), now(),
        now() - interval '1 hour')
"""
_FOREIGN_REFUND = """
UPDATE operation SET kind = 'refund', result = 're_1' WHERE status = 'done'
"""

BREACHES = {
    "an order has at most one payment": _COPY,
    "no more goes back than was captured, pending refunds included": (
        "UPDATE payment SET pending_refund = captured + 1"
    ),
    "what a payment says of refunds is the sum of its refunds": "UPDATE payment SET refunded = 1",
    "every ledger group sums to zero per currency": (
        "UPDATE ledger_entry SET amount = amount + 1 WHERE account = 'receivable'"
    ),
    "the ledger has every capture once, and no other": "DELETE FROM ledger_entry",
    "what the gateway holds of a payment is what was captured less what went back": (
        "UPDATE ledger_entry SET account = 'refunds' WHERE account = 'processor'"
    ),
    "every refund that succeeded is in the ledger": _REFUND.format("succeeded"),
    "every refund operation that is done made a refund that is known": _FOREIGN_REFUND,
    "every refund that is due has an operation that will make it": _REFUND.format("due"),
    "money captured after a void goes back, or its refund is listed as refused": (
        "UPDATE payment SET status = 'late'"
    ),
    "every payment that is due has an operation that will open it": (
        "UPDATE payment SET status = 'due'"
    ),
    "every payment that is closing is being asked about": (
        "UPDATE payment SET status = 'closing', look_at = NULL"
    ),
    "no operation waits for long past its due time": _STUCK,
    "no webhook waits for long past its due time": _STUCK_WEBHOOK,
}


def test_every_check_is_tried() -> None:
    assert [check.name for check in CHECKS] == list(BREACHES)


@pytest.mark.parametrize("name", BREACHES)
async def test_a_check_finds_the_breach_it_is_for(unchecked: Bench, name: str) -> None:
    _ = await unchecked.captured()
    assert name not in await breaches(unchecked.engine, now=True)
    async with unchecked.engine.begin() as connection:
        for statement in (*_NO_RULES, BREACHES[name]):
            _ = await connection.execute(text(statement))
    assert (await breaches(unchecked.engine, now=True))[name]
