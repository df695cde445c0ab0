"""Guests turned out to be a customer: what they ordered and left open is the customer's."""

from collections.abc import Sequence

from orders.model.ids import CustomerId
from orders.store import carts, orders
from wareflow_events.transaction import Transaction


async def merge_customers(
    tx: Transaction, *, customer_id: CustomerId, guests: Sequence[CustomerId]
) -> None:
    """Carts first: a checkout that holds one is waited for, and its order found afterwards."""
    await carts.hand_over(tx, guests=guests, customer_id=customer_id)
    await orders.hand_over(tx, guests=guests, customer_id=customer_id)
