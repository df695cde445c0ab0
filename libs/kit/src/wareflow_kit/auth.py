"""Who is asking: bearer tokens in, principals out; and an issuer of our own."""

import os
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import OKPAlgorithm

from wareflow_events.clock import Clock, utc_now
from wareflow_kit.keys import KeySet, key_set
from wareflow_kit.refusals import Unauthorized
from wareflow_kit.settings import PrincipalKind, TrustedIssuer

__all__ = [
    "Issuer",
    "KeySet",
    "Principal",
    "PrincipalKind",
    "TrustedIssuer",
    "UnknownKey",
    "Verifier",
    "customer_id_of",
    "key_set",
]

_LEEWAY = timedelta(seconds=30)
_KNOWN_SECONDS = 30.0
"""How long a key that was withdrawn may still be believed."""
_MOST_KNOWN = 4096


def customer_id_of(issuer: str, subject: str) -> UUID:
    """The id of a registered customer, which every service knows without asking (RFC 9562 v5)."""
    return uuid5(uuid5(NAMESPACE_URL, issuer), subject)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a valid token speaks for."""

    issuer: str
    subject: str
    scopes: frozenset[str]
    """What staff may do; empty for everybody else."""
    kind: PrincipalKind
    customer_id: UUID | None = None
    """Set for a customer."""
    order_id: UUID | None = None
    """Set for the bearer of an order token: this order and nothing else."""

    def may(self, scope: str) -> bool:
        """Whether this is staff with that scope."""
        return self.kind == "staff" and scope in self.scopes


class WrongKey(RuntimeError):
    """The file of an issuer's key holds something else."""


class UnknownKey(Unauthorized):
    """The token is signed by a key that is not known here."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A token whose signature was checked a moment ago: that takes longer than a small query."""

    principal: Principal
    times: dict[str, float]
    until: float


class Verifier:
    """Checks tokens against the issuers that are trusted."""

    def __init__(self, trusted: Iterable[TrustedIssuer], *, clock: Clock = utc_now) -> None:
        self._trusted = {entry.issuer: (entry, key_set(entry.keys)) for entry in trusted}
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def verify(self, token: str) -> Principal:
        """Who the token speaks for; `Unauthorized` for anything wrong with it."""
        known = self._known.get(token)
        if known is None or known.until < time.monotonic():
            known = self._check(token)
            self._remember(token, known)
        self._check_times(known.times)
        return known.principal

    def _remember(self, token: str, known: _Known) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[token] = known

    def _check(self, token: str) -> _Known:
        try:
            unverified = jwt.decode_complete(token, options={"verify_signature": False})
            trusted, keys = self._trusted[unverified["payload"]["iss"]]
            key = keys.find(unverified["header"].get("kid"))
            if key is None:
                raise UnknownKey
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=trusted.audience,
                issuer=trusted.issuer,
                options={
                    "require": ["iss", "aud", "exp", "sub"],
                    "verify_exp": False,  # by our own clock, each time
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
            times = {name: float(claims[name]) for name in ("exp", "nbf") if name in claims}
            return _Known(_principal(claims, trusted), times, time.monotonic() + _KNOWN_SECONDS)
        except Unauthorized:
            raise
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError):
            raise Unauthorized("the bearer token is not valid") from None

    async def authenticate(self, token: str) -> Principal:
        """Like `verify`; fetches the keys anew when the token's is not known yet."""
        try:
            return self.verify(token)
        except UnknownKey:
            await self.refresh()
            return self.verify(token)

    async def refresh(self) -> None:
        """Fetch the keys of all issuers that have an address."""
        for _, keys in self._trusted.values():
            await keys.refresh()

    @property
    def stale(self) -> bool:
        """Whether `refresh` is due; known keys go on being used meanwhile."""
        return any(keys.stale for _, keys in self._trusted.values())

    def _check_times(self, times: dict[str, float]) -> None:
        now = self._clock().timestamp()
        leeway = _LEEWAY.total_seconds()
        if not times["exp"] > now - leeway:  # NaN is not later than anything
            raise Unauthorized("the bearer token has expired")
        if not times.get("nbf", 0) <= now + leeway:
            raise Unauthorized("the bearer token is not valid yet")


def _principal(claims: dict[str, Any], trusted: TrustedIssuer) -> Principal:
    # A provider that knows nothing of kinds still works where it may speak for one kind only.
    kind = claims.get("kind", trusted.kinds[0] if len(trusted.kinds) == 1 else None)
    if kind not in trusted.kinds:
        raise ValueError("this issuer may not speak for that kind")
    issuer, subject = trusted.issuer, str(claims["sub"])
    return Principal(
        issuer=issuer,
        subject=subject,
        scopes=_scopes(claims) if kind == "staff" else frozenset(),
        kind=kind,
        customer_id=customer_id_of(issuer, subject) if kind == "customer" else None,
        order_id=UUID(claims["order_id"]) if kind == "order" else None,
    )


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    scope = claims.get("scope", "")
    return frozenset(scope.split() if isinstance(scope, str) else map(str, scope))


class Issuer:
    """Signs tokens with an Ed25519 key of its own and publishes the public half."""

    def __init__(
        self,
        key: Ed25519PrivateKey,
        issuer: str,
        audience: str = "wareflow",
        *,
        clock: Clock = utc_now,
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._key = key
        self._clock = clock
        self._public: dict[str, Any] = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self.kid = _thumbprint(self._public)

    @classmethod
    def from_file(
        cls, path: Path, issuer: str, audience: str = "wareflow", *, clock: Clock = utc_now
    ) -> Self:
        """With the key in a PEM file, which is made, readable by its owner only, if missing."""
        return cls(_load_or_make(path), issuer, audience, clock=clock)

    def sign(
        self, subject: str, *, scopes: Sequence[str] = (), ttl: timedelta, **claims: object
    ) -> str:
        """A token for `subject`; `kind=` and `order_id=` are given as claims."""
        now = int(self._clock().timestamp())
        payload: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "exp": now + int(ttl.total_seconds()),
            **({"scope": " ".join(scopes)} if scopes else {}),
            **{name: str(v) if isinstance(v, UUID) else v for name, v in claims.items()},
        }
        return jwt.encode(payload, self._key, algorithm="EdDSA", headers={"kid": self.kid})

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWKS document."""
        return {"keys": [{**self._public, "kid": self.kid, "use": "sig", "alg": "EdDSA"}]}

    def trusted(self, *kinds: PrincipalKind) -> TrustedIssuer:
        """This issuer as one that is believed, for those kinds."""
        return TrustedIssuer(
            issuer=self.issuer, keys=self.jwks(), kinds=kinds, audience=self.audience
        )


def _thumbprint(public: dict[str, Any]) -> str:
    """The key's id by its content (RFC 7638)."""
    members = {name: public[name] for name in ("crv", "kty", "x")}
    digest = sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _load_or_make(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        raise WrongKey(f"{path} holds no private key in PEM form") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongKey(f"{path} holds no Ed25519 key")
    return key


def _make(path: Path) -> None:
    # Written beside and then linked: of two processes that start at once one wins, and nobody
    # ever reads half a key.
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, made = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    try:
        with os.fdopen(descriptor, "wb") as file:
            _ = file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with suppress(FileExistsError):
            os.link(made, path)
    finally:
        Path(made).unlink()
