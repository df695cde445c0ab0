"""Settle late refunds: pending money arrives, and money that was sent comes back."""

from wareflow_sandbox.model.refund import Refund
from wareflow_sandbox.store.locks import BATCH, charges_of, due_refunds, lock_intents
from wareflow_sandbox.store.work import Work
from wareflow_sandbox.usecases.refund_payment import book


async def settle_refunds(work: Work) -> bool:
    """Finish those whose time has come; True when there may be more."""
    refunds = await due_refunds(work, by=work.now)
    bounced: list[Refund] = []
    for refund in refunds:
        if refund.status == "pending":
            work.tell(refund.arrive())
        else:
            bounced.append(refund)
    await _bounce(work, bounced)
    return len(refunds) == BATCH


async def _bounce(work: Work, refunds: list[Refund]) -> None:
    await lock_intents(work, [refund.payment_intent for refund in refunds])
    charges = await charges_of(work, [refund.charge for refund in refunds])
    for refund in refunds:
        charges[refund.charge].take_back(refund.amount)
        transaction = book(
            work, refund_id=refund.id, amount=refund.amount, currency=refund.currency, back=True
        )
        work.tell(refund.bounce(balance_transaction=transaction))
