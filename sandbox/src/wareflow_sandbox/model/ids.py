"""Ids in Stripe's form that sort by the time they were made, so that lists need no other index."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_DIGITS = 9
_RANDOM_DIGITS = 15


def _base62(number: int, digits: int) -> str:
    out: list[str] = []
    for _ in range(digits):
        number, rest = divmod(number, 62)
        out.append(_ALPHABET[rest])
    return "".join(reversed(out))


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def first_id(prefix: str, *, at: datetime) -> str:
    """The smallest id that could be made at `at`: `id >= first_id(..)` means made then or later."""
    return f"{prefix}_{_base62(_micros(at), _TIME_DIGITS)}"


def secret(digits: int = 25) -> str:
    """Random letters and digits for client secrets and signing secrets."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(digits))


class Mint:
    """Makes ids that sort in the order they were made, also within a microsecond."""

    def __init__(self, randbits: Callable[[int], int] = secrets.randbits) -> None:
        self._randbits = randbits
        self._last = 0

    def __call__(self, prefix: str, *, at: datetime) -> str:
        """A fresh id such as `pi_0UvJ3k2bQ...`: nine digits of time, fifteen of chance."""
        micros = _micros(at)
        # Within a second ids only move on; a clock that is set back further is believed.
        if 0 <= self._last - micros < 1_000_000:
            micros = self._last + 1
        self._last = micros
        tail = _base62(self._randbits(89), _RANDOM_DIGITS)
        return f"{prefix}_{_base62(micros, _TIME_DIGITS)}{tail}"


def request_id() -> str:
    """The id of a request, as in Stripe's `Request-Id` header."""
    return f"req_{_base62(secrets.randbits(80), 14)}"


def unix(at: datetime) -> int:
    """Seconds since 1970, as Stripe writes every time."""
    return int(at.timestamp())
