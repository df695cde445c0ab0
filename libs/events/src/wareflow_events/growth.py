"""The rules of growth between two JSON Schemas of one event.

Readers ignore fields they do not know and writers send only what is declared, so an optional
field may be added, anywhere. Every other difference that a validator could notice is a breach:
it keeps new readers from old events, or old readers from new ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

OLD_EVENTS = "events from before could not be read, or would mean something else"
OLD_READERS = "readers from before could not read the new events"
BOTH = f"{OLD_EVENTS}; {OLD_READERS}"

_WORDS = {"title", "description", "examples", "deprecated", "$comment"}
"""What only people read may change."""
_WALKED = {"$ref", "$defs", "properties", "required", "items", "additionalProperties", "enum"}
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Breach:
    """A change that is not growth."""

    where: str
    what: str
    why: str

    def __str__(self) -> str:
        """One line, as the command prints it."""
        return f"{self.where}: {self.what} ({self.why})"


def breaches(old: Schema, new: Schema, *, where: str) -> list[Breach]:
    """All breaches from the root on; `where` is put before the path."""
    comparison = _Comparison(old, new)
    comparison.compare(old, new, where)
    return comparison.found


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new
        self._walked: set[tuple[str, str]] = set()
        self.found: list[Breach] = []

    def compare(self, old: Schema, new: Schema, where: str) -> None:
        """Compare two schemas in their places, following references."""
        ways = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(ways):
            if ways in self._walked:
                return
            self._walked.add(ways)
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        self._values(old, new, where)
        self._fields(old, new, where)
        for keyword in _LISTS:
            self._members(old.get(keyword, ()), new.get(keyword, ()), where)
        for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
            self._inner(old.get(keyword), new.get(keyword), f"{where}{mark}")

    def _breach(self, where: str, what: str, why: str) -> None:
        self.found.append(Breach(where, what, why))

    def _values(self, old: Schema, new: Schema, where: str) -> None:
        self._enum(old, new, where)
        exact = (old.keys() | new.keys()) - _WORDS - _WALKED - set(_LISTS)
        for keyword in sorted(exact):
            was, is_ = old.get(keyword, _NOTHING), new.get(keyword, _NOTHING)
            if was != is_:
                why = OLD_EVENTS if keyword == "default" else BOTH
                self._breach(where, f"{keyword} was {_shown(was)}, is {_shown(is_)}", why)

    def _enum(self, old: Schema, new: Schema, where: str) -> None:
        if ("enum" in old) != ("enum" in new):
            what = "is limited to certain values now" if "enum" in new else "may have any value now"
            self._breach(where, what, OLD_EVENTS if "enum" in new else OLD_READERS)
            return
        was, is_ = old.get("enum", ()), new.get("enum", ())
        for value in (value for value in is_ if value not in was):
            self._breach(where, f"may be {value!r} now", OLD_READERS)
        for value in (value for value in was if value not in is_):
            self._breach(where, f"may not be {value!r} any more", OLD_EVENTS)

    def _fields(self, old: Schema, new: Schema, where: str) -> None:
        was, is_ = _properties(old), _properties(new)
        had_to, has_to = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(was.keys() | is_.keys()):
            at = f"{where}.{name}"
            if name not in is_:
                self._breach(at, "was removed", OLD_READERS)
            elif name not in was:
                if name in has_to:
                    self._breach(at, "is new and required; give it a default", OLD_EVENTS)
            else:
                if name in has_to - had_to:
                    self._breach(at, "is required now", OLD_EVENTS)
                if name in had_to - has_to:
                    self._breach(at, "is not required any more", OLD_READERS)
                self.compare(was[name], is_[name], at)

    def _members(self, old: Sequence[Schema], new: Sequence[Schema], where: str) -> None:
        if len(old) != len(new):
            was, is_ = (" or ".join(map(_kind, several)) or "one kind" for several in (old, new))
            self._breach(where, f"was {was}, is {is_}", BOTH)
            return
        for was_one, is_one in zip(old, new, strict=True):
            self.compare(was_one, is_one, where)

    def _inner(self, old: Any, new: Any, where: str) -> None:
        if _is_schema(old) and _is_schema(new):
            self.compare(old, new, where)
        elif old != new:
            self._breach(where, f"was {_shown(old)}, is {_shown(new)}", BOTH)


def _is_schema(value: object) -> bool:
    return isinstance(value, Mapping)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema that a reference leads to, with what stands beside the reference."""
    while "$ref" in schema:
        beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = {**target, **beside}
    return schema


def _properties(schema: Schema) -> Mapping[str, Schema]:
    return schema.get("properties", {})


def _kind(schema: Schema) -> str:
    return str(schema.get("type") or schema.get("$ref", "something").split("/")[-1])


def _shown(value: object) -> str:
    return "nothing" if value is _NOTHING or value is None else repr(value)
