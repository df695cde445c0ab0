"""Refusals: the ways a rule says no. Their kind decides the HTTP status."""

import re
from typing import ClassVar

from pydantic import JsonValue

_RESERVED = frozenset({"type", "title", "status", "detail", "instance"})


class Refusal(Exception):
    """The request was understood and is not possible.

    A subclass is a rule's answer: its name gives the problem's slug (`OrderClosed` is
    `order-closed`), its docstring the detail when none is given. Keyword arguments become members
    of the problem document; `retry_after` (seconds) becomes the header of that name.
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "refusal"
    title: ClassVar[str] = "Refusal"

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+", cls.__name__)
        cls.slug = "-".join(words).lower()
        cls.title = " ".join(words).capitalize()

    def __init__(
        self, detail: str = "", /, *, retry_after: int | None = None, **extra: JsonValue
    ) -> None:
        if taken := _RESERVED & extra.keys():
            raise TypeError(f"{sorted(taken)} are members of every problem document")
        super().__init__(detail)
        self.detail = detail or " ".join((type(self).__doc__ or self.title).split())
        self.retry_after = retry_after
        self.extra = extra

    def __str__(self) -> str:
        return self.detail


class NotFound(Refusal):
    """There is no such thing, or not for you."""

    status = 404


class Conflict(Refusal):
    """The thing is not in a state that allows this."""

    status = 409


class Invalid(Refusal):
    """The request is well formed, but what it says cannot be."""

    status = 422


class Forbidden(Refusal):
    """You may not do this."""

    status = 403


class Unauthorized(Refusal):
    """Say who you are: a valid bearer token is needed."""

    status = 401


class PreconditionFailed(Refusal):
    """It was changed since you read it."""

    status = 412


class PreconditionRequired(Refusal):
    """Say in If-Match which version you read."""

    status = 428


class TooManyRequests(Refusal):
    """Too many requests; wait a little."""

    status = 429


class Gone(Refusal):
    """It was here, and is not any more."""

    status = 410


class BadRequest(Refusal):
    """The request lacks something that every request of its kind carries, or cannot be read."""

    status = 400


class PayloadTooLarge(Refusal):
    """The body is larger than this endpoint takes."""

    status = 413


class Unavailable(Refusal):
    """Not just now; try again in a moment."""

    status = 503
