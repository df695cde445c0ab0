"""Carts, contacts and numbers that come back with recalled orders."""

import re
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from orders.model.contact import OrderContact
from orders.model.copies import ChannelCopy
from orders.model.ids import CartId
from orders.model.order import Order
from wareflow_events.transaction import Transaction

_COUNT_ON = """
SELECT setval('order_number', greatest((SELECT last_value FROM order_number), $1::bigint))
"""


async def count_on_from(tx: Transaction, numbers: Collection[str]) -> None:
    """Orders that are placed from now on get numbers above these."""
    found = [int(digits) for number in numbers for digits in re.findall(r"\d+$", number)]
    if found:
        connection = await tx.session.connection()
        _ = await connection.exec_driver_sql(_COUNT_ON, (max(found),))


async def newest_orders(tx: Transaction, carts: Sequence[CartId]) -> dict[CartId, Order]:
    """The newest order of each cart that has one."""
    wanted = literal(list(carts), ARRAY(Uuid))
    query = select(Order).where(Order.cart_id == any_(wanted)).order_by(Order.id)
    return {order.cart_id: order for order in (await tx.session.execute(query)).scalars()}


async def locales(tx: Transaction) -> dict[str, str]:
    """The locale of each channel."""
    rows = await tx.session.execute(select(ChannelCopy.channel, ChannelCopy.locale))
    return {row.channel: row.locale for row in rows}


async def with_contact(tx: Transaction, orders: Sequence[UUID]) -> set[UUID]:
    """Which of these orders have contact data."""
    query = select(OrderContact.order_id).where(
        OrderContact.order_id == any_(literal(list(orders), ARRAY(Uuid)))
    )
    return set((await tx.session.execute(query)).scalars())
