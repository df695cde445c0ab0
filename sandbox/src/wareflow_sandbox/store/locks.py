"""Loads for verbs. The intent's row is the lock for all that belongs to one payment."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from wareflow_sandbox.model.charge import Charge
from wareflow_sandbox.model.errors import NoSuchObject, NoSuchReference
from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.model.payment_method import PaymentMethod
from wareflow_sandbox.model.refund import Refund
from wareflow_sandbox.store.work import Work

BATCH = 20
"""How many late payments or refunds settle in one transaction."""


_INTENT = select(PaymentIntent).where(PaymentIntent.id == bindparam("intent_id")).with_for_update()


async def locked_intent(work: Work, intent_id: str) -> PaymentIntent:
    """The intent, locked until the transaction ends; `NoSuchObject`."""
    found = await _intent(work, intent_id)
    if found is None:
        raise NoSuchObject("payment_intent", intent_id, param="intent")
    return found


async def referred_intent(work: Work, intent_id: str) -> PaymentIntent:
    """The intent that a parameter names, locked; `NoSuchReference`."""
    found = await _intent(work, intent_id)
    if found is None:
        raise NoSuchReference("payment_intent", intent_id, param="payment_intent")
    return found


async def _intent(work: Work, intent_id: str) -> PaymentIntent | None:
    return await work.session.scalar(_INTENT, {"intent_id": intent_id})


async def intent_of_charge(work: Work, charge_id: str) -> str:
    """Which intent a charge belongs to; `NoSuchReference`."""
    query = select(Charge.payment_intent).where(Charge.id == charge_id)
    found = await work.session.scalar(query)
    if found is None:
        raise NoSuchReference("charge", charge_id, param="charge")
    return found


async def latest_charge(work: Work, intent: PaymentIntent) -> Charge | None:
    """The charge of the intent's last attempt; the intent is locked already."""
    if intent.latest_charge is None:
        return None
    query = select(Charge).where(Charge.id == intent.latest_charge)
    return await work.session.scalar(query)


async def method_of(work: Work, method_id: str | None) -> PaymentMethod | None:
    """A payment method that was made before."""
    if method_id is None:
        return None
    query = select(PaymentMethod).where(PaymentMethod.id == method_id)
    return await work.session.scalar(query)


async def due_intents(work: Work, *, by: datetime) -> list[PaymentIntent]:
    """Payments in processing whose bank answers by now, locked."""
    query = (
        select(PaymentIntent)
        .where(PaymentIntent.settles_at <= by)
        .order_by(PaymentIntent.settles_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return list(await work.session.scalars(query))


async def due_refunds(work: Work, *, by: datetime) -> list[Refund]:
    """Refunds whose bank has more to say by now, locked."""
    query = (
        select(Refund)
        .where(Refund.settles_at <= by)
        .order_by(Refund.settles_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return list(await work.session.scalars(query))


async def locked_refund(work: Work, refund_id: str) -> Refund:
    """The refund, locked; `NoSuchObject`."""
    query = select(Refund).where(Refund.id == refund_id).with_for_update()
    found = await work.session.scalar(query)
    if found is None:
        raise NoSuchObject("refund", refund_id)
    return found


async def charges_of(work: Work, charge_ids: Sequence[str | None]) -> dict[str, Charge]:
    """Charges by id; their intents are locked already."""
    query = select(Charge).where(Charge.id.in_(charge_ids))
    return {charge.id: charge for charge in await work.session.scalars(query)}


async def methods_of(work: Work, method_ids: Sequence[str | None]) -> dict[str, PaymentMethod]:
    """Payment methods by id."""
    query = select(PaymentMethod).where(PaymentMethod.id.in_(method_ids))
    return {method.id: method for method in await work.session.scalars(query)}


async def lock_intents(work: Work, intent_ids: Sequence[str]) -> None:
    """Lock several intents, always in the same order."""
    query = (
        select(PaymentIntent.id)
        .where(PaymentIntent.id.in_(intent_ids))
        .order_by(PaymentIntent.id)
        .with_for_update()
    )
    _ = await work.session.execute(query)
