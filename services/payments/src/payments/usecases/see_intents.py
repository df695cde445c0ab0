"""Apply what the gateway says of intents to their payments, with all that follows."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from payments import store
from payments.model import Decline, Operation, Payment, Refund
from payments.model.bells import OPERATION_DUE, PAYMENT_CHANGED
from payments.model.intent import Declined, Intent, IntentState
from payments.model.ledger import capture_of
from payments.model.payment import Status
from payments.model.refund import LATE_CAPTURE, late_refund_id
from wareflow_events.transaction import Transaction

LOOK_AFTER = timedelta(seconds=60)
"""A payment that no webhook came for is looked up after this long, then ever more rarely."""


async def see_intents(tx: Transaction, *, seen: Sequence[tuple[Payment, Intent]]) -> None:
    """Apply intents to their payments, which are locked. `Contradiction` if they do not match."""
    await note_declines(tx, failed=[(p, i.declined) for p, i in seen if i.declined])
    for payment, intent in seen:
        _see(tx, payment, intent)
    await _cancel_what_nobody_should_pay(tx, seen)
    tx.after_commit(PAYMENT_CHANGED.ring)


def _see(tx: Transaction, payment: Payment, intent: Intent) -> None:
    was = payment.status
    told = payment.see(intent, now=tx.now, look_after=LOOK_AFTER)
    if told is not None:
        tx.publish(told)
    if payment.status is was:
        return
    if payment.captured:
        tx.session.add(capture_of(payment, group_id=tx.new_id(), now=tx.now))
    if payment.status is Status.LATE:
        _give_back(tx, payment)


def _give_back(tx: Transaction, payment: Payment) -> None:
    """The order was told that nothing was taken: nobody else will ask for this refund."""
    refund, refused = Refund.ask(
        payment,
        refund_id=late_refund_id(payment.id),
        amount=payment.due,
        reason=LATE_CAPTURE,
        now=tx.now,
    )
    assert refused is None  # nothing of it went back yet
    tx.session.add(refund)
    tx.session.add(Operation.to_refund(payment, refund, now=tx.now))
    tx.after_commit(OPERATION_DUE.ring)


async def _cancel_what_nobody_should_pay(
    tx: Transaction, seen: Sequence[tuple[Payment, Intent]]
) -> None:
    unwanted = [
        payment
        for payment, intent in seen
        if intent.state is IntentState.ALIVE and payment.status in (Status.CLOSING, Status.VOIDED)
    ]
    await cancel_intents(tx, payments=unwanted)


async def cancel_intents(tx: Transaction, *, payments: Sequence[Payment]) -> None:
    """Have the intents of locked payments cancelled, unless that is under way."""
    if not payments:
        return
    known = await store.cancellations(tx.session, [payment.order_id for payment in payments])
    for payment in payments:
        # One that turns up after the void is another cause: the first found nothing to cancel.
        cause = "closing" if payment.status is Status.CLOSING else "appeared_after_void"
        if (payment.order_id, cause) not in known:
            known.add((payment.order_id, cause))
            tx.session.add(Operation.to_cancel(payment, cause=cause, now=tx.now))
    await tx.session.flush()
    tx.after_commit(OPERATION_DUE.ring)


async def note_declines(tx: Transaction, *, failed: Sequence[tuple[Payment, Declined]]) -> None:
    """Keep failed attempts, and tell of each once, while the payment is undecided."""
    if not failed:
        return
    known = await store.known_declines(tx.session, [declined.id for _, declined in failed])
    for payment, declined in failed:
        if declined.id in known:
            continue
        known.add(declined.id)
        tx.session.add(_kept(payment.id, payment.order_id, declined, tx))
        if (told := payment.decline(declined, now=tx.now)) is not None:
            tx.publish(told)
    await tx.session.flush()


def _kept(payment_id: UUID, order_id: UUID, declined: Declined, tx: Transaction) -> Decline:
    return Decline(
        id=declined.id,
        order_id=order_id,
        payment_id=payment_id,
        code=declined.code,
        decline_code=declined.decline_code,
        declined_at=tx.now,
    )
