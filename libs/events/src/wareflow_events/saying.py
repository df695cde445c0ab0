"""What may be said of an error: not the values that it failed at, for they may be somebody's."""

import re

from pydantic import ValidationError

_HIDDEN = re.compile(
    r"""
    \nDETAIL:.*?(?=\n(?:HINT|CONTEXT|QUERY|\[SQL)|\Z)   # PostgreSQL: Key (email)=(...), the row
    | (?<=input_value=).*?(?=,\ input_type=|\Z)         # pydantic
    # asyncpg, of an argument it cannot send; the reason stands behind it, at the end of the line
    | (?<=query\ argument\ \$\d:\ ).*?(?=\ \([^()\n]*\)(?:\n|\Z)|\n\[SQL|\Z)
    | (?<=query\ argument\ \$\d\d:\ ).*?(?=\ \([^()\n]*\)(?:\n|\Z)|\n\[SQL|\Z)
    | (?<=invalid\ input\ syntax\ for\ type\ )([\w ]+):\ ".*?"(?=\n|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_MARKS = ("DETAIL:", "input_value=", "query argument $", "invalid input syntax")


def without_values(text: str) -> str:
    """A message or a traceback, without the values that libraries quote in it."""
    if any(mark in text for mark in _MARKS):
        return _HIDDEN.sub(lambda found: found[1] or "", text)
    return text


def said(error: BaseException) -> str:
    """An error's type and message; of a shape that does not fit only where and why."""
    try:
        message = _reasons(error) if isinstance(error, ValidationError) else str(error)
    except Exception:  # noqa: BLE001  an error that cannot say what it is must not stop the rest
        message = "(no message)"
    told = without_values(f"{type(error).__name__}: {message}").replace("\x00", "")
    return told.encode(errors="replace").decode()  # a lone surrogate is no text for anybody


def _reasons(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = (": ".join(filter(None, (".".join(map(str, e["loc"])), e["msg"]))) for e in found)
    return f"{error.title}: {'; '.join(lines)}"
