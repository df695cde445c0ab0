"""Orders as they are shown: one, a page, what happened to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import joinedload
from sqlalchemy.types import Uuid

from orders.model.contact import OrderContact
from orders.model.ids import CustomerId, OrderId
from orders.model.order import Order, OrderEvent, OrderNotFound


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """An order with its lines, and whom it is for while that is known."""

    order: Order
    contact: OrderContact | None


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a list shows; what is None does not matter."""

    status: str | None = None
    payment_status: str | None = None
    fulfilment_status: str | None = None
    number: str | None = None
    email: str | None = None
    customer_id: CustomerId | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    test: bool | None = None


@dataclass(frozen=True, slots=True)
class OrderState:
    """As much of an order as somebody who waits for it has to know."""

    status: str
    version: int


_WHOLE = (
    select(Order, OrderContact)
    .outerjoin(OrderContact, OrderContact.order_id == Order.id)
    .options(joinedload(Order.lines))
)
_BY_ID = _WHOLE.where(Order.id == bindparam("order_id"))
_OF_GUEST = _WHOLE.where(
    Order.number == bindparam("number"), func.lower(OrderContact.email) == bindparam("email")
)
_STATES = select(Order.id, Order.status, Order.version).where(
    Order.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)


async def order_details(session: AsyncSession, order_id: OrderId) -> OrderDetails:
    """One order, whole; `OrderNotFound`."""
    return await _details(session, _BY_ID, order_id=order_id)


async def order_of_guest(session: AsyncSession, *, number: str, email: str) -> OrderDetails:
    """The order of this number if it was placed with this address; `OrderNotFound` otherwise,
    whichever of the two is wrong."""
    return await _details(session, _OF_GUEST, number=number, email=email.lower())


async def _details(
    session: AsyncSession, query: Select[Order, OrderContact], **wanted: object
) -> OrderDetails:
    row = (await session.execute(query, wanted)).unique().one_or_none()
    if row is None:
        raise OrderNotFound
    return OrderDetails(row[0], row[1])


async def orders_page(
    session: AsyncSession, wanted: OrderFilter, *, after: UUID | None, limit: int
) -> list[Order]:
    """Up to `limit` orders without their lines, the newest first, from below the id `after`.

    Ids carry the time they were made, so they sort by it and a time is a bound on them.
    """
    query = select(Order).order_by(Order.id.desc()).limit(limit)
    equal = {
        Order.status: wanted.status,
        Order.payment_status: wanted.payment_status,
        Order.fulfilment_status: wanted.fulfilment_status,
        Order.number: wanted.number,
        Order.customer_id: wanted.customer_id,
        Order.test: wanted.test,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.placed_from is not None:
        query = query.where(Order.id >= first_id_of(wanted.placed_from))
    if wanted.placed_to is not None:
        query = query.where(Order.id < first_id_of(wanted.placed_to))
    if wanted.email is not None:
        query = query.join(OrderContact, OrderContact.order_id == Order.id).where(
            func.lower(OrderContact.email) == wanted.email.lower()
        )
    if after is not None:
        query = query.where(Order.id < after)
    return list((await session.execute(query)).scalars())


def first_id_of(time: datetime) -> UUID:
    """The lowest UUIDv7 of a millisecond; of 1970 for anything earlier."""
    return UUID(int=max(0, int(time.timestamp() * 1000)) << 80)


async def events_of(
    session: AsyncSession, order_id: OrderId, *, after: int, limit: int
) -> list[OrderEvent]:
    """What happened to an order after event number `after`, in order."""
    query = (
        select(OrderEvent)
        .where(OrderEvent.order_id == order_id, OrderEvent.seq > after)
        .order_by(OrderEvent.seq)
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def customer_of(session: AsyncSession, order_id: OrderId) -> CustomerId:
    """Whose order it is; `OrderNotFound`."""
    query = select(Order.customer_id).where(Order.id == order_id)
    customer_id = (await session.execute(query)).scalar_one_or_none()
    if customer_id is None:
        raise OrderNotFound
    return customer_id


async def order_states(reading: AsyncEngine, ids: Sequence[UUID]) -> dict[UUID, OrderState]:
    """Where several orders stand, in one query on a connection that is let go at once."""
    async with reading.connect() as connection:
        rows = await connection.execute(_STATES, {"ids": list(ids)})
        return {row.id: OrderState(row.status, row.version) for row in rows}


async def open_orders(
    reading: AsyncEngine, statuses: Sequence[str]
) -> dict[str, tuple[int, datetime]]:
    """How many orders there are in these (few, short-lived) statuses, and since when at most."""
    query = (
        select(Order.status, func.count().label("number"), func.min(Order.placed_at).label("since"))
        .where(Order.status.in_(statuses))
        .group_by(Order.status)
    )
    async with reading.connect() as connection:
        rows = await connection.execute(query)
        return {row.status: (row.number, row.since) for row in rows}
