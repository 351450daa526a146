"""What no event may ask, and what every event must mark."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.contract import ALL_EXAMPLES, SCHEMAS

_WORDS = """
    alien asylum birth birthplace citizen citizenship deportation dreamer ethnicity green_card
    immigrant immigration itin legal_status migrant migration national_id national_origin nationality
    naturalised naturalization naturalized noncitizen passport race refugee religion religious
    residency residence_permit ssn social_security tax_id undocumented visa work_permit
    country_of_birth place_of_birth birth_place birth_date date_of_birth a_number mother_tongue
"""
LEGAL_STATUS = frozenset(_WORDS.split())
"""Names, whole or as a word of a longer name. A citizen is anyone who lives or works in a city."""

LONGEST_UNMARKED = 300
MARKS = {"words", "place"}
STRINGS_BY_RULE = ("pattern", "enum", "const", "format")


def walk(schema: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object inside a schema with its JSON Pointer."""
    if isinstance(schema, dict):
        yield at, schema
        for name, inner in schema.items():
            yield from walk(inner, f"{at}/{name}")
    elif isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from walk(inner, f"{at}/{number}")


def asks_for_legal_status(name: str) -> bool:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_").lower()
    return any(f"_{banned}_" in f"_{words}_" for banned in LEGAL_STATUS)


def free_text_without_mark(node: dict[str, Any]) -> bool:
    bounded = node.get("maxLength", LONGEST_UNMARKED + 1) <= LONGEST_UNMARKED
    ruled = any(keyword in node for keyword in STRINGS_BY_RULE)
    return (
        node.get("type") == "string" and not (bounded or ruled) and node.get("x-personal-data") not in MARKS
    )


SCHEMA = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=[s["title"] for s in SCHEMAS.values()])


@SCHEMA
def test_no_field_and_no_value_asks_for_a_legal_status(schema: dict[str, Any]) -> None:
    for at, node in walk(schema):
        names = [*node.get("properties", {}), *map(str, node.get("enum", []))]
        assert [name for name in names if asks_for_legal_status(name)] == [], at


def test_no_attribute_of_the_envelope_asks_for_a_legal_status() -> None:
    attributes = {name for event in ALL_EXAMPLES.values() for name in event}
    assert not [name for name in attributes if asks_for_legal_status(name)]


@pytest.mark.parametrize(
    ("name", "banned"),
    [
        ("citizenship", True),
        ("applicantCitizenship", True),
        ("visa_type", True),
        ("reporter-ssn", True),
        ("country_of_birth", True),
        ("legal_status", True),
        ("local_status", False),
        ("advisability", False),
        ("category", False),
        ("trace", False),
    ],
)
def test_the_deny_list_bites_on_words_not_on_letters(name: str, *, banned: bool) -> None:
    assert asks_for_legal_status(name) is banned


@SCHEMA
def test_free_text_is_marked_as_personal(schema: dict[str, Any]) -> None:
    """A string that nothing rules and that may exceed 300 characters can hold a person's words."""
    assert [at for at, node in walk(schema) if free_text_without_mark(node)] == []


@pytest.mark.parametrize(
    ("node", "caught"),
    [
        ({"type": "string"}, True),
        ({"type": "string", "maxLength": 301}, True),
        ({"type": "string", "maxLength": 4000, "x-personal-data": "maybe"}, True),
        ({"type": "string", "maxLength": 4000, "x-personal-data": "words"}, False),
        ({"type": "string", "maxLength": 300}, False),
        ({"type": "string", "pattern": "^x$"}, False),
        ({"type": "integer"}, False),
    ],
)
def test_the_rule_on_free_text_bites(node: dict[str, Any], *, caught: bool) -> None:
    assert free_text_without_mark(node) is caught


@SCHEMA
def test_marks_are_of_a_known_kind(schema: dict[str, Any]) -> None:
    marks = [node["x-personal-data"] for _, node in walk(schema) if "x-personal-data" in node]
    assert set(marks) <= MARKS


@SCHEMA
def test_every_text_list_and_number_has_bounds(schema: dict[str, Any]) -> None:
    """What has no bound can overflow a 64-bit integer or a document."""
    for at, node in walk(schema):
        match node.get("type"):
            case "string":
                assert node.keys() & {"maxLength", "enum", "const", "format", "pattern"}, at
            case "array":
                assert "maxItems" in node, at
            case "integer" | "number":
                assert "const" in node or {"minimum", "maximum"} <= node.keys(), at
