"""What is installed, under which licences, and what the product itself needs of it."""

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions

from packaging.requirements import Requirement
from tools.checks.lock import normal

_ALLOWED = re.compile(
    r"MIT|MIT-0|BSD|Apache|ISC|PSF|Python Software Foundation|Unlicense|MPL-2\.0|Mozilla Public",
    re.IGNORECASE,
)
_COPYLEFT = re.compile(r"\b[AL]?GPL|General Public License|SSPL|Commons Clause|BUSL", re.IGNORECASE)


def installed() -> dict[str, Distribution]:
    """Every package of this environment by its normal name."""
    return {normal(one.metadata["Name"]): one for one in distributions()}


def licence_of(package: Distribution) -> str:
    """What a package says of itself, as an expression or in the words of its classifiers."""

    def told(field: str) -> list[str]:
        return package.metadata.get_all(field) or []

    classifiers = [
        line.rpartition(" :: ")[2] for line in told("Classifier") if line.startswith("License :: ")
    ]
    written = [text.partition("\n")[0].strip() for text in told("License")]
    return "; ".join(told("License-Expression") or classifiers or written)


def is_ours(name: str) -> bool:
    """Whether a package is a member of the workspace."""
    return name.startswith("wareflow-")


def needed(packages: dict[str, Distribution], roots: Iterable[str]) -> set[str]:
    """What the roots need to run, themselves included; what is only for tests is left out."""
    found: set[str] = set()
    left = [(root, frozenset[str]()) for root in roots]
    while left:
        name, extras = left.pop()
        package = packages.get(name)
        if package is None or (name in found and not extras):
            continue
        found.add(name)
        for line in package.requires or ():
            wanted = Requirement(line)
            said = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            if wanted.marker is None or any(wanted.marker.evaluate(one) for one in said):
                left.append((normal(wanted.name), frozenset(wanted.extras)))
    return found


def objection(licence: str) -> str | None:
    """Why a package under this licence may not be shipped; None when it may."""
    if not licence:
        return "says nothing of its licence"
    if _COPYLEFT.search(licence):
        return f"is under {licence}"
    return None if _ALLOWED.search(licence) else f"is under {licence}, which nobody has looked at"
