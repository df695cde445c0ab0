"""The guards of orders, and of repeated requests."""

from tests.guards.guard import Guard, proofs
from tests.guards.off import all_of, altered, entry, resaid

from orders.model.states import TABLE, Cell, Stage, Trigger

_HERE = "services/orders/tests"
_FORGET_KEYS = "ALTER TABLE idempotency_key DROP CONSTRAINT idempotency_key_pkey"

_ENDS_AT_ONCE = all_of(
    *(
        entry(TABLE[Stage.AWAITING_PAYMENT], trigger, was=Cell.CLOSE, becomes=Cell.CANCEL)
        for trigger in (
            Trigger.CANCEL_BY_CUSTOMER,
            Trigger.CANCEL_BY_STAFF,
            Trigger.PAY_DEADLINE,
        )
    )
)

OF_ORDERS = (
    Guard(
        "closing",
        "an order ends while money for it is on its way",
        _ENDS_AT_ONCE,
        proofs(
            _HERE,
            **{"usecases/test_saga": "test_a_payment_in_the_last_moment_is_a_sale"},
            test_stateful="test_whatever_crosses_on_the_way_an_order_ends_well",
        ),
    ),
    Guard(
        "order-lock",
        "two happenings decide about an order at once",
        resaid(r"(SELECT orders\.id.* ORDER BY orders\.id\b.*) FOR UPDATE OF orders$", r"\1"),
        proofs(f"{_HERE}/usecases", test_races="test_a_cancel_and_a_capture_at_once_agree"),
    ),
    Guard(
        "one-order-per-cart",
        "a cart is ordered twice, whatever code orders it",
        altered("orders", "DROP INDEX one_live_order_per_cart"),
        proofs(
            f"{_HERE}/api", test_checkout="test_a_second_live_order_of_a_cart_cannot_be_written"
        ),
    ),
    Guard(
        "idempotency-key",
        "a repeated request makes another thing",
        all_of(altered("shop", _FORGET_KEYS), altered("orders", _FORGET_KEYS)),
        proofs("libs/kit/tests", test_idempotency="test_requests_that_race_make_one_thing")
        + proofs(f"{_HERE}/api", test_checkout="test_rivals_with_one_key_make_one_order"),
    ),
)
