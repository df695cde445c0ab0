"""The promises that hold between services, each as a question to several databases."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wareflow.house import SERVICES, House
from wareflow_events.event import Kind, topics
from wareflow_events.remembered import forgotten, own_topics

Rows = Mapping[Any, Mapping[str, Any]]
Ask = Callable[[House], Awaitable[list[str]]]


@dataclass(frozen=True)
class Promise:
    """A line of `wareflow verify`: its name, and what breaks it."""

    name: str
    ask: Ask


async def _rows(house: House, service: str, statement: str) -> Rows:
    """Rows by their first column."""
    async with house.engines[service].connect() as connection:
        found = (await connection.exec_driver_sql(statement)).mappings().all()
    return {next(iter(row.values())): dict(row) for row in found}


_ORDERS = """
SELECT id, number, status, payment_status, total, captured, refunded, refund_due, fulfilment_status
FROM orders
"""
_PAYMENTS = """
SELECT order_id, status, amount, captured, refunded, pending_refund, intent_id FROM payment
"""
_HELD = """
SELECT order_id, sum(quantity) FILTER (WHERE state = 'reserved') AS reserved,
       sum(quantity) FILTER (WHERE state = 'shipped') AS shipped
FROM reservation GROUP BY order_id
"""
_UNITS = "SELECT order_id, sum(quantity) AS units FROM order_line GROUP BY order_id"
_REFUSED_REFUNDS = """
SELECT order_id, sum(amount) AS amount FROM refund WHERE status = 'failed' GROUP BY order_id
"""


async def captured_money_has_a_sale(house: House) -> list[str]:
    """Every captured payment is of a confirmed order, or went back, or is a refused refund."""
    orders = await _rows(house, "orders", _ORDERS)
    refused = await _rows(house, "payments", _REFUSED_REFUNDS)
    broken: list[str] = []
    for order_id, payment in (await _rows(house, "payments", _PAYMENTS)).items():
        order = orders.get(order_id)
        kept = payment["captured"] - payment["refunded"] - payment["pending_refund"]
        kept -= refused.get(order_id, {}).get("amount") or 0
        is_sale = order is not None and order["status"] == "confirmed"
        if kept > 0 and not is_sale:
            status = order["status"] if order else "unknown"
            broken.append(f"order {order_id} is {status} and {kept} of its money was kept")
    return broken


async def sales_are_paid(house: House) -> list[str]:
    """Every confirmed order was captured, whole, unless it is free."""
    payments = await _rows(house, "payments", _PAYMENTS)
    broken: list[str] = []
    for order_id, order in (await _rows(house, "orders", _ORDERS)).items():
        paid = payments.get(order_id, {}).get("captured", 0)
        if order["status"] == "confirmed" and paid != order["total"]:
            broken.append(f"order {order['number']} is confirmed with {paid} of {order['total']}")
    return broken


async def sales_are_held(house: House) -> list[str]:
    """Confirmed orders hold or shipped all their units; cancelled ones hold none."""
    units = await _rows(house, "orders", _UNITS)
    held = await _rows(house, "inventory", _HELD)
    broken: list[str] = []
    for order_id, order in (await _rows(house, "orders", _ORDERS)).items():
        own = held.get(order_id, {})
        reserved, shipped = own.get("reserved") or 0, own.get("shipped") or 0
        wanted = units[order_id]["units"]
        match order["status"]:
            case "confirmed" if reserved + shipped != wanted:
                broken.append(f"order {order['number']} holds {reserved + shipped} of {wanted}")
            case "cancelled" if reserved:
                broken.append(f"order {order['number']} is cancelled and holds {reserved}")
            case _:
                pass
    return broken


_INTENTS = """
SELECT i.id, i.metadata->>'payment_id' AS payment_id, i.metadata->>'order_id' AS order_id,
       i.amount_received,
       coalesce((SELECT sum(c.amount_refunded) FROM charge c WHERE c.payment_intent = i.id), 0)
           AS refunded,
       (SELECT count(*) FROM charge c WHERE c.payment_intent = i.id AND c.status = 'succeeded')
           AS charges
FROM payment_intent i
"""


async def the_gateway_agrees(house: House) -> list[str]:
    """The gateway took and gave back what we say, once, and nothing besides."""
    intents = await _rows(house, "sandbox", _INTENTS)
    broken: list[str] = []
    known: set[str] = set()
    for order_id, payment in (await _rows(house, "payments", _PAYMENTS)).items():
        intent_id = payment["intent_id"]
        if intent_id is None:
            continue
        known.add(intent_id)
        intent = intents.get(intent_id)
        if intent is None:
            broken.append(f"order {order_id}: the gateway does not know {intent_id}")
            continue
        ours = (payment["captured"], payment["refunded"])
        theirs = (intent["amount_received"], intent["refunded"])
        if ours != theirs:
            broken.append(f"order {order_id}: captured, refunded {ours}; the gateway says {theirs}")
        if intent["charges"] > 1:
            broken.append(f"order {order_id} was charged {intent['charges']} times")
    broken += [
        f"the gateway took {intent['amount_received']} for {intent_id}, which is not ours"
        for intent_id, intent in intents.items()
        if intent_id not in known and intent["amount_received"] > intent["refunded"]
    ]
    return broken


_SALES = "SELECT order_id, total, test FROM sale"
_CONFIRMED = "SELECT id, number, total, test FROM orders WHERE confirmed_at IS NOT NULL"


async def every_sale_is_counted(house: House) -> list[str]:
    """Analytics counted every order that was ever confirmed, once, with its total."""
    sales = await _rows(house, "analytics", _SALES)
    confirmed = await _rows(house, "orders", _CONFIRMED)
    broken = [
        f"order {order['number']} counts as {sales.get(order_id, {}).get('total')}"
        for order_id, order in confirmed.items()
        if sales.get(order_id, {}).get("total") != order["total"]
    ]
    return broken + [
        f"sale {order_id} has no order" for order_id in sales.keys() - confirmed.keys()
    ]


async def no_dead_letters(house: House) -> list[str]:
    """Nothing waits in a dead-letter table."""
    broken: list[str] = []
    for service in SERVICES:
        statement = "SELECT id, consumer, type, error FROM dead_letter ORDER BY id LIMIT 20"
        rows = (await _rows(house, service, statement)).values()
        broken += [f"{row['consumer']}: {row['type']}: {row['error']}" for row in rows]
    return broken


async def the_log_of_each_key_is_dense(house: House) -> list[str]:
    """Every key's events are in the log as 1..n, in order, as far as their owner wrote them."""
    broken: list[str] = []
    for topic in topics():
        if topic.kind not in (Kind.STATE, Kind.FACT):
            continue
        # First what was written, then the log: what is told meanwhile is not missing.
        statement = f"SELECT key, sequence FROM event_stream WHERE topic = '{topic.name}'"  # noqa: S608
        written = await _rows(house, topic.service, statement)
        await _carried(house, topic.service)
        last = await _last_of_each_key(house, topic.name, broken)
        for key, row in written.items():
            if last.get(key, 0) < row["sequence"]:
                broken.append(
                    f"{topic.name} {key}: {last.get(key, 0)} of {row['sequence']} in the log"
                )
    return broken


async def _carried(house: House, service: str, *, within: float = 10.0) -> None:
    """Wait until the relay has carried what is in the outbox now."""
    newest = "SELECT coalesce(max(id), 0) FROM outbox"
    waiting = "SELECT count(*) FROM outbox WHERE id <= $1"
    async with house.engines[service].connect() as connection:
        border = (await connection.exec_driver_sql(newest)).scalar_one()
    deadline = asyncio.get_running_loop().time() + within
    while asyncio.get_running_loop().time() < deadline:
        async with house.engines[service].connect() as connection:
            if not (await connection.exec_driver_sql(waiting, (border,))).scalar_one():
                return
        await asyncio.sleep(0.05)


async def _last_of_each_key(house: House, topic: str, broken: list[str]) -> dict[str, int]:
    """The highest number of each key; a gap or a step back is noted, a repetition is not."""
    last: dict[str, int] = {}
    ends = await house.broker.ends([t for t in topics() if t.name == topic])
    for place, end in ends.items():
        at = 0
        while at < end:
            records = await house.broker.read(place, start=at, limit=2000)
            if not records:
                break
            at = records[-1].offset + 1
            for stored in records:
                key = stored.record.key.decode()
                number = int(dict(stored.record.headers).get("ce_sequence", b"0"))
                if number == last.get(key, 0) + 1:
                    last[key] = number
                elif number > last.get(key, 0):
                    broken.append(f"{topic} {key}: {number} follows {last.get(key, 0)}")
                    last[key] = number
    return last


async def every_database_remembers(house: House) -> list[str]:
    """No database is an older copy of itself: it knows all that its service told."""
    broken: list[str] = []
    for service in SERVICES:
        for topic in own_topics(service):
            found = await forgotten(house.engines[service], house.broker, topic)
            if not found:
                continue
            events = sum(part.events for part in found.values())
            keys = len(frozenset[str]().union(*(part.keys for part in found.values())))
            broken.append(
                f"{service} told {events} events of {topic.name}, about {keys} keys, that its"
                " database does not know: it is an older copy of itself. Stop"
                f" {service} and run: wareflow recover {service}"
            )
    return broken


PROMISES = (
    Promise("every database remembers all that its service told", every_database_remembers),
    Promise("every confirmed order is paid, whole", sales_are_paid),
    Promise("money that was taken belongs to a sale, or went back", captured_money_has_a_sale),
    Promise("a sale holds its units, a cancelled order none", sales_are_held),
    Promise("the gateway agrees with our books, order by order", the_gateway_agrees),
    Promise("every sale is counted once", every_sale_is_counted),
    Promise("the log of every key is 1..n", the_log_of_each_key_is_dense),
    Promise("no event waits as a dead letter", no_dead_letters),
)
