"""Refund a payment, all of it or a part."""

from dataclasses import dataclass, field
from datetime import timedelta

from wareflow_sandbox.model.balance_transaction import BalanceTransaction
from wareflow_sandbox.model.charge import Charge
from wareflow_sandbox.model.errors import BadParameter, Refused
from wareflow_sandbox.model.instruments import Refunding, scripted
from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.model.refund import Refund
from wareflow_sandbox.store.locks import (
    intent_of_charge,
    latest_charge,
    referred_intent,
)
from wareflow_sandbox.store.work import Work


@dataclass(frozen=True, kw_only=True)
class NewRefund:
    """What is asked back, and of which payment; `amount` None is all that is left."""

    payment_intent: str | None = None
    charge: str | None = None
    amount: int | None = None
    reason: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])


async def refund_payment(work: Work, *, wanted: NewRefund) -> Refund:
    """Give money back; `Refused` when there is less left than asked for, or nothing at all."""
    intent = await referred_intent(work, await _intent_id(work, wanted))
    charge = await latest_charge(work, intent)
    if charge is None or charge.status != "succeeded" or wanted.charge not in {None, charge.id}:
        raise Refused(_no_charge(intent, wanted))
    amount = charge.refundable(wanted.amount)
    refund = _open(work, charge=charge, amount=amount, wanted=wanted)
    work.tell(refund.begin())
    work.tell(charge.refund(amount))
    return refund


async def _intent_id(work: Work, wanted: NewRefund) -> str:
    if wanted.payment_intent is not None and wanted.charge is not None:
        raise BadParameter("You may only specify one of these parameters: charge, payment_intent.")
    if wanted.payment_intent is not None:
        return wanted.payment_intent
    if wanted.charge is not None:
        return await intent_of_charge(work, wanted.charge)
    raise BadParameter("One of the following params should be provided: payment_intent or charge.")


def _no_charge(intent: PaymentIntent, wanted: NewRefund) -> str:
    if wanted.charge is not None:
        return f"Charge {wanted.charge} did not succeed and has nothing to refund."
    return f"This PaymentIntent ({intent.id}) does not have a successful charge to refund."


def _open(work: Work, *, charge: Charge, amount: int, wanted: NewRefund) -> Refund:
    script = scripted(charge.instrument).refunding
    late = timedelta(seconds=work.settings.settle_seconds)
    refund_id = work.new_id(Refund.PREFIX)
    transaction = book(work, refund_id=refund_id, amount=amount, currency=charge.currency)
    refund = Refund(
        id=refund_id,
        charge=charge.id,
        payment_intent=charge.payment_intent,
        amount=amount,
        currency=charge.currency,
        status="pending" if script is Refunding.LATE else "succeeded",
        reason=wanted.reason,
        method_type=charge.method_type,
        balance_transaction=transaction,
        metadata_=wanted.metadata,
        created=work.now,
        settles_at=None if script is Refunding.AT_ONCE else work.now + late,
    )
    work.session.add(refund)
    return refund


def book(work: Work, *, refund_id: str, amount: int, currency: str, back: bool = False) -> str:
    """Book money that goes out, or comes `back`; the id of its balance transaction."""
    transaction = BalanceTransaction.of_refund(
        txn_id=work.new_id(BalanceTransaction.PREFIX),
        refund_id=refund_id,
        amount=amount,
        currency=currency,
        now=work.now,
        back=back,
    )
    work.session.add(transaction)
    return transaction.id
