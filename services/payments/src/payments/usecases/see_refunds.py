"""Apply what the gateway says of refunds, with all that follows."""

from collections.abc import Sequence
from datetime import timedelta

from payments.model import Payment, Refund
from payments.model.bells import PAYMENT_CHANGED
from payments.model.intent import GatewayRefund
from payments.model.ledger import refund_of, returned_refund_of
from payments.model.refund import RefundStatus
from wareflow_events.transaction import Transaction

LOOK_AFTER = timedelta(minutes=10)
"""A refund on its way that no webhook came for is looked up after this long."""


async def see_refunds(
    tx: Transaction, *, seen: Sequence[tuple[Payment, Refund, GatewayRefund]]
) -> None:
    """Apply refunds to ours, whose payments are locked. `Contradiction` if they do not match."""
    for payment, refund, told in seen:
        _see(tx, payment, refund, told)
    await tx.session.flush()
    tx.after_commit(PAYMENT_CHANGED.ring)


def _see(tx: Transaction, payment: Payment, refund: Refund, told: GatewayRefund) -> None:
    was = refund.status
    event = refund.see(payment, told, now=tx.now, look_after=LOOK_AFTER)
    if event is not None:
        tx.publish(event)
    if refund.status is was:
        return
    if refund.status is RefundStatus.SUCCEEDED:
        tx.session.add(refund_of(payment, refund, group_id=tx.new_id(), now=tx.now))
    elif was is RefundStatus.SUCCEEDED:
        tx.session.add(returned_refund_of(payment, refund, group_id=tx.new_id(), now=tx.now))
