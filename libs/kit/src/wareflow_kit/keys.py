"""Key sets: the public keys of an issuer, from a document, a file or an https address."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from urllib.parse import urlsplit

import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

if TYPE_CHECKING:
    import httpx

ALGORITHMS: Final = frozenset({"EdDSA", "RS256", "ES256"})

log = structlog.get_logger(__name__)


class NoKeySet(ValueError):
    """The document is no JWKS."""


class KeySet(Protocol):
    """Public keys by id."""

    def find(self, kid: str | None) -> PyJWK | None:
        """The key of that id; the only one when the token names none."""
        ...

    @property
    def stale(self) -> bool:
        """Whether `refresh` is due."""
        ...

    async def refresh(self) -> None:
        """Fetch the keys anew, unless that was done a moment ago; keeps the old on a fault."""
        ...


def key_set(source: str | Mapping[str, Any]) -> KeySet:
    """Keys from a JWKS document, an https address (http on this machine only) or a file path."""
    if not isinstance(source, str):
        return FixedKeys(source)
    if source.lstrip().startswith("{"):
        return FixedKeys(json.loads(source))
    if source.startswith(("https://", "http://")):
        return RemoteKeys(source)
    return FileKeys(Path(source))


def read_jwks(document: object) -> dict[str | None, PyJWK]:
    """Keys of a JWKS that may verify signatures; others in it are passed over.

    `NoKeySet` when it is no JWKS at all.
    """
    entries = cast("dict[str, Any]", document).get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise NoKeySet("there is no list of keys in it")
    keys: dict[str | None, PyJWK] = {}
    for entry in cast("list[Any]", entries):
        try:
            key = PyJWK(entry)
            usable = entry.get("use", "sig") == "sig" and key.algorithm_name in ALGORITHMS
        except (PyJWTError, AttributeError, TypeError, ValueError) as error:
            log.warning("keys.passed_over", error=repr(error))
            continue
        if usable:
            keys[key.key_id] = key
    return keys


class FixedKeys:
    """A document given at start."""

    stale = False

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._keys = read_jwks(dict(document))

    def find(self, kid: str | None) -> PyJWK | None:
        """See `KeySet.find`."""
        return _find(self._keys, kid)

    async def refresh(self) -> None:
        """Nothing to do."""


class FileKeys:
    """A file, read again when it was changed (looked at once a second at most)."""

    stale = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._looked = float("-inf")
        self._keys: dict[str | None, PyJWK] = {}

    def find(self, kid: str | None) -> PyJWK | None:
        """See `KeySet.find`."""
        if time.monotonic() - self._looked >= 1:
            self._look()
        return _find(self._keys, kid)

    async def refresh(self) -> None:
        """Look at the file now."""
        self._look()

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp != self._stamp:
                self._keys = read_jwks(json.loads(self._path.read_bytes()))
                self._stamp = stamp
        except (OSError, ValueError) as error:
            log.warning("keys.unreadable", path=str(self._path), error=repr(error))


class RemoteKeys:
    """An https address; what it said is kept, and asked for again every `max_age` seconds."""

    def __init__(
        self,
        url: str,
        *,
        max_age: float = 600,
        min_interval: float = 10,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError(f"keys come over https: {url}")
        self._url = url
        self._max_age = max_age
        self._min_interval = min_interval
        self._transport = transport
        self._asked = float("-inf")
        self._fetched = float("-inf")
        self._keys: dict[str | None, PyJWK] = {}
        self._turn = asyncio.Lock()

    @property
    def stale(self) -> bool:
        """See `KeySet.stale`."""
        return time.monotonic() - self._fetched > self._max_age

    def find(self, kid: str | None) -> PyJWK | None:
        """See `KeySet.find`."""
        return _find(self._keys, kid)

    async def refresh(self) -> None:
        """See `KeySet.refresh`."""
        async with self._turn:
            if time.monotonic() - self._asked < self._min_interval:
                return
            self._asked = time.monotonic()
            try:
                self._keys = read_jwks(await self._fetch())
                self._fetched = time.monotonic()
            except (OSError, ValueError) as error:
                log.warning("keys.unreachable", url=self._url, error=repr(error))

    async def _fetch(self) -> dict[str, Any]:
        import httpx

        try:
            async with httpx.AsyncClient(timeout=5, transport=self._transport) as client:
                answer = await client.get(self._url)
                return answer.raise_for_status().json()
        except httpx.HTTPError as error:
            raise ConnectionError(repr(error)) from error


def _find(keys: Mapping[str | None, PyJWK], kid: str | None) -> PyJWK | None:
    if kid is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(kid)
