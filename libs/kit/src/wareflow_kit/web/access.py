"""Who may call an endpoint: a dependency that declares it, and is what enforces it.

Every endpoint has one among its dependencies, or the app is not made. The document shows what
they declare, and the authorisation matrix asks every endpoint as every kind of caller.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from wareflow_kit.auth import Principal
from wareflow_kit.refusals import Forbidden, Refusal, Unauthorized
from wareflow_kit.settings import PrincipalKind
from wareflow_kit.web.caller import Caller

Security = dict[str, list[str]]
"""Schemes that are needed together, each with the roles of which one must be there (OpenAPI)."""


class InsufficientScope(Forbidden):
    """The token does not carry the scope that this needs."""


class CustomersOnly(Forbidden):
    """Sign in as a customer for this."""


class Undeclared(RuntimeError):
    """An endpoint does not say who may call it."""


class Access:
    """What an endpoint declares; one of the kinds below."""

    reads_token: ClassVar[bool] = True
    """Whether a bearer token that is wrong is refused, also where none is needed."""

    @property
    def security(self) -> list[Security]:
        """The ways in, for the document; an empty one is for whoever brings nothing."""
        raise NotImplementedError

    @property
    def refusals(self) -> tuple[type[Refusal], ...]:
        """How it says no."""
        return (Unauthorized,) if self.reads_token else ()


@dataclass(frozen=True)
class Anybody(Access):
    """Anybody; a token is not looked at."""

    reads_token: ClassVar[bool] = False

    @property
    def security(self) -> list[Security]:
        return [{}]

    async def __call__(self) -> None:
        """Lets everybody in."""


@dataclass(frozen=True)
class Guest(Access):
    """Anybody; whoever brings a token is known by it, and it has to be right."""

    @property
    def security(self) -> list[Security]:
        return [{}, {"bearer": []}]

    async def __call__(self, who: Caller) -> Principal | None:
        """Whoever it is."""
        return who


@dataclass(frozen=True)
class Bearer(Access):
    """Staff with a scope, and the kinds that may do it with what is theirs.

    Only the endpoint can see whose a thing is; to others it is a thing that does not exist.
    """

    scope: str | None
    owners: tuple[PrincipalKind, ...] = ()

    @property
    def refusals(self) -> tuple[type[Refusal], ...]:
        return (Unauthorized, InsufficientScope if self.scope else CustomersOnly)

    @property
    def security(self) -> list[Security]:
        roles = [*([self.scope] if self.scope else []), *self.owners]
        return [{"bearer": [role]} for role in roles]

    async def __call__(self, who: Caller) -> Principal:
        """The caller, or `Unauthorized`, `InsufficientScope`, `CustomersOnly`."""
        if who is None:
            raise Unauthorized
        if who.kind in self.owners or (self.scope and who.may(self.scope)):
            return who
        if self.scope is None:
            raise CustomersOnly
        raise InsufficientScope(f"This needs the scope {self.scope}.", scope=self.scope)


@dataclass(frozen=True)
class Holder(Access):
    """Whoever holds the secret of the thing itself, or is its owner.

    Only the thing can tell. The dependency that reads the secret depends on this one, so that
    nobody gets at the secret without having declared it.
    """

    secret: str
    """The name of the security scheme that reads it."""
    otherwise: type[Refusal]
    """The answer to everybody else."""
    owners: tuple[PrincipalKind, ...] = ()

    @property
    def refusals(self) -> tuple[type[Refusal], ...]:
        return (Unauthorized, self.otherwise)

    @property
    def security(self) -> list[Security]:
        return [{self.secret: []}, *({"bearer": [kind]} for kind in self.owners)]

    async def __call__(self, who: Caller) -> Principal | None:
        """Whoever it is, so far."""
        return who


@dataclass(frozen=True)
class Sealed(Access):
    """Whoever can sign the request; a token is not looked at."""

    seal: str
    """The name of the security scheme that reads the signature."""
    otherwise: type[Refusal]
    """The answer to everybody else."""
    reads_token: ClassVar[bool] = False

    @property
    def refusals(self) -> tuple[type[Refusal], ...]:
        return (self.otherwise,)

    @property
    def security(self) -> list[Security]:
        return [{self.seal: []}]

    async def __call__(self) -> None:
        """Everybody, so far."""


ANYBODY = Anybody()
GUEST = Guest()
CUSTOMER = Bearer(None, ("customer",))
"""A customer, who has one self and sees what is theirs."""


def requires(scope: str, *, also: tuple[PrincipalKind, ...] = ()) -> Bearer:
    """Staff with `scope`, or anybody of the kinds in `also`; else 401 or 403."""
    return Bearer(scope, also)


def customer_or_staff(scope: str) -> Bearer:
    """Staff with `scope`, or a customer, who sees what is theirs."""
    return requires(scope, also=("customer",))


def endpoints(routes: Iterable[BaseRoute]) -> Iterator[RouteContext]:
    """The endpoints that routes lead to, with what the routers around them add."""
    for context in iter_route_contexts([*routes]):
        if getattr(context, "dependant", None) is not None:
            yield context


def access_of(endpoint: RouteContext) -> tuple[Access, ...]:
    """What an endpoint declares, in the order it is asked: all of it must let the caller in."""
    calls = dependencies(endpoint.dependant)
    found = dict.fromkeys(call for call in calls if isinstance(call, Access))
    if not found:
        raise Undeclared(f"{endpoint.path} ({endpoint.name}) does not say who may call it")
    return tuple(found)


def dependencies(dependant: Dependant) -> Iterator[object]:
    """All that an endpoint depends on, in the order it is called."""
    for inner in dependant.dependencies:
        yield from dependencies(inner)
        yield inner.call


def security_of(declared: Iterable[Access]) -> list[Security]:
    """The ways in that satisfy all that is declared."""
    ways: list[Security] = []
    for together in product(*(access.security for access in declared)):
        way: Security = {}
        for part in together:
            way |= part
        if way not in ways:
            ways.append(way)
    return ways
