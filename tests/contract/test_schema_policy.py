"""What no event may ask, and what every event must mark."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from events import scalars
from events.envelope import Event
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

MARKS = {"words", "place"}

RULED = {
    scalars.REF_PATTERN: "an id, without blanks or an at sign",
    scalars.SUBJECT_PATTERN: "an id, or a pseudonym",
    scalars.NAME_PATTERN: "a name that systems share",
    scalars.CITY_PATTERN: "the short name of a city or a round",
    scalars.EVENT_ID_PATTERN: "an id that systems make, without blanks",
    scalars.PSEUDONYM_PATTERN: "a pseudonym, which the city alone can resolve",
    scalars.LANG_PATTERN: "a language",
    scalars.DAY_PATTERN: "a day",
    scalars.CURRENCY_PATTERN: "a currency",
    scalars.MONEY_PATTERN: "an amount",
    scalars.AMOUNT_PATTERN: "an amount",
    scalars.QUANTITY_PATTERN: "a quantity",
    r"^[0-9a-f]{64}$": "a digest",
    r"^https?://\S+$": "an address on the web: what is erased is erased where it stands",
}
"""Why a text of this pattern is nobody's words. Any other pattern is asked for its reason here."""
FORMATS = {"date", "date-time"}


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


_CODES = """
    accessibility activity asset_type category code commitment criterion eligibility external_id needs
    neighbourhood_id notice obligations program_id project_id ranking requirements role_id rule selected
    service_code skills tasks_done themes
"""
_LABELS = """
    agency_responsible local_status milestone organisation service_name service_notice service_subtype
    asset.registered/name asset.updated/name ballot_round.opened/name ballot_round.opened/title
    grant_call.opened/label grant_call.opened/title practice.published/title result.created/title
"""
REASONS = {
    "a code of the city's own lists": frozenset(_CODES.split()),
    "a text that the city's staff or systems write": frozenset(_LABELS.split()),
}
"""Why a field that takes any text has no mark; one whose name alone does not say so stands with its type."""
NOBODYS_WORDS = frozenset[str]().union(*REASONS.values())
"""Whatever is not among these is a person's words."""

_REACH = "address addresses contact email emails fax mail mobile phone phones postcode sms street tel zip"
CONTACT = frozenset(_REACH.split())
"""Words in the name of a field that tells how to reach somebody."""


def properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field, also of objects inside, with the schema of its value or of each of its items."""
    for _, node in walk(schema):
        for name, field in node.get("properties", {}).items():
            yield from ((name, option) for option in values_of(field))


def values_of(field: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What can stand there: alternatives and the items of lists apart."""
    yield field
    for inner in (*field.get("anyOf", ()), *([field["items"]] if "items" in field else ())):
        yield from values_of(inner)


def unmarked(title: str, name: str, value: dict[str, Any]) -> bool:
    """A text that can hold a person's words or contact and bears no mark that says so."""
    if value.get("type") != "string" or value.get("x-personal-data") in MARKS:
        return False
    if CONTACT & set(name.split("_")):
        return "enum" not in value
    type_ = title.rpartition(".v")[0]
    return not ruled(value) and not NOBODYS_WORDS & {name, f"{type_}/{name}"}


def ruled(value: dict[str, Any]) -> bool:
    """A text that can only be one of a list, or is of a known form that holds no words."""
    listed = "enum" in value or "const" in value
    return listed or value.get("format") in FORMATS or value.get("pattern") in RULED


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
def test_free_text_and_contact_are_marked_as_personal(schema: dict[str, Any]) -> None:
    found = [name for name, value in properties(schema) if unmarked(schema["title"], name, value)]
    assert found == []


@SCHEMA
def test_no_text_hides_where_the_rule_does_not_look(schema: dict[str, Any]) -> None:
    looked_at = {id(value) for _, value in properties(schema)}
    assert [
        at for at, node in walk(schema) if node.get("type") == "string" and id(node) not in looked_at
    ] == []


def test_attributes_of_the_envelope_are_ids_times_and_names() -> None:
    """What stands in a header is read by everyone on the way: none of it is ever anybody's words."""
    schema = Event.model_json_schema()
    texts = [(name, value) for name, value in properties(schema) if value.get("type") == "string"]
    assert {name for name, _ in texts} >= {"id", "subject", "participant", "traceparent"}
    assert [name for name, value in texts if not ruled(value)] == []


def test_every_reason_is_still_needed() -> None:
    patterns = {
        node["pattern"]
        for one in (*SCHEMAS.values(), Event.model_json_schema())
        for _, node in walk(one)
        if type(node.get("pattern")) is str
    }
    assert set(RULED) - patterns == set()


WORDS = {"type": "string", "maxLength": 4000, "x-personal-data": "words"}


@pytest.mark.parametrize(
    ("name", "value", "caught"),
    [
        ("note", {"type": "string", "maxLength": 4000}, True),
        ("note", {"type": "string", "maxLength": 20}, True),
        ("note", {**WORDS, "x-personal-data": "maybe"}, True),
        ("note", WORDS, False),
        ("title", {"type": "string", "maxLength": 300}, True),
        ("notes", {"type": "array", "items": {"type": "string", "maxLength": 4000}}, True),
        ("notes", {"type": "array", "items": WORDS}, False),
        ("note", {"anyOf": [{"type": "string", "maxLength": 300}, {"type": "null"}]}, True),
        ("note", {"type": "object", "properties": {"by": {"type": "string"}}}, True),
        ("category", {"type": "string", "maxLength": 128}, False),
        ("text_ref", {"type": "string", "pattern": scalars.REF_PATTERN}, False),
        ("remark", {"type": "string", "pattern": "^.+$"}, True),
        ("remark", {"type": "string", "format": "email"}, True),
        ("done_on", {"type": "string", "format": "date"}, False),
        ("kind", {"type": "string", "enum": ["a"]}, False),
        ("minutes", {"type": "integer"}, False),
        ("contact_email", {"type": "string", "pattern": "^.+@.+$"}, True),
        ("phone", {"type": "string", "format": "phone"}, True),
        ("address", {"type": "string", "x-personal-data": "place"}, False),
    ],
)
def test_the_rule_on_free_text_and_contact_bites(name: str, value: dict[str, Any], *, caught: bool) -> None:
    schema = {"title": "thing.told.v1", "properties": {name: value}}
    found = [name for name, one in properties(schema) if unmarked("thing.told.v1", name, one)]
    assert bool(found) is caught


def test_what_is_known_to_be_nobodys_words_is_still_there() -> None:
    names = {name for schema in SCHEMAS.values() for name, _ in properties(schema)}
    typed = {
        f"{s['title'].rpartition('.v')[0]}/{name}" for s in SCHEMAS.values() for name, _ in properties(s)
    }
    assert NOBODYS_WORDS - names - typed == set()


@SCHEMA
def test_only_coordinates_are_floating_point(schema: dict[str, Any]) -> None:
    """Money and quantities are decimal text, everything else that is counted is a whole number."""
    assert {name for name, value in properties(schema) if value.get("type") == "number"} <= {"lat", "long"}


def test_an_erasure_carries_no_personal_data_and_has_no_field_for_any() -> None:
    erased = "org.citiesofservice.participant.erased.v1"
    assert SCHEMAS[erased]["properties"] == {}
    assert all(event["data"] == {} for event in ALL_EXAMPLES.values() if event["type"] == erased)


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
