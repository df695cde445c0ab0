"""The guards of payments and the ledger."""

from typing import Any
from uuid import UUID, uuid4

from tests.guards.guard import Guard, proofs
from tests.guards.off import Switch, all_of, altered, replaced, resaid

from payments.model import operation, payment
from payments.usecases import call_gateway

_HERE = "services/payments/tests"
_VERBS = f"{_HERE}/usecases"


def _key_of_its_own(request: Any) -> Any:
    def requested(*, key: object, **named: Any) -> Any:
        return request(key=uuid4(), **named)

    return requested


def _drawn(_id_from: object) -> Any:
    def drawn(_parent: object, _name: str) -> UUID:
        return uuid4()

    return drawn


def _without(table: str, constraint: str) -> Switch:
    return altered("payments", f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


_EVERY_WEBHOOK_IS_NEW = """
CREATE FUNCTION is_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.id := NEW.id || '-' || gen_random_uuid();
    RETURN NEW;
END $$;
CREATE TRIGGER is_new BEFORE INSERT ON webhook_event FOR EACH ROW EXECUTE FUNCTION is_new()
"""
_PAYMENT_KEY = _without("payment", "payment_one_per_order")
_OPERATION_KEY = _without("operation", "operation_once_per_cause")

OF_MONEY = (
    # Three walls, each enough for that: the keys of both tables, and ids that follow from the
    # order. (And before them events of one customer wait for each other.)
    Guard(
        "one-payment",
        "an order has two payments, each with its intent",
        all_of(
            _PAYMENT_KEY,
            _OPERATION_KEY,
            replaced(payment, "id_from", _drawn),
            replaced(operation, "id_from", _drawn),
        ),
        proofs(_VERBS, test_races="test_rivals_open_one_payment_with_one_intent"),
    ),
    Guard(
        "payment-key",
        "an order has two payments, whatever code opens them",
        _PAYMENT_KEY,
        proofs(_VERBS, test_races="test_the_database_itself_refuses"),
    ),
    Guard(
        "operation-key",
        "an effect at the gateway is stored twice, whatever code stores it",
        _OPERATION_KEY,
        proofs(_VERBS, test_races="test_the_database_itself_refuses"),
    ),
    Guard(
        "refund-check",
        "more goes back than was taken, whatever code sends it",
        _without("payment", "payment_refunds_within_captured"),
        proofs(_VERBS, test_races="test_the_database_itself_refuses"),
    ),
    Guard(
        "one-intent",
        "an answer that was lost leaves a second intent",
        replaced(call_gateway, "IntentRequest", _key_of_its_own),
        proofs(
            _VERBS,
            test_unknown_outcomes="test_an_intent_is_made_once_whatever_became_of_the_first_calls",
        ),
    ),
    Guard(
        "one-refund",
        "an answer that was lost leaves a second refund",
        replaced(call_gateway, "RefundRequest", _key_of_its_own),
        proofs(
            _VERBS,
            test_refunding="test_a_refund_is_made_once_whatever_became_of_the_first_call",
        ),
    ),
    Guard(
        "operation-lease",
        "two workers call the gateway for the same operation",
        resaid(r"(FROM operation\b.*) FOR UPDATE SKIP LOCKED", r"\1"),
        proofs(_VERBS, test_unknown_outcomes="test_two_workers_never_run_the_same_operation"),
    ),
    # A webhook is a hint to look again, so that one applied twice moves no money twice.
    Guard(
        "webhook-dedupe",
        "a webhook is applied each time it comes",
        altered("payments", _EVERY_WEBHOOK_IS_NEW),
        proofs(_VERBS, test_webhooks="test_a_webhook_that_comes_twice_is_stored_and_applied_once"),
    ),
    Guard(
        "ledger-balance",
        "a movement of money is booked that does not add up",
        altered("payments", "DROP TRIGGER ledger_entry_balanced ON ledger_entry"),
        proofs(_HERE, test_ledger_rules="test_what_does_not_balance_is_not_committed"),
    ),
    Guard(
        "ledger-once",
        "a movement of money is booked twice",
        _without("ledger_group", "ledger_group_posted_once"),
        proofs(_HERE, test_ledger_rules="test_the_same_movement_is_not_posted_twice"),
    ),
)
