"""Meeting a customer: by an order, or by the contact data they left with it."""

from uuid import UUID

from crm import store
from crm.model.customer import Customer, a_guest
from crm.usecases.merge import merge_guests
from wareflow_events.erasure import lock_subject
from wareflow_events.schemas.orders import ContactPii
from wareflow_events.transaction import Transaction


async def meet(
    tx: Transaction,
    *,
    customer_id: UUID,
    locale: str,
    guest: bool,
    contact: ContactPii | None = None,
) -> None:
    """Remember that they exist, and how to reach them; an erased person is not brought back.

    The account that a guest belongs to is locked before the guest, as an erasure does it: either
    that finds the guest, or the guest is not met.
    """
    account = await store.verified_account(tx.session, contact.email) if guest and contact else None
    if account is not None and await lock_subject(tx, account.customer_id):
        contact = account = None
    if await lock_subject(tx, customer_id):
        return
    customer = await store.customer(tx.session, customer_id)
    if customer is None:
        customer = _stranger(tx, customer_id, locale, guest=guest)
    if contact is None:
        return
    is_own_account = customer.kind == "registered" and customer.email is not None
    customer.contact(
        email=None if is_own_account else contact.email,
        name=customer.name or contact.name,
        phone=customer.phone or contact.phone,
    )
    await tx.session.flush()
    if account is not None:
        await merge_guests(tx, customer_id=account.customer_id, email=contact.email)


def _stranger(tx: Transaction, customer_id: UUID, locale: str, *, guest: bool) -> Customer:
    customer = a_guest(
        customer_id=customer_id,
        locale=locale,
        now=tx.now,
        kind="guest" if guest else "registered",
    )
    tx.session.add(customer)
    return customer
