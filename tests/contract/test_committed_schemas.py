"""What is committed is what the code says, and each schema is a sound JSON Schema."""

import pytest
from jsonschema import Draft202012Validator

from events.codec import encode
from events.generate import artefacts, drift, main, refusals
from events.registry import EVENT_TYPES, EventType
from tests.support.contract import SCHEMAS

ENTRIES = pytest.mark.parametrize("entry", EVENT_TYPES, ids=lambda entry: entry.name)


def test_no_committed_file_drifted_and_none_is_an_orphan() -> None:
    assert list(drift(artefacts())) == []


def test_no_published_version_changes_in_a_breaking_way() -> None:
    assert list(refusals(artefacts())) == []


def test_the_check_command_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().err == ""


@ENTRIES
def test_a_schema_is_valid_under_draft_2020_12(entry: EventType) -> None:
    Draft202012Validator.check_schema(SCHEMAS[entry.type])


@ENTRIES
def test_a_schema_names_itself_by_the_dataschema_that_events_carry(entry: EventType) -> None:
    schema = SCHEMAS[entry.type]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == entry.dataschema
    assert schema["title"] == f"{entry.name}.v{entry.version}"
    assert schema["description"]


def test_the_wire_carries_the_id_of_a_committed_schema() -> None:
    from tests.support.build import acknowledged

    sent = dict(encode(acknowledged()).headers)["ce_dataschema"].decode()
    assert sent in {schema["$id"] for schema in SCHEMAS.values()}
