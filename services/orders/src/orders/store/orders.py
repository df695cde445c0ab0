"""Orders locked for verbs, and a new one written whole."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import any_, bindparam, delete, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, joinedload
from sqlalchemy.types import Uuid

from orders.model.contact import OrderContact
from orders.model.ids import CustomerId, OrderId
from orders.model.order import Order, OrderEvent
from orders.model.order_line import OrderLine
from orders.model.placing import Placed
from orders.model.states import FulfilmentStatus, Status, Trigger
from orders.store.rows import insert_from, row_of, to_json
from wareflow_events.driver import fetch
from wareflow_events.transaction import Transaction

_UNSYNCHRONIZED = {"synchronize_session": False}

# One round trip for four tables: the checkout is what everybody waits for.
_PLACE = f"""
WITH numbered AS (
    SELECT jsonb_build_array($1::jsonb -> 0 ||
        jsonb_build_object('number', 'W-' || nextval('order_number'))) AS rows
), placed AS (
    {insert_from(Order, 1).replace("$1::jsonb", "(SELECT rows FROM numbered)")} RETURNING number
), lined AS (
    {insert_from(OrderLine, 2)}
), contacted AS (
    {insert_from(OrderContact, 3)}
), noted AS (
    {insert_from(OrderEvent, 4)}
)
SELECT number FROM placed
"""  # noqa: S608  made of table and column names only


_LOCKED = (
    select(Order)
    .where(Order.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(Order.id)
    .options(joinedload(Order.lines))
    .with_for_update(of=Order)
    # An earlier event of the same batch may have changed them behind the session's back.
    .execution_options(populate_existing=True)
)


async def write_placed(tx: Transaction, placed: Placed) -> None:
    """Write a new order with its lines, contact and first event; it gets its number."""
    arguments = (
        to_json([row_of(placed.order)]),
        to_json([row_of(line) for line in placed.lines]),
        to_json([row_of(placed.contact)]),
        to_json([row_of(placed.event)]),
    )
    ((placed.order.number,),) = await fetch(tx.session, _PLACE, *arguments)


async def lock_orders(tx: Transaction, ids: Sequence[OrderId]) -> dict[OrderId, Order]:
    """Orders with their lines, locked in the order of their ids."""
    found = await tx.session.execute(_LOCKED, {"ids": list(ids)})
    return {order.id: order for order in found.unique().scalars()}


_DEADLINES: dict[Trigger, tuple[Status, InstrumentedAttribute[datetime | None]]] = {
    Trigger.RESERVE_DEADLINE: (Status.PLACED, Order.reserve_by),
    Trigger.PAY_DEADLINE: (Status.AWAITING_PAYMENT, Order.pay_by),
}


async def claim_overdue(
    tx: Transaction, deadline: Trigger, *, now: datetime, limit: int
) -> list[OrderId]:
    """Orders past a deadline, oldest first, locked; those that somebody else has are left out."""
    status, due = _DEADLINES[deadline]
    query = (
        select(Order.id)
        .where(Order.status == status, due <= now)
        .order_by(due)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list((await tx.session.execute(query)).scalars())


async def forget_contacts(tx: Transaction, ids: Sequence[OrderId]) -> None:
    """Drop all that is known of whom these orders were for."""
    wanted = literal(list(ids), ARRAY(Uuid))
    statement = delete(OrderContact).where(OrderContact.order_id == any_(wanted))
    _ = await tx.session.execute(statement, execution_options=_UNSYNCHRONIZED)


async def forget_customers(tx: Transaction, customers: Sequence[CustomerId]) -> None:
    """Drop the contact data of these customers' orders; one still to be shipped keeps its address
    until it has ended."""
    theirs = any_(literal(list(customers), ARRAY(Uuid)))
    to_ship = (
        update(Order)
        .where(
            Order.customer_id == theirs,
            Order.status != Status.CANCELLED,
            Order.fulfilment_status != FulfilmentStatus.FULFILLED,
        )
        .values(forget_contact=True)
        .returning(Order.id)
    )
    result = await tx.session.execute(to_ship, execution_options=_UNSYNCHRONIZED)
    kept = any_(literal(list(result.scalars()), ARRAY(Uuid)))
    reduced = (
        update(OrderContact)
        .where(OrderContact.order_id == kept)
        .values(email=None, billing_address=None)
    )
    _ = await tx.session.execute(reduced, execution_options=_UNSYNCHRONIZED)
    gone = delete(OrderContact).where(
        OrderContact.customer_id == theirs, ~(OrderContact.order_id == kept)
    )
    _ = await tx.session.execute(gone, execution_options=_UNSYNCHRONIZED)


async def hand_over(
    tx: Transaction, *, guests: Sequence[CustomerId], customer_id: CustomerId
) -> None:
    """The orders of these guests are the customer's."""
    theirs = any_(literal(list(guests), ARRAY(Uuid)))
    for statement in (
        update(Order)
        .where(Order.customer_id == theirs)
        .values(customer_id=customer_id, guest=False),
        update(OrderContact)
        .where(OrderContact.customer_id == theirs)
        .values(customer_id=customer_id),
    ):
        _ = await tx.session.execute(statement, execution_options=_UNSYNCHRONIZED)
