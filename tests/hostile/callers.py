"""Every kind of caller, with what each brings along."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.hostile.world import Deed, Keys

from wareflow.configuration import STAFF_ISSUER
from wareflow_kit.auth import Issuer

Headers = dict[str, str]

_HOUR = timedelta(hours=1)
_STRANGER = Ed25519PrivateKey.generate()


def bearer(token: str) -> Headers:
    """The header that brings a token."""
    return {"Authorization": f"Bearer {token}"}


HONEST = (
    *("nobody", "cart", "other cart", "order", "other order"),
    *("customer", "other customer", "staff", "other staff"),
)
"""Callers whose tokens are what they say; `other ...` has one for something else."""
FORGED = (
    *("expired", "not yet valid", "wrong issuer", "wrong audience", "alg none"),
    *("signed with the public key", "another key", "another key by the same name"),
    *("staff by the customers' issuer", "staff by the orders' issuer"),
    *("customer by the staff's issuer", "no token at all", "basic"),
)
"""Callers whose tokens must not be believed, though they claim all that is needed."""


def callers(deed: Deed, keys: Keys, scope: str | None) -> dict[str, Headers]:
    """What each kind of caller brings to a deed's things, where staff need `scope`."""
    found = _honest(deed, keys, scope) | _forged(keys, scope)
    assert found.keys() == {*HONEST, *FORGED}
    return found


@cache
def _staff(keys: Keys, *scopes: str) -> Headers:
    return bearer(keys.staff_token(*scopes))


def _honest(deed: Deed, keys: Keys, scope: str | None) -> dict[str, Headers]:
    every = [*keys.scopes, "made:up"]
    return {
        "nobody": {},
        "cart": {"X-Cart-Token": deed.cart_token},
        "other cart": {"X-Cart-Token": deed.other_cart_token},
        "order": bearer(deed.order_token),
        "other order": bearer(deed.other_order_token),
        "customer": bearer(deed.customer_token),
        "other customer": bearer(deed.other_customer_token),
        "staff": _staff(keys, *([scope] if scope else every)),
        "other staff": _staff(keys, *(each for each in every if each != scope)),
    }


@cache
def _forged(keys: Keys, scope: str | None) -> dict[str, Headers]:
    scopes = [scope] if scope else keys.scopes
    staff = keys.staff

    def signed(by: Issuer, *, ttl: timedelta = _HOUR, kind: str = "staff") -> str:
        return by.sign("mallory", scopes=scopes, ttl=ttl, kind=kind)

    def encoded(key: Any, algorithm: str) -> str:
        claims = jwt.decode(signed(staff), options={"verify_signature": False})
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": staff.kid})

    later = {"nbf": int(time.time()) + 3600}
    public = str(staff.jwks()["keys"][0]["x"])
    tokens: Mapping[str, Callable[[], str]] = {
        "expired": lambda: signed(staff, ttl=-_HOUR),
        "not yet valid": lambda: staff.sign(
            "mallory", scopes=scopes, ttl=_HOUR, kind="staff", **later
        ),
        "wrong issuer": lambda: signed(Issuer(_STRANGER, "https://elsewhere.test")),
        "wrong audience": lambda: signed(keys.staff_for("elsewhere")),
        "alg none": lambda: encoded(None, "none"),
        "signed with the public key": lambda: encoded(public.ljust(32, "="), "HS256"),
        "another key": lambda: signed(Issuer(_STRANGER, STAFF_ISSUER)),
        "another key by the same name": lambda: encoded(_STRANGER, "EdDSA"),
        "staff by the customers' issuer": lambda: signed(keys.customers),
        "staff by the orders' issuer": lambda: signed(keys.orders),
        "customer by the staff's issuer": lambda: signed(staff, kind="customer"),
        "no token at all": lambda: "staff",
    }
    return {kind: bearer(make()) for kind, make in tokens.items()} | {
        "basic": {"Authorization": "Basic YWRhOmFkYQ=="}
    }
