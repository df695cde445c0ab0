"""Payloads from the frozen schemas: everything that a schema allows, sensible or not, by a seed."""

import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

from tests.hostile.noise import NUMBERS, TEXTS

from wareflow_events.compatibility import Document
from wareflow_events.ids import new_id

Schema = dict[str, Any]

_WORDS = (
    *("default", "active", "draft", "archived", "open", "ordered", "physical", "digital"),
    *("customer", "staff", "deadline", "payment_failed", "short_stock", "card", "card_declined"),
    *("EUR", "USD", "JPY", "DE", "US", "en", "de-DE", "Europe/Berlin", "grace@example.com"),
    *("Mug", "MUG-1", "https://example.com/a.jpg", "view_item", "purchase", "10115", "S", "Size"),
)
_TIMES = (
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-12:00", "2026-03-29T02:30:00", "1970-01-01T00:00:00Z"),
)


class Unforeseen(AssertionError):
    """A schema says something that is not made here yet."""


class Ids:
    """Few ids at a time, so that events meet; ever new ones, so that a poisoned one passes."""

    def __init__(self, rng: Random, now: datetime, *, alive: int = 64) -> None:
        self._rng = rng
        self._now = now
        self._alive = [self._fresh() for _ in range(alive)]

    def pick(self) -> str:
        """An id that others have, or soon will."""
        if self._rng.random() < 0.02:
            self._alive[self._rng.randrange(len(self._alive))] = self._fresh()
        return self._rng.choice(self._alive)

    def _fresh(self) -> str:
        return str(new_id(at=self._now))


class Values:
    """Makes payloads. With `wild`, one value in fifty is allowed and yet unheard of."""

    def __init__(self, rng: Random, now: datetime, *, wild: float = 0.02) -> None:
        self.rng = rng
        self.now = now
        self.ids = Ids(rng, now)
        self._wild = wild

    def payload(self, document: Document) -> dict[str, Any]:
        """A payload that the document's schema allows; its key is one that others share."""
        schema: Schema = document["schema"]
        made = cast("dict[str, Any]", self._value(schema, schema))
        key = document["key"]
        made[key] = self._key(key, schema["properties"][key])
        return made

    def _key(self, name: str, schema: Schema) -> str:
        return self.ids.pick() if schema.get("format") == "uuid" else f"{name}-{self.ids.pick()}"

    def _value(self, schema: Schema, root: Schema) -> Any:
        if "$ref" in schema:
            return self._value(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
        if "anyOf" in schema:
            return self._value(self.rng.choice(schema["anyOf"]), root)
        if "enum" in schema:
            return self.rng.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                return self._object(schema, root)
            case "array":
                return [self._value(schema["items"], root) for _ in range(self._length())]
            case "string":
                return self._text(schema)
            case "integer":
                return self._integer()
            case "number":
                return self.rng.choice(NUMBERS)
            case "boolean":
                return self.rng.random() < 0.5
            case "null":
                return None
            case _:
                raise Unforeseen(f"no value for {schema}")

    def _object(self, schema: Schema, root: Schema) -> dict[str, Any]:
        if "properties" not in schema:
            more = schema["additionalProperties"]
            return {self._text({}): self._value(more, root) for _ in range(self._length())}
        required = set(schema.get("required", ()))
        return {
            name: self._value(one, root)
            for name, one in schema["properties"].items()
            if name in required or self.rng.random() < 0.7
        }

    def _length(self) -> int:
        return 40 if self.rng.random() < self._wild / 4 else self.rng.choice((0, 1, 1, 2, 3))

    def _integer(self) -> int:
        if self.rng.random() < self._wild:
            return self.rng.choice([n for n in NUMBERS if isinstance(n, int)])
        return self.rng.randrange(0, 30)

    def _text(self, schema: Schema) -> str:
        match schema.get("format"):
            case "uuid":
                return self.ids.pick()
            case "date-time":
                return self._time()
            case None:
                pass
            case other:
                raise Unforeseen(f"no text of the format {other}")
        if "pattern" in schema:
            fitting = [word for word in _WORDS if re.search(schema["pattern"], word)]
            if not fitting:
                raise Unforeseen(f"no word fits {schema['pattern']}")
            return self.rng.choice(fitting)
        return self.rng.choice(TEXTS if self.rng.random() < self._wild else _WORDS)

    def _time(self) -> str:
        if self.rng.random() < self._wild / 2:
            return self.rng.choice(_TIMES)
        moment = self.now + timedelta(seconds=self.rng.randrange(-86_400, 86_400))
        return moment.astimezone(UTC).isoformat()
