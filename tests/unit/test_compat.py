"""Given a published schema, when it changes so, then these old events or old readers break."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from events.compat import breaking_changes
from events.generate import artefacts, schema
from events.registry import EVENT_TYPES

EVENT, READER = "an old event may not fit", "an old reader may refuse a new event"


def properties(required: tuple[str, ...] = (), **fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required)}


TEXT: dict[str, Any] = {"type": "string", "maxLength": 10}
OPTIONAL: dict[str, Any] = {"anyOf": [TEXT, {"type": "null"}], "default": None}

HARMLESS = {
    "nothing changed": (TEXT, TEXT),
    "a description": (TEXT, {**TEXT, "description": "new words", "title": "T", "examples": ["x"]}),
    "a mark": (TEXT, {**TEXT, "x-personal-data": "words"}),
    "a new optional field": (properties(a=TEXT), properties(a=TEXT, b=OPTIONAL)),
    "another order": (properties(("a", "b"), a=TEXT, b=TEXT), properties(("b", "a"), b=TEXT, a=TEXT)),
    "values in another order": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
    "a const that becomes an enum of one": ({"const": "a"}, {"enum": ["a"]}),
    "a definition renamed": (
        {"$defs": {"A": TEXT}, **properties(a={"$ref": "#/$defs/A"})},
        {"$defs": {"B": TEXT}, **properties(a={"$ref": "#/$defs/B"})},
    ),
    "a definition inlined": (
        {"$defs": {"A": TEXT}, **properties(a={"$ref": "#/$defs/A"})},
        properties(a=TEXT),
    ),
}

BREAKING = {
    "removed": (properties(a=TEXT, b=TEXT), properties(a=TEXT), "/b: removed or renamed"),
    "renamed": (properties(a=TEXT), properties(b=TEXT), "/a: removed or renamed"),
    "new and required": (properties(), properties(("a",), a=TEXT), f"/a: newly required; {EVENT}"),
    "now required": (properties(a=TEXT), properties(("a",), a=TEXT), f"/a: newly required; {EVENT}"),
    "no longer required": (properties(("a",), a=TEXT), properties(a=TEXT), f"no longer required; {READER}"),
    "another type": (TEXT, {"type": "integer"}, f"/: no longer takes string; {EVENT}"),
    "may be null now": (properties(a=TEXT), properties(a=OPTIONAL), f"/a: now takes null; {READER}"),
    "never null now": (properties(a=OPTIONAL), properties(a=TEXT), f"/a: no longer takes null; {EVENT}"),
    "fewer values": ({"enum": ["a", "b"]}, {"enum": ["a"]}, f"takes fewer values; {EVENT}"),
    "more values": ({"enum": ["a"]}, {"enum": ["a", "b"]}, f"takes more values; {READER}"),
    "free text becomes values": (TEXT, {**TEXT, "enum": ["a"]}, f"takes fewer values; {EVENT}"),
    "values become free text": ({"const": "a"}, {}, f"takes more values; {READER}"),
    "shorter": (TEXT, {**TEXT, "maxLength": 9}, f"maxLength 10 became 9; {EVENT}"),
    "longer": (TEXT, {**TEXT, "maxLength": 11}, f"maxLength 10 became 11; {READER}"),
    "without bound": (TEXT, {"type": "string"}, f"maxLength 10 became None; {READER}"),
    "newly bounded": ({"type": "array"}, {"type": "array", "minItems": 1}, f"None became 1; {EVENT}"),
    "a higher minimum": ({"minimum": 0}, {"minimum": 1}, f"minimum 0 became 1; {EVENT}"),
    "a lower minimum": ({"minimum": 1}, {"minimum": 0}, f"minimum 1 became 0; {READER}"),
    "another pattern": ({"pattern": "a"}, {"pattern": "b"}, f"{EVENT}, or {READER}"),
    "a format": ({"type": "string"}, {"type": "string", "format": "date"}, "format None became 'date'"),
    "another default": ({"default": 1}, {"default": 2}, "default 1 became 2"),
    "closed to unknown fields": (properties(), {**properties(), "additionalProperties": False}, EVENT),
    "in an item": (
        {"type": "array", "items": properties(a=TEXT)},
        {"type": "array", "items": properties()},
        "/items/a: removed",
    ),
    "in a definition": (
        {"$defs": {"A": TEXT}, **properties(a={"$ref": "#/$defs/A"})},
        {"$defs": {"A": {"type": "integer"}}, **properties(a={"$ref": "#/$defs/A"})},
        "/a: no longer takes string",
    ),
    "in an optional field": (
        properties(a=OPTIONAL),
        properties(a={**OPTIONAL, "anyOf": [{**TEXT, "maxLength": 1}, {"type": "null"}]}),
        "/a: maxLength 10 became 1",
    ),
    "one of two objects": (
        {"anyOf": [properties(a=TEXT), properties(b=TEXT)]},
        {"anyOf": [properties(a=TEXT), properties(c=TEXT)]},
        "no longer takes",
    ),
}


@pytest.mark.parametrize(("old", "new"), HARMLESS.values(), ids=HARMLESS)
def test_it_lets_pass(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert breaking_changes(old, new) == []


@pytest.mark.parametrize(("old", "new", "says"), BREAKING.values(), ids=BREAKING)
def test_it_names(old: dict[str, Any], new: dict[str, Any], says: str) -> None:
    assert any(says in change for change in breaking_changes(old, new)), breaking_changes(old, new)


def test_it_understands_what_pydantic_writes() -> None:
    class Part(BaseModel):
        size: Annotated[int, Field(ge=0, le=9)]

    class Before(BaseModel):
        kind: Literal["a", "b"]
        parts: tuple[Part, ...] = ()

    class After(BaseModel):
        kind: Literal["a"]
        parts: tuple[Part, ...] = ()
        note: str | None = None

    changes = breaking_changes(Before.model_json_schema(), After.model_json_schema())
    assert changes == [f"/kind: takes fewer values; {EVENT}"]


@pytest.mark.parametrize("entry", EVENT_TYPES, ids=lambda entry: entry.name)
def test_no_schema_of_ours_breaks_itself(entry: Any) -> None:
    assert breaking_changes(schema(entry), schema(entry)) == []


def test_generation_is_deterministic() -> None:
    assert artefacts() == artefacts()
