"""Changing what is known of a customer."""

from uuid import UUID

from crm import store
from crm.model.customer import Customer, CustomerMoved, NoSuchCustomer
from wareflow_events.erasure import lock_subject
from wareflow_events.transaction import Transaction


async def change(
    tx: Transaction,
    *,
    customer_id: UUID,
    if_version: int | None = None,
    name: str | None = None,
    phone: str | None = None,
    locale: str | None = None,
    tags: list[str] | None = None,
    metadata: dict[str, str] | None = None,
) -> Customer:
    """Change what is given; `CustomerMoved` when it was changed since it was read."""
    if await lock_subject(tx, customer_id):
        raise NoSuchCustomer
    customer = await store.customer(tx.session, customer_id)
    if customer is None:
        raise NoSuchCustomer
    if if_version is not None and customer.version != if_version:
        raise CustomerMoved(version=customer.version)
    customer.contact(name=name, phone=phone)
    tx.publish(customer.change(now=tx.now, locale=locale, tags=tags, metadata=metadata))
    return customer
