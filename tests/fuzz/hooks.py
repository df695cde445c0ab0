"""What schemathesis does besides: it comes as somebody, and looks at every answer our way.

Loaded by schemathesis itself, in its own process; `FUZZ` names the file that `Briefing` is read
from, and where the figures go.
"""

import atexit
import json
import os
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import CheckContext, HookContext, Response

toolbox: Any = schemathesis
hook = toolbox.hook
_PROBLEM = "application/problem+json"
_LEAKS = re.compile(
    rb"Traceback \(most recent|File \"|site-packages|sqlalchemy|asyncpg|psycopg|pydantic_core"
    rb"|\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.+\bSET\b"
    rb"|duplicate key value|violates \w+ constraint"
)
_STRANGERS = 0.15
"""How often somebody calls who may not."""
_KNOWN = 0.5
"""How often a path names something that is there."""


@dataclass
class Briefing:
    """What is there to ask for, and how to come as somebody; grows with what the answers bring."""

    report: Path
    seed: int
    staff: str
    things: dict[str, list[str]]
    tokens: dict[str, dict[str, str]]
    """Of carts and orders by their id, and of customers, whatever the id."""
    requests: Counter[str] = field(default_factory=Counter[str])
    hangs: list[str] = field(default_factory=list[str])
    slowest: float = 0

    def write(self) -> None:
        """Leave the figures where the run looks for them."""
        figures = {"statuses": self.requests, "hangs": self.hangs, "slowest": self.slowest}
        self.report.write_text(json.dumps(figures))


def _read() -> Briefing:
    told: dict[str, Any] = json.loads(Path(os.environ["FUZZ"]).read_bytes())
    tokens = defaultdict[str, dict[str, str]](dict, told["tokens"])
    return Briefing(
        Path(told["report"]), told["seed"], told["staff"], defaultdict(list, told["things"]), tokens
    )


KNOWN = _read()
CHANCE = random.Random(KNOWN.seed)
_ = atexit.register(KNOWN.write)


@hook
def before_call(context: HookContext, case: Any, kwargs: dict[str, Any]) -> None:
    """Name what is there, come as somebody who may, and from somewhere; not always."""
    named = _named(case)
    for name in named:
        if name in KNOWN.things and CHANCE.random() < _KNOWN:
            named[name] = CHANCE.choice(KNOWN.things[name][-50:])
    if _id(case) == "catalog_put_channel" and named["channel_id"] == "default":
        named["channel_id"] = "spare"  # what everything else is sold in stays
    case.headers["X-Forwarded-For"] = ".".join(str(CHANCE.randrange(1, 255)) for _ in range(4))
    case.headers.update(_credentials(case))


def _id(case: Any) -> str:
    return str(case.operation.definition.raw["operationId"])


def _named(case: Any) -> dict[str, Any]:
    found: dict[str, Any] | None = case.path_parameters
    return {} if found is None else found


def _credentials(case: Any) -> dict[str, str]:
    ways: list[dict[str, list[str]]] = case.operation.definition.raw.get("security", [{}])
    if CHANCE.random() < _STRANGERS:
        return CHANCE.choice([{}, _bearer("no.such.token"), _bearer(_any("customer"))])
    found: dict[str, str] = {}
    for scheme, roles in CHANCE.choice(ways).items():
        if scheme == "cart":
            found["X-Cart-Token"] = _token_of("cart", case, "cart_id")
        elif scheme == "bearer" and roles == ["customer"]:
            found |= _bearer(_any("customer"))
        elif scheme == "bearer" and roles == ["order"]:
            found |= _bearer(_token_of("order", case, "order_id"))
        elif scheme == "bearer":
            found |= _bearer(KNOWN.staff)
    return found


def _token_of(kind: str, case: Any, name: str) -> str:
    return KNOWN.tokens[kind].get(str(_named(case).get(name)), "none")


def _any(kind: str) -> str:
    return CHANCE.choice([*KNOWN.tokens[kind].values()][-20:])


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@hook
def after_call(context: HookContext, case: Any, response: Response) -> None:
    """Count, and remember what was made."""
    KNOWN.requests[str(response.status_code)] += 1
    KNOWN.slowest = max(KNOWN.slowest, response.elapsed)
    if response.status_code not in (201, 202):
        return
    try:
        made: Any = json.loads(response.content)
    except ValueError:
        return
    if isinstance(made, dict):
        _remember(_id(case), made)  # pyright: ignore[reportUnknownArgumentType]


def _remember(operation: str, made: dict[str, Any]) -> None:
    match operation:
        case "orders_create_cart":
            KNOWN.things["cart_id"].append(made["id"])
            KNOWN.tokens["cart"][made["id"]] = made["token"]
        case "orders_checkout_cart":
            KNOWN.things["order_id"].append(made["id"])
            KNOWN.tokens["order"][made["id"]] = made["order_token"]
        case "crm_register":
            KNOWN.things["customer_id"].append(made["customer_id"])
            KNOWN.tokens["customer"][made["customer_id"]] = made["access_token"]
        case "catalog_post_product":
            KNOWN.things["product_id"].append(made["id"])
            KNOWN.things["variant_id"] += [one["id"] for one in made["terms"]["variants"]]
        case "catalog_post_category":
            KNOWN.things["category_id"].append(made["id"])
        case _:
            pass


@hook
def after_network_error(context: HookContext, case: Any, request: Any) -> None:
    """No answer in time is a finding, whatever schemathesis makes of it."""
    KNOWN.hangs.append(f"{request.method} {request.url}")


@schemathesis.check
def every_status_is_named(ctx: CheckContext, response: Response, case: Any) -> None:
    """The document says so itself, and not by its `default`."""
    spec: dict[str, Any] = case.operation.definition.raw
    if case.method.upper() != case.operation.method.upper():
        return  # it was asked for a method that there is not
    status = str(response.status_code)
    assert status in spec["responses"], f"{status} is not documented"


@schemathesis.check
def problems_are_problem_documents(ctx: CheckContext, response: Response, case: Any) -> None:
    """RFC 9457, and its status is the answer's."""
    if response.status_code < 400 or case.method.upper() == "HEAD":
        return
    kind = response.headers.get("content-type", ["nothing"])[0]
    assert kind == _PROBLEM, f"a {response.status_code} is {kind}"
    problem: Any = json.loads(response.content)
    assert problem["status"] == response.status_code
    assert problem["type"].startswith("/problems/")
    assert problem["title"]


@schemathesis.check
def nothing_inside_is_told(ctx: CheckContext, response: Response, case: Any) -> None:
    """No stack trace, no SQL, no name of a library."""
    if response.status_code >= 400:
        leak = _LEAKS.search(response.content)
        assert leak is None, f"tells {leak[0]!r}"
