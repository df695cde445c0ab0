"""Rows of the benchmark: a figure, the floor beside it, and the file that keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, TypeAdapter


class Row(BaseModel):
    """A figure of one measure.

    `ratio` is how near the figure is to its floor, 1 being as good: figure ÷ floor for what is
    counted per second, floor ÷ figure for what takes time. For growth the floor is the cost on
    small data, and the ratio how many times as much the large data costs.
    """

    model_config = ConfigDict(frozen=True)

    measure: str
    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    p50: float | None = None
    """Milliseconds of a single request, where the figure is of many."""
    p99: float | None = None
    aim: str | None = None
    met: bool | None = None


class Stamp(BaseModel):
    """Of what, when and where something was measured."""

    commit: str
    date: str
    machine: str
    sizes: str
    """`short`, `long` or `tiny`."""


class Result(Row, Stamp):
    """A row as it is kept."""

    @classmethod
    def of(cls, row: Row, stamp: Stamp) -> Self:
        """The row with its stamp."""
        return cls.model_validate({**row.model_dump(), **stamp.model_dump()})


@dataclass(frozen=True)
class Aim:
    """What a figure should be."""

    text: str
    holds: Callable[[float, float | None], bool]
    """Of the value and the ratio."""


def near(share: float) -> Aim:
    """At least this share of the floor."""
    return Aim(f"≥ {share:g} of the floor", lambda _, ratio: ratio is not None and ratio >= share)


def under(most: float, unit: str) -> Aim:
    """Less than so much."""
    return Aim(f"< {most:g} {unit}", lambda value, _: value < most)


def grows_at_most(times: float) -> Aim:
    """No more than so many times as much on the large data."""
    return Aim(f"≤ {times:g} times", lambda _, ratio: ratio is not None and ratio <= times)


@dataclass(frozen=True)
class Rows:
    """Makes the rows of one measure."""

    measure: str

    def rate(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        floor: float | None = None,
        aim: Aim | None = None,
        p50: float | None = None,
        p99: float | None = None,
    ) -> Row:
        """Something that is better the higher it is."""
        ratio = value / floor if floor else None
        return self._row(name, value, unit, floor, ratio, aim, p50=p50, p99=p99)

    def cost(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        floor: float | None = None,
        aim: Aim | None = None,
        p50: float | None = None,
        p99: float | None = None,
    ) -> Row:
        """Something that is better the lower it is."""
        ratio = floor / value if floor and value else None
        return self._row(name, value, unit, floor, ratio, aim, p50=p50, p99=p99)

    def growth(self, name: str, *, small: float, large: float, unit: str, aim: Aim) -> Row:
        """The cost of the same on small and on large data."""
        return self._row(name, large, unit, small, large / small, aim)

    def _row(
        self,
        name: str,
        value: float,
        unit: str,
        floor: float | None,
        ratio: float | None,
        aim: Aim | None,
        *,
        p50: float | None = None,
        p99: float | None = None,
    ) -> Row:
        return Row(
            measure=self.measure,
            name=name,
            value=value,
            unit=unit,
            floor=floor,
            ratio=ratio,
            p50=p50,
            p99=p99,
            aim=aim.text if aim else None,
            met=aim.holds(value, ratio) if aim else None,
        )


_RESULTS = TypeAdapter(list[Result])


def read(path: Path) -> list[Result]:
    """The rows of a file; none if there is no file yet."""
    return _RESULTS.validate_json(path.read_bytes()) if path.exists() else []


def write(path: Path, results: Sequence[Result]) -> None:
    """Replace the file."""
    _ = path.write_bytes(_RESULTS.dump_json(list(results), indent=1) + b"\n")


def merged(old: Sequence[Result], new: Sequence[Result], order: Sequence[str]) -> list[Result]:
    """The old rows without those of the measures that ran again; measures in the given order."""
    again = {row.measure for row in new}
    kept = [row for row in old if row.measure not in again and row.measure in order]
    return sorted([*kept, *new], key=lambda row: order.index(row.measure))
