"""Event schemas only grow: what is declared is held against the frozen files.

`python -m wareflow_events.compatibility [check|freeze]`. The log keeps events for ever and
services are upgraded one by one, so within a version every reader must read every event, old and
new (what schema registries call FULL_TRANSITIVE). Anything else is a new version beside the old.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from wareflow_events.event import Event
from wareflow_events.growth import Breach, breaches
from wareflow_events.schemas import house_events

FROZEN = Path(__file__).parent / "schemas" / "frozen"

Document: TypeAlias = dict[str, Any]
"""What is frozen of an event: its type, topic, key field, kind of topic, and JSON Schema."""


@dataclass
class Report:
    """How the declared events differ from the frozen ones."""

    breaches: list[Breach] = field(default_factory=list[Breach])
    fresh: list[str] = field(default_factory=list[str])
    """Types that are not frozen yet."""
    grown: list[str] = field(default_factory=list[str])
    """Types that grew since they were frozen."""

    @property
    def is_clean(self) -> bool:
        """Whether every declared event is frozen as it is."""
        return not (self.breaches or self.fresh or self.grown)


def document_of(event: type[Event]) -> Document:
    """What is frozen of an event."""
    return {
        "type": event.TYPE,
        "topic": event.TOPIC.name,
        "key": event.TOPIC.key,
        "kind": event.TOPIC.kind.value,
        "schema": event.model_json_schema(),
    }


def declared() -> dict[str, Document]:
    """The documents of all events of the house, by type."""
    return {event.TYPE: document_of(event) for event in house_events()}


def frozen(folder: Path = FROZEN) -> dict[str, Document]:
    """The frozen documents, by type."""
    return {path.stem: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}


def compare(old: Mapping[str, Document], new: Mapping[str, Document]) -> Report:
    """Hold declared documents against frozen ones."""
    report = Report()
    for type_ in sorted(old.keys() | new.keys()):
        if type_ not in new:
            report.breaches.append(
                Breach(type_, "is not declared any more", "the log still has such events")
            )
        elif type_ not in old:
            report.fresh.append(type_)
        elif found := _changed(type_, old[type_], new[type_]):
            report.breaches += found
        elif old[type_] != new[type_]:
            report.grown.append(type_)
    return report


def _changed(type_: str, old: Document, new: Document) -> list[Breach]:
    moved = [
        Breach(
            type_, f"{what} was {old[what]!r}, is {new[what]!r}", "events and readers would part"
        )
        for what in ("topic", "key", "kind")
        if old[what] != new[what]
    ]
    return moved + breaches(old["schema"], new["schema"], where=type_)


def freeze(new: Mapping[str, Document], folder: Path = FROZEN, *, force: bool = False) -> Report:
    """Write new and grown documents; with a breach nothing is written, unless forced."""
    report = compare(frozen(folder), new)
    if report.breaches and not force:
        return report
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.stem not in new:
            path.unlink()
    for type_, document in new.items():
        data = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        _ = (folder / f"{type_}.json").write_bytes(data + b"\n")
    return report


def main(arguments: Sequence[str] | None = None, *, folder: Path = FROZEN) -> int:
    """The command; 0 when all is well."""
    parser = argparse.ArgumentParser(
        prog="python -m wareflow_events.compatibility",
        description="Hold the declared events against the frozen schemas.",
    )
    _ = parser.add_argument("command", choices=["check", "freeze"], nargs="?", default="check")
    _ = parser.add_argument(
        "--force", action="store_true", help="freeze breaking changes too, before the first release"
    )
    chosen = parser.parse_args(arguments)
    if chosen.command == "check":
        report = compare(frozen(folder), declared())
        _say(report, "is not frozen yet", "has grown; run: freeze")
        return 0 if report.is_clean else 1
    report = freeze(declared(), folder, force=chosen.force)
    written = chosen.force or not report.breaches
    _say(report, *(("frozen", "growth frozen") if written else ("not frozen",) * 2))
    return 0 if written else 1


def _say(report: Report, fresh: str, grown: str) -> None:
    lines = [str(breach) for breach in report.breaches]
    lines += [f"{type_}: {fresh}" for type_ in report.fresh]
    lines += [f"{type_}: {grown}" for type_ in report.grown]
    _ = sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
