"""A customer is erased: their payments stay, as books must, and belong to nobody any more."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, any_, literal, update
from sqlalchemy import Uuid as UuidType

from payments.model import Payment
from wareflow_events.erasure import mark_erased
from wareflow_events.transaction import Transaction


async def forget_customers(tx: Transaction, *, ids: Sequence[UUID]) -> None:
    """Unlink payments from the person, under every id they had. Webhooks are kept without people
    in them, so there is nothing else to forget."""
    await mark_erased(tx, ids)
    theirs = Payment.customer_id == any_(literal(list(ids), ARRAY(UuidType())))
    _ = await tx.session.execute(
        update(Payment).where(theirs).values(customer_id=None),
        execution_options={"synchronize_session": False},
    )
