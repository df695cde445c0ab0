"""The clocks of the saga: what is not reserved or paid in time ends."""

from orders.model.decisions import Signal
from orders.model.states import Trigger
from orders.store.orders import claim_overdue
from orders.usecases.decide_orders import decide_orders
from wareflow_events.transaction import Transaction


async def pass_deadlines(tx: Transaction, *, deadline: Trigger, limit: int) -> int:
    """Cancel, or begin to close, at most `limit` orders past their deadline; how many."""
    overdue = await claim_overdue(tx, deadline, now=tx.now, limit=limit)
    signals = [(order_id, Signal(deadline)) for order_id in overdue]
    _ = await decide_orders(tx, signals=signals)
    return len(overdue)
