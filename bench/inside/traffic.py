"""Events of a usual size, how a service publishes them, and how one hears them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import insert

from wareflow_events.broker import Broker, Record
from wareflow_events.consumer import Consumer, ConsumerGroup, Heard, on_run
from wareflow_events.contract.service import HEARD, Service
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.ids import new_id
from wareflow_events.schemas.crm import CustomerChanged
from wareflow_events.transaction import Transaction

KEYS = 500
_CUSTOMERS = [uuid4() for _ in range(KEYS)]
_METADATA = {f"attribute_{n}": "some value of a usual length" for n in range(10)}


def a_change(number: int) -> CustomerChanged:
    """An event of about 600 bytes, of one of 500 keys; `number_of` it is the number."""
    return CustomerChanged(
        customer_id=_CUSTOMERS[number % KEYS], locale="en", tags=[str(number)], metadata=_METADATA
    )


def number_of(event: CustomerChanged) -> int:
    """What `a_change` was given."""
    return int(event.tags[0])


def records(number: int) -> list[Record]:
    """Records as the relay makes them."""
    now = datetime.now(UTC)
    made: list[Record] = []
    for n in range(number):
        event = a_change(n)
        data = event.model_dump_json().encode()
        envelope = Envelope(new_id(at=now), event.TYPE, source_of("crm"), now, event.key, data, n)
        made.append(to_record(envelope))
    return made


async def publish(service: Service, number: int) -> None:
    """Transactions of ten events, from four tasks."""

    async def writer(part: int) -> None:
        for at in range(part * 10, number, 40):
            async with service.transactions.begin() as tx:
                for n in range(at, min(at + 10, number)):
                    tx.publish(a_change(n))

    _ = await asyncio.gather(*(writer(part) for part in range(4)))


def hearer(
    service: Service, broker: Broker, heard: Callable[[list[int]], None]
) -> tuple[Consumer, ConsumerGroup]:
    """A new group that writes a row for each event; `heard` is told their numbers
    after each commit."""

    async def note(tx: Transaction, run: list[Heard[CustomerChanged]]) -> None:
        rows = [{"customer_id": one.event.key, "sequence": one.sequence} for one in run]
        _ = await tx.session.execute(insert(HEARD), rows)
        numbers = [number_of(one.event) for one in run]
        tx.after_commit(lambda: heard(numbers))

    group = ConsumerGroup(f"crm.{uuid4()}", (on_run(CustomerChanged, note),))
    return Consumer(group=group, broker=broker, transactions=service.transactions), group
