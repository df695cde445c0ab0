"""Cancel a payment intent: nobody can pay it any more."""

from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.store.locks import latest_charge
from wareflow_sandbox.store.work import Work


async def cancel_payment(work: Work, *, intent: PaymentIntent, reason: str | None) -> None:
    """Close a locked intent and let held money go; `Refused` once money was or may be taken."""
    intent.refuse_unless_cancellable()
    if intent.status == "requires_capture":
        charge = await latest_charge(work, intent)
        assert charge is not None
        charge.release()
    work.tell(intent.cancel(reason=reason, now=work.now))
