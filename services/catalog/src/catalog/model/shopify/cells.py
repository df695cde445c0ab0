"""What single cells say, and how the same is written; a cell that cannot be read says why."""

import re
from decimal import ROUND_HALF_UP, Decimal

from catalog.model.category import DEEPEST, SEPARATOR
from catalog.model.text import quoted
from catalog.model.values import LARGEST_AMOUNT, LONGEST_LINE
from wareflow_kit.money import InvalidAmount, exponent, from_decimal

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_URL = re.compile(r"https?://[^\s<>\"]{1,1990}", re.IGNORECASE)
_LONGEST_NUMBER = 100
_YES = frozenset({"true", "yes", "y", "1", "wahr"})
_NO = frozenset({"false", "no", "n", "0", "falsch"})


class Unreadable(ValueError):
    """The cell does not say what its column is for."""


def read_bool(cell: str, *, default: bool) -> bool:
    """`true` or `false`, in any case; blank is the default."""
    word = cell.strip().lower()
    if not word:
        return default
    if word in _YES or word in _NO:
        return word in _YES
    raise Unreadable(f"{quoted(cell)} is neither true nor false")


def write_bool(value: bool) -> str:  # noqa: FBT001
    """As Shopify writes it."""
    return "true" if value else "false"


def _decimal(cell: str) -> Decimal:
    text = cell.strip()
    if len(text) > _LONGEST_NUMBER:
        raise Unreadable(f"{quoted(cell)} is too long for a number")
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if "," in text:
        raise Unreadable(
            f"{quoted(cell)} has a comma; write digits with a point only, like 1299.00"
        )
    if re.search(r"\d", text):
        raise Unreadable(f"{quoted(cell)} is not a plain number; write digits only, like 1299.00")
    raise Unreadable(f"{quoted(cell)} is not a number")


def read_amount(cell: str, currency: str) -> int | None:
    """Minor units; None when blank. No thousands separator, no currency sign, not negative."""
    if not cell.strip():
        return None
    number = _decimal(cell)
    if number < 0:
        raise Unreadable(f"{quoted(cell)} is negative")
    try:
        amount = from_decimal(number, currency).amount
    except InvalidAmount:
        raise Unreadable(
            f"{quoted(cell)} has more than {exponent(currency)} decimals, which {currency} has not"
        ) from None
    if amount > LARGEST_AMOUNT:
        raise Unreadable(f"{quoted(cell)} is too large")
    return amount


def write_amount(amount: int | None, currency: str) -> str:
    """Major units with all decimals of the currency."""
    return "" if amount is None else str(Decimal(amount).scaleb(-exponent(currency)))


def read_grams(cell: str) -> int:
    """Whole grams, halves up; blank is 0."""
    if not cell.strip():
        return 0
    number = _decimal(cell)
    if not 0 <= number <= 10**9:
        raise Unreadable(f"{quoted(cell)} is not a weight")
    return int(number.quantize(Decimal(1), ROUND_HALF_UP))


def read_quantity(cell: str) -> int | None:
    """Whole units, maybe negative; None when blank."""
    if not cell.strip():
        return None
    number = _decimal(cell)
    if number != number.to_integral_value() or abs(number) > 10**9:
        raise Unreadable(f"{quoted(cell)} is not a whole number of units")
    return int(number)


def read_position(cell: str) -> int | None:
    """A picture's place, from 1 on; None when blank."""
    quantity = read_quantity(cell)
    if quantity is not None and quantity < 1:
        raise Unreadable(f"{quoted(cell)} is not a position; the first is 1")
    return quantity


def read_url(cell: str) -> str | None:
    """An address of a picture; None when blank. `//host/path` is meant as https."""
    text = cell.strip()
    if not text:
        return None
    if text.startswith("//"):
        text = f"https:{text}"
    if not _URL.fullmatch(text):
        raise Unreadable(f"{quoted(cell)} is not an http address")
    return text


def read_policy(cell: str) -> bool:
    """Whether it sells on when nothing is left: `continue` or `deny`; blank is deny."""
    word = cell.strip().lower()
    if word in {"continue", "deny", ""}:
        return word == "continue"
    return read_bool(cell, default=False)


def write_policy(backorder: bool) -> str:  # noqa: FBT001
    """As Shopify writes it."""
    return "continue" if backorder else "deny"


def read_tags(cell: str) -> list[str]:
    """Comma-separated, each once."""
    return list(dict.fromkeys(tag for part in cell.split(",") if (tag := part.strip())))


def read_path(cell: str) -> tuple[str, ...]:
    """The names of a category from the root on, as deep as categories go: `Kitchen > Knives`."""
    names = (part.strip()[:LONGEST_LINE].rstrip() for part in cell.split(SEPARATOR))
    return tuple(name for name in names if name)[:DEEPEST]


def write_path(path: tuple[str, ...]) -> str:
    """As Shopify writes it."""
    return f" {SEPARATOR} ".join(path)
