"""The README tells what is true."""

import re
from pathlib import Path

from payments.consumers import HANDLERS
from payments.model.payment import NEXT, Fact, Status
from wareflow_events.event import event_classes

README = (Path(__file__).parent.parent / "README.md").read_text()


def table(heading: str) -> list[list[str]]:
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def types(heading: str) -> set[str]:
    return {re.sub("`", "", row[0]) for row in table(heading)}


def test_the_events_it_names_are_those_it_publishes() -> None:
    ours = {event.TYPE for event in event_classes() if event.TOPIC.service == "payments"}
    assert types("Publishes") == ours


def test_the_events_it_names_are_those_it_hears() -> None:
    assert types("Hears") == {name for group in HANDLERS for name in group.by_type}


def test_its_state_table_is_the_code_s() -> None:
    columns = [Fact.ALIVE, Fact.CAPTURED, Fact.CANCELLED, Fact.REFUSED, Fact.CLOSE]
    shown = {row[0]: row[1:] for row in table("A payment's life")}
    assert set(shown) == set(Status)
    for status in Status:
        expected = [
            str(after) if (after := NEXT[status][fact]) is not status else "–" for fact in columns
        ]
        assert shown[status] == expected
