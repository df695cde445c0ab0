"""Records that are broken, each in one way, with what has to become of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID, uuid4

from tests.hostile.noise import anything, deep

from wareflow_events.broker import Record
from wareflow_events.ids import new_id, time_of

Headers = tuple[tuple[str, bytes], ...]


class Must(StrEnum):
    """What has to become of a record, wherever its topic is heard."""

    DIE = "die"
    """It is no event at all: a dead letter in every group."""
    DIE_WHERE_HANDLED = "die where handled"
    """A dead letter where its type is handled, skipped elsewhere."""
    BE_SKIPPED = "be skipped"
    """Nobody knows its type."""
    HAVE_A_FATE = "have a fate"
    """Anything but being lost."""


@dataclass(frozen=True, slots=True)
class Break:
    """A way of breaking a good record."""

    name: str
    must: Must
    make: Callable[[Record, Random], Record]


def _json(record: Record) -> dict[str, Any]:
    return json.loads(record.value)


def _with_value(record: Record, value: object) -> Record:
    return replace(record, value=json.dumps(value).encode())


def _with_header(record: Record, name: str, value: bytes | None) -> Record:
    others: Headers = tuple(pair for pair in record.headers if pair[0] != name)
    return replace(record, headers=others if value is None else (*others, (name, value)))


def _header(record: Record, name: str) -> str:
    return dict(record.headers)[name].decode()


def _bytes(data: bytes) -> Callable[[Record, Random], Record]:
    return lambda record, _: replace(record, value=data)


def _key(key: bytes) -> Callable[[Record, Random], Record]:
    return lambda record, _: replace(record, key=key)


def _ce(name: str, value: bytes | None) -> Callable[[Record, Random], Record]:
    return lambda record, _: _with_header(record, name, value)


def _long_key(record: Record, rng: Random) -> Record:
    return replace(record, key=rng.randbytes(6_000).hex().encode())


def _no_key_field(record: Record, _: Random) -> Record:
    key = record.key.decode()
    return _with_value(record, {n: v for n, v in _json(record).items() if str(v).lower() != key})


def _junk_in_a_field(record: Record, rng: Random) -> Record:
    value = _json(record)
    value[rng.choice(list(value))] = anything(rng)
    return _with_value(record, value)


def _without_a_field(record: Record, rng: Random) -> Record:
    value = _json(record)
    _ = value.pop(rng.choice(list(value)))
    return _with_value(record, value)


def _more_fields(record: Record, rng: Random) -> Record:
    return _with_value(record, {**_json(record), "tomorrow": anything(rng), "__class__": "x"})


def _in_a_field(junk: str) -> Callable[[Record, Random], Record]:
    def make(record: Record, rng: Random) -> Record:
        value = _json(record)
        marked = json.dumps({**value, rng.choice(list(value)): "here"})
        return replace(record, value=marked.replace('"here"', junk, 1).encode())

    return make


def _deep_stranger(record: Record, _: Random) -> Record:
    return replace(record, value=record.value[:-1] + b', "x": ' + deep(50_000).encode() + b"}")


def _huge(record: Record, _: Random) -> Record:
    return _with_value(record, {**_json(record), "x": "x" * 900_000})


def _nul_everywhere(record: Record, _: Random) -> Record:
    value = _json(record)
    words = {name: f"{v}\x00" for name, v in value.items() if isinstance(v, str) and "-" not in v}
    return _with_value(record, {**value, **words})


def _truncated(record: Record, rng: Random) -> Record:
    return replace(record, value=record.value[: rng.randrange(1, len(record.value))])


def _twice(record: Record, _: Random) -> Record:
    return replace(record, value=record.value[:-1] + b', "' + b'x": 1, "x": 2}')


def _headers_twice(record: Record, _: Random) -> Record:
    return replace(record, headers=record.headers + record.headers)


def _old(record: Record, _: Random) -> Record:
    made = time_of(UUID(_header(record, "ce_id"))) - timedelta(days=40)
    return _with_header(record, "ce_id", str(new_id(at=made)).encode())


def _from_the_far_future(record: Record, _: Random) -> Record:
    return _with_header(record, "ce_id", b"dfffffff-ffff-7fff-bfff-" + uuid4().hex[:12].encode())


def _beyond_all_years(record: Record, _: Random) -> Record:
    return _with_header(record, "ce_id", b"ffffffff-ffff-7fff-bfff-" + uuid4().hex[:12].encode())


def _type(change: Callable[[list[str]], list[str]]) -> Callable[[Record, Random], Record]:
    def make(record: Record, _: Random) -> Record:
        parts = change(_header(record, "ce_type").split("."))
        return _with_header(record, "ce_type", ".".join(parts).encode())

    return make


BREAKS: tuple[Break, ...] = (
    Break("no value", Must.DIE_WHERE_HANDLED, _bytes(b"")),
    Break("not JSON", Must.DIE_WHERE_HANDLED, _bytes(b"hello")),
    Break("not UTF-8", Must.DIE_WHERE_HANDLED, _bytes(b'{"a": "\xff\xfe"}')),
    Break("UTF-16", Must.DIE_WHERE_HANDLED, _bytes('{"a": 1}'.encode("utf-16"))),
    Break("a list", Must.DIE_WHERE_HANDLED, _bytes(b"[]")),
    Break("null", Must.DIE_WHERE_HANDLED, _bytes(b"null")),
    Break("deep", Must.DIE_WHERE_HANDLED, _bytes(deep(100_000).encode())),
    Break("cut off", Must.DIE_WHERE_HANDLED, _truncated),
    Break("deep in an unknown field", Must.HAVE_A_FATE, _deep_stranger),
    Break("deep in a field", Must.HAVE_A_FATE, _in_a_field(deep(5_000))),
    Break("a lone surrogate", Must.HAVE_A_FATE, _in_a_field('"\\ud800"')),
    Break("a NUL", Must.HAVE_A_FATE, _in_a_field('"a\\u0000b"')),
    Break("NULs everywhere", Must.HAVE_A_FATE, _nul_everywhere),
    Break("NaN", Must.HAVE_A_FATE, _in_a_field("NaN")),
    Break("a huge number", Must.HAVE_A_FATE, _in_a_field("9" * 5_000)),
    Break("a huge exponent", Must.HAVE_A_FATE, _in_a_field("1e999999")),
    Break("anything in a field", Must.HAVE_A_FATE, _junk_in_a_field),
    Break("a field less", Must.HAVE_A_FATE, _without_a_field),
    Break("no key inside", Must.DIE_WHERE_HANDLED, _no_key_field),
    Break("unknown fields", Must.HAVE_A_FATE, _more_fields),
    Break("a field twice", Must.HAVE_A_FATE, _twice),
    Break("almost a megabyte", Must.HAVE_A_FATE, _huge),
    Break("another key", Must.DIE_WHERE_HANDLED, _key(b"somebody-else")),
    Break("no key", Must.DIE_WHERE_HANDLED, _key(b"")),
    Break("a key with a NUL", Must.DIE_WHERE_HANDLED, _key(b"a\x00b")),
    Break("a key that is not UTF-8", Must.DIE, _key(b"\xff\xfe")),
    Break("an endless key", Must.DIE, _long_key),
    Break("no headers", Must.DIE, lambda record, _: replace(record, headers=())),
    Break("headers twice", Must.HAVE_A_FATE, _headers_twice),
    *(
        Break(f"no {name}", Must.DIE, _ce(name, None))
        for name in ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time")
    ),
    Break("another specversion", Must.DIE, _ce("ce_specversion", b"2.0")),
    Break("a header that is not UTF-8", Must.DIE, _ce("ce_source", b"\xff")),
    Break("an id that is none", Must.DIE, _ce("ce_id", b"evt_1")),
    Break("the id of all", Must.DIE, _ce("ce_id", b"00000000-0000-0000-0000-000000000000")),
    Break("a random id", Must.DIE, lambda r, _: _with_header(r, "ce_id", str(uuid4()).encode())),
    Break("an old id", Must.DIE_WHERE_HANDLED, _old),
    Break("an id of the far future", Must.HAVE_A_FATE, _from_the_far_future),
    Break("an id beyond all years", Must.DIE, _beyond_all_years),
    Break("a time that is none", Must.DIE, _ce("ce_time", b"yesterday")),
    Break("a time without a zone", Must.DIE, _ce("ce_time", b"2026-01-01T00:00:00")),
    Break("the first time", Must.HAVE_A_FATE, _ce("ce_time", b"0001-01-01T00:00:00+14:00")),
    Break("the last time", Must.HAVE_A_FATE, _ce("ce_time", b"9999-12-31T23:59:59-12:00")),
    Break("a sequence that is none", Must.DIE, _ce("ce_sequence", b"first")),
    Break("an endless sequence", Must.DIE, _ce("ce_sequence", b"9" * 400)),
    Break("a negative sequence", Must.DIE, _ce("ce_sequence", b"-1")),
    Break("a trace that is none", Must.HAVE_A_FATE, _ce("traceparent", b"00-zz-\x00-01")),
    Break("an unknown type", Must.BE_SKIPPED, _type(lambda p: [*p[:3], "exploded", "v1"])),
    Break("a type with a NUL", Must.BE_SKIPPED, _type(lambda p: [*p[:3], "\x00", "v1"])),
    Break("a version of tomorrow", Must.BE_SKIPPED, _type(lambda p: [*p[:4], "v9"])),
    Break("another service's type", Must.DIE, _type(lambda p: ["wareflow", "nobody", *p[2:]])),
    Break("another topic's type", Must.DIE, _type(lambda p: [*p[:2], "nothing", *p[3:]])),
)
