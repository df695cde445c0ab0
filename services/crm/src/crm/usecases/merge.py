"""Merging guests into the account that proved their e-mail address."""

from uuid import UUID

from crm import store
from crm.model.customer import Alias, merged
from wareflow_events.erasure import lock_subject
from wareflow_events.transaction import Transaction


async def merge_guests(tx: Transaction, *, customer_id: UUID, email: str) -> None:
    """Let the account have what its owner did as a guest; not once they were erased."""
    if await lock_subject(tx, customer_id):
        return
    guests = await store.guests_by_email(tx.session, email)
    found = [guest for guest in guests if not await lock_subject(tx, guest)]
    if not found:
        return
    tx.session.add_all(
        Alias(guest_id=guest, customer_id=customer_id, merged_at=tx.now) for guest in found
    )
    tx.publish(merged(customer_id, found, now=tx.now))
