"""Take back what a restored database has lost of payments, from what was told of them.

The gateway's side comes back when the service runs: operations have the ids they had, so that the
gateway answers with the intents and refunds that it has.
"""

from collections.abc import Sequence
from uuid import UUID

from payments import store
from payments.model import Payment, Refund
from payments.model.ledger import capture_of, refund_of, returned_refund_of
from payments.model.payment import Status, UnknownPayment
from payments.model.refund import RefundStatus, late_refund_id
from payments.usecases.see_intents import cancel_intents
from wareflow_events.event import Event
from wareflow_events.handlers import Heard
from wareflow_events.schemas.payments import (
    PaymentCaptured,
    PaymentRefunded,
    PaymentVoided,
    RefundFailed,
)
from wareflow_events.transaction import Transaction


async def recall_payments(tx: Transaction, told: Sequence[Heard[Event]]) -> None:
    """Let what was told be true again, in the order of time; nothing is told."""
    orders = {UUID(one.event.key) for one in told}
    payments = await store.lock_payments(tx.session, orders)
    if unknown := orders - payments.keys():
        raise UnknownPayment(f"nothing in the log made due {sorted(map(str, unknown))}")
    ids = {e.refund_id for e in _events(told) if isinstance(e, PaymentRefunded | RefundFailed)}
    refunds = await store.refunds_by_id(tx.session, ids)
    for event in _events(told):
        payment = payments[UUID(event.key)]
        if isinstance(event, PaymentCaptured | PaymentVoided):
            _recall_payment(tx, payment, event)
        elif isinstance(event, PaymentRefunded | RefundFailed):
            _recall_refund(tx, payment, event, refunds)
        await tx.session.flush()


def _events(told: Sequence[Heard[Event]]) -> list[Event]:
    return [one.event for one in told]


def _recall_payment(
    tx: Transaction, payment: Payment, told: PaymentCaptured | PaymentVoided
) -> None:
    payment.recall(told, at=tx.now)
    if payment.captured:
        tx.session.add(capture_of(payment, group_id=tx.new_id(), now=tx.now))


def _recall_refund(
    tx: Transaction,
    payment: Payment,
    told: PaymentRefunded | RefundFailed,
    refunds: dict[UUID, Refund],
) -> None:
    came_late = told.refund_id == late_refund_id(payment.id)
    if payment.status is Status.VOIDED and came_late:
        payment.recall_late(at=tx.now)
        tx.session.add(capture_of(payment, group_id=tx.new_id(), now=tx.now))
    refund = refunds.get(told.refund_id)
    if refund is None:
        refund = refunds[told.refund_id] = Refund.recalled(payment, told, at=tx.now)
        tx.session.add(refund)
    was = refund.status
    refund.recall(payment, told, at=tx.now)
    if refund.status is RefundStatus.SUCCEEDED:
        tx.session.add(refund_of(payment, refund, group_id=tx.new_id(), now=tx.now))
    elif was is RefundStatus.SUCCEEDED:
        tx.session.add(returned_refund_of(payment, refund, group_id=tx.new_id(), now=tx.now))


async def ask_about_voided(tx: Transaction) -> None:
    """Money that came right after a void was told to a database that is gone: have the gateway
    say once more of each recent one that its intent is cancelled."""
    payments = await store.lock_payments(tx.session, await store.lately_voided(tx.session))
    await cancel_intents(tx, payments=list(payments.values()))
