"""Orders want money to go back: a refund each, once per id and never more than was taken."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from payments import store
from payments.model import Operation, Payment, Refund
from payments.model.bells import OPERATION_DUE
from payments.model.payment import UnknownPayment
from payments.model.refund import RefundDueDiffers
from wareflow_events.schemas.orders import RefundDue
from wareflow_events.transaction import Transaction

_SURELY_NEW: Mapping[UUID, datetime] = MappingProxyType({})


async def request_refunds(
    tx: Transaction, *, dues: Sequence[RefundDue], since: Mapping[UUID, datetime] = _SURELY_NEW
) -> None:
    """Store a refund per id and the operation that makes it; `RefundFailed` is told when there
    is less to give back. `UnknownPayment` when the order has none, `RefundDueDiffers` when the
    id was used for something else. Refunds in `since` may have been asked for before, at that
    time, by a database that is lost: they are perhaps made already.
    """
    payments = await store.lock_payments(tx.session, [due.order_id for due in dues])
    known = await store.refunds_by_id(tx.session, [due.refund_id for due in dues])
    for due in dues:
        payment = payments.get(due.order_id)
        if payment is None:
            raise UnknownPayment(f"no payment was due for {due.order_id}")
        if (refund := known.get(due.refund_id)) is None:
            known[due.refund_id] = _ask(tx, payment, due, since.get(due.refund_id))
        elif (refund.order_id, refund.money) != (due.order_id, due.amount):
            raise RefundDueDiffers(f"refund {due.refund_id} was for {refund.money} before")
    await tx.session.flush()
    tx.after_commit(OPERATION_DUE.ring)


def _ask(tx: Transaction, payment: Payment, due: RefundDue, since: datetime | None) -> Refund:
    refund, failed = Refund.ask(
        payment, refund_id=due.refund_id, amount=due.amount, reason=due.reason, now=tx.now
    )
    tx.session.add(refund)
    if failed is not None:
        tx.publish(failed)
    else:
        tx.session.add(Operation.to_refund(payment, refund, now=tx.now, since=since))
    return refund
