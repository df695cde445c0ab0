"""What counts as growth of a schema, and what does not."""

import copy
from collections.abc import Callable
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from wareflow_events.growth import OLD_EVENTS, OLD_READERS, breaches
from wareflow_events.schemas.shapes import Money

Schema = dict[str, Any]


class Line(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    price: Money | None = None


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


class Base(BaseModel):
    id: str
    state: Literal["open", "closed"] = "open"
    note: str = ""
    code: str = Field(default="x", pattern="^x", max_length=9)
    lines: list[Line] = []
    labels: dict[str, str] = {}
    total: Money
    tree: Tree | None = None


BASE = Base.model_json_schema()


def changed(**fields: Any) -> Schema:
    """The base with some fields declared otherwise (None: removed)."""
    kept: dict[str, Any] = {n: (info.annotation, info) for n, info in Base.model_fields.items()}
    kept |= fields
    declared: Any = {name: field for name, field in kept.items() if field is not None}
    return create_model("Base", **declared).model_json_schema()


def found(new: Schema, old: Schema = BASE) -> list[tuple[str, str, str]]:
    return [(b.where, b.what, b.why) for b in breaches(old, new, where="e")]


def test_a_schema_is_compatible_with_itself() -> None:
    assert found(copy.deepcopy(BASE)) == []


def test_an_optional_field_may_be_added() -> None:
    assert found(changed(more=(int, 0), price=(Money | None, None), on=(dict[str, Line], {}))) == []


def test_an_optional_field_may_be_added_deep_inside() -> None:
    class Line(BaseModel):
        sku: str
        quantity: int = Field(ge=1)
        price: Money | None = None
        colour: str | None = None

    assert found(changed(lines=(list[Line], []))) == []


def test_words_may_change() -> None:
    new = copy.deepcopy(BASE)
    new["description"] = "Says it better."
    new["properties"]["id"] |= {"title": "The Id", "examples": ["a"], "description": "which"}
    assert found(new) == []


BREACHES: list[tuple[dict[str, Any], str, str | None, str | None]] = [
    ({"more": (int, ...)}, "e.more", "is new and required; give it a default", OLD_EVENTS),
    ({"note": None}, "e.note", "was removed", OLD_READERS),
    ({"id": None}, "e.id", "was removed", OLD_READERS),
    ({"note": (str, ...)}, "e.note", "is required now", OLD_EVENTS),
    ({"id": (str, "")}, "e.id", "is not required any more", OLD_READERS),
    ({"note": (str, "?")}, "e.note", "default was '', is '?'", OLD_EVENTS),
    ({"id": (int, ...)}, "e.id", "type was 'string', is 'integer'", None),
    ({"id": (str | None, ...)}, "e.id", "type was 'string', is nothing", None),
    ({"total": (Money | None, ...)}, "e.total", "was one kind, is Money or null", None),
    ({"tree": (Tree, None)}, "e.tree", "was Tree or null, is one kind", None),
    ({"state": (Literal["open"], "open")}, "e.state", "const was nothing, is 'open'", None),
    (
        {"state": (Literal["open", "closed", "lost"], "open")},
        "e.state",
        "may be 'lost' now",
        OLD_READERS,
    ),
    (
        {"state": (Literal["open", "shut"], "open")},
        "e.state",
        "may not be 'closed' any more",
        OLD_EVENTS,
    ),
    ({"state": (str, "open")}, "e.state", "may have any value now", OLD_READERS),
    (
        {"note": (Literal["", "a"], "")},
        "e.note",
        "is limited to certain values now",
        OLD_EVENTS,
    ),
    (
        {"code": (str, Field("x", pattern="^y", max_length=9))},
        "e.code",
        "pattern was '^x', is '^y'",
        None,
    ),
    (
        {"code": (str, Field("x", pattern="^x", max_length=10))},
        "e.code",
        "maxLength was 9, is 10",
        None,
    ),
    (
        {"code": (str, Field("x", pattern="^x", max_length=8))},
        "e.code",
        "maxLength was 9, is 8",
        None,
    ),
    ({"code": (str, Field("x", pattern="^x"))}, "e.code", "maxLength was 9, is nothing", None),
    ({"labels": (dict[str, int], {})}, "e.labels{}", "type was 'string', is 'integer'", None),
    ({"labels": (dict[str, Any], {})}, "e.labels{}", None, None),
    ({"lines": (list[Any], [])}, "e.lines[]", None, None),
    ({"lines": (list[Money], [])}, "e.lines[].sku", "was removed", OLD_READERS),
]


@pytest.mark.parametrize(("fields", "where", "what", "why"), BREACHES)
def test_what_is_not_growth_is_told_with_its_place_and_why(
    fields: dict[str, Any], where: str, what: str | None, why: str | None
) -> None:
    told = found(changed(**fields))
    assert [t for t in told if t[0] == where and what in (None, t[1]) and why in (None, t[2])], told


def test_a_breach_inside_a_shape_is_found_and_told_once() -> None:
    class Line(BaseModel):
        sku: int
        quantity: int = Field(ge=0)
        price: Money | None = None

    assert [t[:2] for t in found(changed(lines=(list[Line], [])))] == [
        ("e.lines[].quantity", "minimum was 1, is 0"),
        ("e.lines[].sku", "type was 'string', is 'integer'"),
    ]


def test_a_shape_that_contains_itself_is_walked_once() -> None:
    class Tree(BaseModel):
        name: int
        children: list["Tree"] = []

    told = found(changed(tree=(Tree | None, None)))
    assert [t[0] for t in told] == ["e.tree.name"]


def test_a_shape_may_be_renamed() -> None:
    class OrderLine(BaseModel):
        sku: str
        quantity: int = Field(ge=1)
        price: Money | None = None

    assert found(changed(lines=(list[OrderLine], []))) == []


def test_a_keyword_that_nobody_thought_of_is_a_breach() -> None:
    new = copy.deepcopy(BASE)
    new["properties"]["id"]["not"] = {"const": ""}
    assert found(new) == [("e.id", "not was nothing, is {'const': ''}", found(new)[0][2])]


def test_a_breach_is_one_line() -> None:
    [breach] = breaches(BASE, changed(note=None), where="e")
    assert str(breach) == f"e.note: was removed ({OLD_READERS})"


# --- whatever is called growth is: old readers read new events, and new readers old ones ---

SCALARS: list[Schema] = [
    {"type": "string"},
    {"type": "integer"},
    {"type": "boolean"},
    {"type": "string", "enum": ["a", "b"]},
    {"type": "integer", "minimum": 0},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
]


def objects_of(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    fields = st.dictionaries(st.sampled_from("abcd"), st.tuples(inner, st.booleans()), max_size=4)
    return fields.map(
        lambda found: {
            "type": "object",
            "properties": {name: schema for name, (schema, _) in found.items()},
            "required": [name for name, (_, required) in found.items() if required],
        }
    )


values = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        inner.map(lambda s: {"type": "array", "items": s}),
        inner.map(lambda s: {"type": "object", "additionalProperties": s}),
        objects_of(inner),
        inner.map(lambda s: {"anyOf": [s, {"type": "null"}]}),
    ),
    max_leaves=6,
)


def instances(schema: Schema) -> st.SearchStrategy[Any]:
    """What a writer of the schema may send: declared fields only."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([instances(s) for s in schema["anyOf"]])
    plain: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "string": lambda: st.text(max_size=3),
        "integer": lambda: st.integers(min_value=schema.get("minimum")),
        "boolean": st.booleans,
        "null": st.none,
        "array": lambda: st.lists(instances(schema["items"]), max_size=2),
    }
    if schema["type"] in plain:
        return plain[schema["type"]]()
    if "additionalProperties" in schema:
        inner = instances(schema["additionalProperties"])
        return st.dictionaries(st.text(max_size=2), inner, max_size=2)
    required = {n: instances(s) for n, s in schema["properties"].items() if n in schema["required"]}
    optional = {n: instances(s) for n, s in schema["properties"].items() if n not in required}
    return st.fixed_dictionaries(required, optional=optional)


@settings(max_examples=150)
@given(st.data())
def test_across_growth_everybody_reads_everything(data: st.DataObject) -> None:
    old = data.draw(objects_of(values))
    new = copy.deepcopy(old)
    for _ in range(data.draw(st.integers(0, 2))):
        spot = data.draw(st.sampled_from(spots(new)))
        mutate(data, spot)
    if breaches(old, new, where="e"):
        return
    jsonschema.validate(data.draw(instances(old)), new)
    jsonschema.validate(data.draw(instances(new)), old)


def spots(schema: Schema) -> list[Schema]:
    """The schema and all within it."""
    found = [schema]
    for inner in [
        *schema.get("properties", {}).values(),
        *schema.get("anyOf", []),
        *(schema[k] for k in ("items", "additionalProperties") if k in schema),
    ]:
        found += spots(inner)
    return found


def mutate(data: st.DataObject, schema: Schema) -> None:
    """Change one thing, be it growth or not."""
    if "properties" in schema and data.draw(st.booleans()):
        name = data.draw(st.sampled_from("abcdef"))
        what = data.draw(st.sampled_from(["add", "remove", "require", "release"]))
        known = name in schema["properties"]
        if what == "add" and not known:
            schema["properties"][name] = copy.deepcopy(data.draw(st.sampled_from(SCALARS)))
        elif what == "remove" and known:
            del schema["properties"][name]
            schema["required"] = [n for n in schema["required"] if n != name]
        elif what == "require" and known:
            schema["required"] = sorted({*schema["required"], name})
        elif what == "release":
            schema["required"] = [n for n in schema["required"] if n != name]
        return
    replacement = copy.deepcopy(data.draw(st.sampled_from(SCALARS)))
    if "properties" not in schema:
        schema.clear()
        schema.update(replacement)
