"""`wareflow events`: watch what the services tell each other."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer

from wareflow import state
from wareflow.house import House, open_house
from wareflow.progress import OUT
from wareflow_events import event
from wareflow_events.broker import Stored, TopicPartition
from wareflow_events.envelope import Malformed, from_record

app = typer.Typer(no_args_is_help=True, help="The events, as they are told")


@app.callback()
def events() -> None:
    """The events, as they are told."""


@app.command()
def tail(
    topic: Annotated[
        list[str] | None, typer.Option(help="Only topics with this in their name")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Only this key, an order's id for example")
    ] = None,
    beginning: Annotated[bool, typer.Option("--beginning", help="From the first event on")] = False,
    follow: Annotated[bool, typer.Option(help="Go on until Ctrl-C")] = True,
    data: Annotated[Path, typer.Option(help="The shop's data folder")] = state.DEFAULT_DATA,
) -> None:
    """Print events as JSON lines, in the order of each partition."""
    try:
        asyncio.run(_tail(data, topic or [], key, beginning=beginning, follow=follow))
    except KeyboardInterrupt:
        OUT.print("")


async def _tail(
    data: Path, names: Sequence[str], key: str | None, *, beginning: bool, follow: bool
) -> None:
    async with open_house(state.read(data)) as house:
        topics = [t for t in event.topics() if not names or any(n in t.name for n in names)]
        ends = await house.broker.ends(topics)
        positions = dict.fromkeys(ends, 0) if beginning else dict(ends)
        while True:
            ends = await house.broker.ends(topics)
            found = await _read(house, positions, ends)
            for stored in found:
                _print(stored, key)
            if not found:
                if not follow:
                    return
                await asyncio.sleep(0.2)


async def _read(
    house: House, positions: dict[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> list[Stored]:
    """What came since, over all partitions by time; moves the positions."""
    found: list[Stored] = []
    for place, end in ends.items():
        if positions.get(place, 0) < end:
            records = await house.broker.read(place, start=positions.get(place, 0), limit=500)
            positions[place] = records[-1].offset + 1 if records else end
            found += records
    return sorted(found, key=_time)


def _time(stored: Stored) -> bytes:
    return next((value for name, value in stored.record.headers if name == "ce_time"), b"")


def _print(stored: Stored, key: str | None) -> None:
    record = stored.record
    if key is not None and record.key.decode(errors="replace") != key.lower():
        return
    place = {"topic": record.topic, "partition": stored.place.partition, "offset": stored.offset}
    try:
        envelope = from_record(record)
        line = {
            "time": envelope.time,
            "type": envelope.type,
            "key": envelope.key,
            "sequence": envelope.sequence,
            "id": envelope.id,
            **place,
            "data": orjson.Fragment(envelope.data),
        }
    except Malformed as error:
        line = {**place, "malformed": str(error)}
    _ = sys.stdout.write(orjson.dumps(line).decode() + "\n")
    _ = sys.stdout.flush()
