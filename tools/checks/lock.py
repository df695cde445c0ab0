"""The lock as it is: every package with its version and the hashes of its files."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
_ENTRY = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>.*))?"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """A package of the lock."""

    name: str
    version: str
    marker: str
    """Where it is needed; empty when everywhere."""
    hashes: tuple[str, ...]


def locked(text: str) -> list[Locked]:
    """The packages in a lock's text; `ValueError` names a line that is none."""
    found: list[Locked] = []
    for line in text.replace("\\\n", " ").splitlines():
        entry, *options = re.split(r"\s+(?=--)", line.strip())
        if not entry or entry.startswith("#"):
            continue
        matched = _ENTRY.fullmatch(entry)
        if matched is None:
            raise ValueError(f"neither a version nor hashes: {entry}")
        hashes = tuple(one for option in options for one in _HASH.findall(option))
        marker = (matched["marker"] or "").strip()
        found.append(Locked(normal(matched["name"]), matched["version"], marker, hashes))
    return found


def normal(name: str) -> str:
    """A package's name as all tools write it."""
    return re.sub(r"[-_.]+", "-", name).lower()
