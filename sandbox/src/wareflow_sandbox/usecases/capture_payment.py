"""Capture held money."""

from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.store.locks import latest_charge
from wareflow_sandbox.store.work import Work
from wareflow_sandbox.usecases.attempt import money_in


async def capture_payment(work: Work, *, intent: PaymentIntent, amount: int | None) -> None:
    """Take what a locked intent holds, all of it or `amount` minor units; `Refused`."""
    wanted = intent.capturable(amount)
    charge = await latest_charge(work, intent)
    assert charge is not None
    transaction = money_in(work, charge=charge, amount=wanted)
    work.tell(charge.capture(wanted, balance_transaction=transaction))
    work.tell(intent.succeed(charge=charge.id, received=wanted))
