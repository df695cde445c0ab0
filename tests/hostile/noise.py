"""Values that nobody expects, from a seed: what is put where something sensible should be."""

from random import Random
from typing import Any

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u202eevil",
    "\ufeff",
    "\ud7ff\ue000\uffff",
    "\U0001f4a9" * 40,
    "'; DROP TABLE product; --",
    "=1+1",
    "%s%n%(x)s{0}{x}",
    "../../etc/passwd",
    "NaN",
    "null",
    "-1",
    "1e400",
    "é́́",
    "a" * 300,
    "long " * 4_000,
)
NUMBERS: tuple[int | float, ...] = (
    0, -1, 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30,
    10**400, 0.5, -0.0, 1e308, 5e-324,
)  # fmt: skip


def a_text(rng: Random) -> str:
    """A text that is rarely seen."""
    return rng.choice(TEXTS)


def anything(rng: Random, depth: int = 3) -> Any:
    """Any JSON value."""
    roll = rng.random()
    if depth <= 0 or roll < 0.6:
        return rng.choice((None, True, False, a_text(rng), rng.choice(NUMBERS)))
    if roll < 0.8:
        return [anything(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {a_text(rng): anything(rng, depth - 1) for _ in range(rng.randrange(4))}


def deep(levels: int) -> str:
    """JSON that is nested so deep that reading it by recursion would fail."""
    return "[" * levels + "]" * levels
