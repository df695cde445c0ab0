"""Forget people who were erased, and those who write about them later."""

from collections.abc import Sequence

from orders.model.ids import CustomerId
from orders.store import carts, orders
from wareflow_events.erasure import mark_erased
from wareflow_events.transaction import Transaction


async def forget_customers(tx: Transaction, *, customer_ids: Sequence[CustomerId]) -> None:
    """Drop their contact data from orders and carts; an order still to be shipped keeps its
    address until it has ended. Whoever writes contact data later finds the ids erased.

    Carts are locked before the ids, as a checkout does it, so that the two cannot deadlock.
    """
    await carts.lock_carts_of(tx, customer_ids)
    await mark_erased(tx, customer_ids)
    await carts.forget_contacts_of(tx, customer_ids)
    await orders.forget_customers(tx, customer_ids)
