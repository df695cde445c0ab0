"""What a guard is: what it keeps from happening, how a run does without it, what proves it."""

from dataclasses import dataclass

from tests.guards.off import Switch


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard of a promise. With it off, each of its proofs must go red."""

    name: str
    against: str
    """What would happen without it."""
    off: Switch
    proofs: tuple[str, ...]
    """Node ids of test functions; of a parametrized one, a single red variant is enough."""


def proofs(folder: str, **names: str) -> tuple[str, ...]:
    """Node ids of tests in a folder, by `file=test`."""
    return tuple(f"{folder}/{file}.py::{name}" for file, name in names.items())
