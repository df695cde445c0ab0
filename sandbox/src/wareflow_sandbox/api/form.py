"""Form-encoded bodies and query strings with nested brackets, as Stripe's clients send them."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import cast
from urllib.parse import parse_qsl

from wareflow_sandbox.model.errors import BadParameter

Pairs = list[tuple[str, str]]
Nested = dict[str, "str | Nested"]

MAX_PAIRS = 1000
MAX_DEPTH = 6

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")


def pairs_of(text: bytes) -> Pairs:
    """Names and values in the order they were sent; `BadParameter` for what is no form."""
    try:
        return parse_qsl(
            text.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_PAIRS
        )
    except ValueError as error:
        raise BadParameter(f"Invalid request: the form cannot be read: {error}") from error


def nested(pairs: Iterable[tuple[str, str]]) -> Nested:
    """`a[b][c]=1`, `d[]=2`, `d[0]=2` as dictionaries; lists stay dictionaries keyed by position,
    since `metadata[0]` looks just like one."""
    root: Nested = {}
    for name, value in pairs:
        *way, last = _path(name)
        node = root
        for key in way:
            below = node.setdefault(key or str(len(node)), {})
            if isinstance(below, str):
                raise BadParameter(f"Invalid parameter: {name} is given twice.", param=name)
            node = below
        node[last or str(len(node))] = value
    return root


def _path(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    keys = _KEY.findall(match[2]) if match else []
    if match is None or len(keys) > MAX_DEPTH:
        raise BadParameter(f"Invalid parameter name: {name[:100]}")
    return [match[1], *keys]


def positions(value: object) -> object:
    """A dictionary keyed by 0, 1, 2 .. as a list; anything else as it is, for others to refuse."""
    if value == "":
        return []
    if not isinstance(value, Mapping):
        return value
    entries = cast("Mapping[str, object]", value)
    if not all(key.isdecimal() for key in entries):
        return entries
    return [entries[key] for key in sorted(entries, key=int)]


def fingerprint(pairs: Pairs) -> str:
    """A digest of the parameters, whatever their order."""
    digest = hashlib.sha256()
    for name, value in sorted(pairs):
        digest.update(f"{len(name)}:{name}={len(value)}:{value};".encode())
    return digest.hexdigest()
