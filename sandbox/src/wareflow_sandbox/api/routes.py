"""How an endpoint is declared: its address, its parameters, what it runs, what it answers with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from wareflow_sandbox.api.form import Pairs
from wareflow_sandbox.api.params import Params
from wareflow_sandbox.model.base import Rendered, Resource
from wareflow_sandbox.model.errors import Declined
from wareflow_sandbox.model.faults import FaultRule
from wareflow_sandbox.store.work import Work

P = TypeVar("P", bound=Params)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A request whose key is good."""

    request: Request
    id: str
    pairs: Pairs
    """Its parameters, from the form or the query."""
    browser: bool
    """With a publishable key."""
    fault: FaultRule | None
    """What is to go wrong with it."""

    @property
    def keyed(self) -> bool:
        """Whether an idempotency key keeps the answer."""
        return self.request.method == "POST" and "idempotency-key" in self.request.headers

    @property
    def breaks(self) -> Literal["before", "after"] | None:
        """Whether it ends as a 500, and whether its effects stay nevertheless."""
        if self.fault is None:
            return None
        if self.fault.fault == "error_500":
            return "before"
        return "after" if self.fault.fault == "error_500_after" else None

    @property
    def is_forgotten(self) -> bool:
        """Whether it is answered as if it were done, and is not."""
        return self.fault is not None and self.fault.fault == "forgotten"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question: what an endpoint that changes nothing gets."""

    session: AsyncSession
    path: Mapping[str, str]
    browser: bool


@dataclass(frozen=True, kw_only=True)
class Called(Asked):
    """A command: what an endpoint that changes something gets."""

    work: Work
    site: str
    """The sandbox's own address, such as `http://127.0.0.1:8090/sandbox`."""


@dataclass(frozen=True)
class Many:
    """A page of a list."""

    objects: list[Rendered]
    more: bool


Result = Resource | Rendered | Many | Declined
"""A resource is rendered, with what `expand` asks for; a `Declined` is the refusal of an attempt
whose effects stay."""


@dataclass(frozen=True, kw_only=True)
class Question(Generic[P]):
    """`GET`."""

    path: str
    params: type[P]
    run: Callable[[Asked, P], Awaitable[Result]]
    of: type[Resource]
    """What kind of object it answers with."""
    lists: bool = False
    browser: bool = False
    """Whether a publishable key may ask."""


@dataclass(frozen=True, kw_only=True)
class Command(Generic[P]):
    """`POST` or `DELETE`."""

    path: str
    params: type[P]
    run: Callable[[Called, P], Awaitable[Result]]
    of: type[Resource]
    method: str = "POST"
    browser: bool = False
