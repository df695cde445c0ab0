"""Schemas are frozen files, and the command refuses what is not growth."""

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest

from wareflow_events import compatibility
from wareflow_events.compatibility import compare, declared, freeze, frozen, main
from wareflow_events.schemas import house_events

PLACED = "wareflow.orders.order.placed.v1"


def type_ids() -> list[str]:
    return sorted(declared())


def grown() -> dict[str, Any]:
    new = copy.deepcopy(declared())
    new[PLACED]["schema"]["properties"]["gift"] = {"type": "boolean", "default": False}
    return new


def broken() -> dict[str, Any]:
    new = copy.deepcopy(declared())
    del new[PLACED]["schema"]["$defs"]["OrderedLine"]["properties"]["sku"]
    return new


def test_every_event_of_the_house_is_held_against_its_file() -> None:
    assert set(declared()) == {cls.TYPE for cls in house_events()}
    assert PLACED in declared()


def test_nothing_that_is_frozen_was_broken() -> None:
    report = compare(frozen(), declared())
    assert [str(breach) for breach in report.breaches] == []


def test_a_new_event_is_frozen_as_a_file_of_its_own(tmp_path: Path) -> None:
    report = freeze(declared(), tmp_path)
    assert report.fresh == type_ids()
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == type_ids()
    assert orjson.loads((tmp_path / f"{PLACED}.json").read_bytes())["key"] == "order_id"
    assert compare(frozen(tmp_path), declared()).is_clean


def test_growth_has_to_be_frozen_too(tmp_path: Path) -> None:
    """Else a later change would be held against a schema from before it."""
    _ = freeze(declared(), tmp_path)
    report = compare(frozen(tmp_path), grown())
    assert (report.breaches, report.grown, report.is_clean) == ([], [PLACED], False)
    _ = freeze(grown(), tmp_path)
    assert compare(frozen(tmp_path), grown()).is_clean


def test_a_breach_is_not_frozen_unless_forced(tmp_path: Path) -> None:
    _ = freeze(declared(), tmp_path)
    report = freeze(broken(), tmp_path)
    assert [b.where for b in report.breaches] == [f"{PLACED}.lines[].sku"]
    assert compare(frozen(tmp_path), declared()).is_clean
    _ = freeze(broken(), tmp_path, force=True)
    assert compare(frozen(tmp_path), broken()).is_clean


@pytest.mark.parametrize(
    ("what", "value"),
    [("topic", "wareflow.orders.cart"), ("key", "customer_id"), ("kind", "activity")],
)
def test_an_event_keeps_its_topic_key_and_kind(tmp_path: Path, what: str, value: str) -> None:
    _ = freeze(declared(), tmp_path)
    new = copy.deepcopy(declared())
    new[PLACED][what] = value
    [breach] = compare(frozen(tmp_path), new).breaches
    assert str(breach).startswith(f"{PLACED}: {what} was ")


def test_an_event_is_never_taken_away(tmp_path: Path) -> None:
    _ = freeze(declared(), tmp_path)
    new = {type_: doc for type_, doc in declared().items() if type_ != PLACED}
    [breach] = compare(frozen(tmp_path), new).breaches
    assert str(breach) == f"{PLACED}: is not declared any more (the log still has such events)"
    _ = freeze(new, tmp_path, force=True)
    assert PLACED not in frozen(tmp_path)


def test_the_command_checks_and_freezes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["check"], folder=tmp_path) == 1
    assert f"{PLACED}: is not frozen yet" in capsys.readouterr().out
    assert main(["freeze"], folder=tmp_path) == 0
    assert main([], folder=tmp_path) == 0
    _ = capsys.readouterr()
    monkeypatch.setattr(compatibility, "declared", grown)
    assert main(["check"], folder=tmp_path) == 1
    assert capsys.readouterr().out == f"{PLACED}: has grown; run: freeze\n"
    monkeypatch.setattr(compatibility, "declared", broken)
    assert main(["check"], folder=tmp_path) == 1
    assert f"{PLACED}.lines[].sku: was removed (readers from before" in capsys.readouterr().out
    assert main(["freeze"], folder=tmp_path) == 1
    assert main(["freeze", "--force"], folder=tmp_path) == 0
    assert main(["check"], folder=tmp_path) == 0
