"""Take back customers that a restored database has lost, as far as anything was told of them."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert

from crm import store
from crm.model.customer import Alias, Customer, a_guest
from crm.usecases.erase import forget
from wareflow_events.erasure import lock_subject
from wareflow_events.event import Event
from wareflow_events.handlers import Heard
from wareflow_events.schemas.crm import (
    CustomerChanged,
    CustomerErased,
    CustomerMerged,
    CustomerRegistered,
)
from wareflow_events.transaction import Transaction


async def recall_customers(tx: Transaction, told: Sequence[Heard[Event]]) -> None:
    """Let what was told be true again, in the order of time; an erased person stays so."""
    for one in told:
        await _recall(tx, one.event)
        await tx.session.flush()


async def _recall(tx: Transaction, event: Event) -> None:
    match event:
        case CustomerRegistered():
            customer = await _customer(tx, event)
            if customer is not None:
                customer.kind, customer.locale = "registered", event.locale
                customer.created_at = event.registered_at
        case CustomerChanged():
            customer = await _customer(tx, event)
            if customer is not None:
                _ = customer.change(  # it was told before
                    now=tx.now, locale=event.locale, tags=event.tags, metadata=event.metadata
                )
        case CustomerMerged():
            if await _customer(tx, event) is not None:
                await _merge(tx, event)
        case CustomerErased():
            await forget(tx, event.customer_ids)
        case _:
            raise TypeError(f"{event.TYPE} is not about a customer")


async def _customer(
    tx: Transaction, event: CustomerRegistered | CustomerChanged | CustomerMerged
) -> Customer | None:
    """The customer, made when missing; None when they were erased."""
    if await lock_subject(tx, event.customer_id):
        return None
    customer = await store.customer(tx.session, event.customer_id)
    if customer is None:
        customer = a_guest(
            customer_id=event.customer_id, locale="en", now=tx.now, kind="registered"
        )
        tx.session.add(customer)
        await tx.session.flush()
    return customer


async def _merge(tx: Transaction, event: CustomerMerged) -> None:
    rows = [
        {"guest_id": guest, "customer_id": event.customer_id, "merged_at": event.merged_at}
        for guest in event.merged_ids
        if not await lock_subject(tx, guest)
    ]
    if rows:
        _ = await tx.session.execute(insert(Alias).on_conflict_do_nothing(), rows)
