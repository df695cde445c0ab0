"""Orders whose stock is held are to be paid: a payment each, and an intent to be made."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from payments import store
from payments.model import Operation, Payment
from payments.model.bells import OPERATION_DUE
from payments.model.payment import PaymentDueDiffers, Status, payment_id
from wareflow_events.erasure import lock_subject
from wareflow_events.schemas.orders import PaymentDue
from wareflow_events.transaction import Transaction

_SURELY_NEW: Mapping[UUID, datetime] = MappingProxyType({})


async def open_payments(
    tx: Transaction, *, dues: Sequence[PaymentDue], since: Mapping[UUID, datetime] = _SURELY_NEW
) -> None:
    """Store a payment per order and the operation that makes its intent.

    One live payment per order: the same again changes nothing, another amount is
    `PaymentDueDiffers`. Orders in `since` may have been heard of before, at that time, by a
    database that is lost: their intents are perhaps made already.
    """
    customers = sorted({due.customer_id for due in dues})
    erased = {customer for customer in customers if await lock_subject(tx, customer)}
    known = await store.lock_payments(tx.session, [due.order_id for due in dues])
    made: list[Payment] = []
    for due in dues:
        if (payment := known.get(due.order_id)) is None:
            known[due.order_id] = _new(tx, due, erased)
            made.append(known[due.order_id])
        elif payment.due != due.amount:
            raise PaymentDueDiffers(f"{due.order_id}: {payment.due} was due, now {due.amount}")
    tx.session.add_all(made)
    await tx.session.flush()
    tx.session.add_all(
        Operation.to_create(p, now=tx.now, since=since.get(p.order_id)) for p in made
    )
    await tx.session.flush()
    tx.after_commit(OPERATION_DUE.ring)


def _new(tx: Transaction, due: PaymentDue, erased: Collection[UUID]) -> Payment:
    return Payment(
        id=payment_id(due.order_id),
        order_id=due.order_id,
        number=due.number,
        customer_id=None if due.customer_id in erased else due.customer_id,
        amount=due.amount.amount,
        currency=due.amount.currency,
        livemode=due.livemode,
        test=due.test,
        status=Status.DUE,
        captured=0,
        refunded=0,
        pending_refund=0,
        looks=0,
        pay_by=due.pay_by,
        created_at=tx.now,
        updated_at=tx.now,
    )
