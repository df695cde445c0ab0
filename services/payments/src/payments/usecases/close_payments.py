"""Orders are about to end: withhold the secrets, and find out whether money was taken."""

from collections.abc import Sequence
from uuid import UUID

from payments import store
from payments.model import Payment
from payments.model.bells import PAYMENT_CHANGED
from payments.model.payment import UNDECIDED, Status, UnknownPayment
from payments.usecases.see_intents import cancel_intents
from wareflow_events.schemas.orders import OrderCancelled, PaymentClosing
from wareflow_events.transaction import Transaction


async def close_payments(tx: Transaction, *, closings: Sequence[PaymentClosing]) -> None:
    """Cancel at the gateway what exists there, and void at once what was never sent.

    What was decided before has been told before. `UnknownPayment` when none was ever due.
    """
    payments = await store.lock_payments(tx.session, [closing.order_id for closing in closings])
    if unknown := {closing.order_id for closing in closings} - payments.keys():
        raise UnknownPayment(f"no payment was due for {sorted(map(str, unknown))}")
    await _close(tx, [(payments[closing.order_id], closing.reason) for closing in closings])


async def close_leftovers(tx: Transaction, *, cancelled: Sequence[OrderCancelled]) -> None:
    """An order that ended without asking first leaves nothing that can still be paid."""
    payments = await store.lock_payments(tx.session, [order.order_id for order in cancelled])
    await _close(
        tx,
        [
            (payment, order.reason)
            for order in cancelled
            if (payment := payments.get(order.order_id)) and payment.status in UNDECIDED
        ],
    )


async def _close(tx: Transaction, closing: Sequence[tuple[Payment, str]]) -> None:
    for payment, reason in closing:
        payment.close(reason, now=tx.now)
    open_ones = [payment for payment, _ in closing if payment.status is Status.CLOSING]
    await _void_unsent(tx, {p.order_id: p for p in open_ones if p.intent_id is None})
    await cancel_intents(tx, payments=[p for p in open_ones if p.intent_id is not None])
    await tx.session.flush()
    tx.after_commit(PAYMENT_CHANGED.ring)


async def _void_unsent(tx: Transaction, payments: dict[UUID, Payment]) -> None:
    # What was sent stays closing: its answer brings the intent, which is then cancelled.
    creations = await store.lock_creations(tx.session, payments.keys())
    for order_id, creation in creations.items():
        if creation.drop(now=tx.now):
            voided = payments[order_id].never_was(now=tx.now)
            if voided is not None:
                tx.publish(voided)
