"""The committed artefacts of the contract: written from the registry, or checked against it.

`python -m events.generate` writes; with `--check` it changes nothing and exits 1 when a file drifted.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from events import catalogue
from events.compat import breaking_changes
from events.registry import EVENT_TYPES, EventType

HOME = Path(__file__).parent


class _Generator(GenerateJsonSchema):
    """JSON Schema without a title on every field: it would only repeat the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def file_name(entry: EventType) -> str:
    """The name that an event type's schema and its examples share."""
    return f"{entry.name}.v{entry.version}.json"


def schema(entry: EventType) -> dict[str, Any]:
    """The JSON Schema 2020-12 of the data of one event type."""
    body = entry.payload.model_json_schema(schema_generator=_Generator)
    body.pop("title")
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": entry.dataschema,
        "title": f"{entry.name}.v{entry.version}",
        "description": body.pop("description"),
        "x-subject": entry.aggregate,
        **body,
    }


def artefacts() -> dict[str, str]:
    """Every generated file, path below `events/` to text."""
    return {**_schemas(), "EVENTS.md": catalogue.text()}


def _schemas() -> dict[str, str]:
    return {
        f"schemas/{file_name(entry)}": json.dumps(schema(entry), indent=2, ensure_ascii=False) + "\n"
        for entry in EVENT_TYPES
    }


def refusals(wanted: Mapping[str, str], home: Path = HOME) -> Iterator[str]:
    """The changes to committed schemas that old events or old readers could not survive."""
    for path, text in wanted.items():
        committed = home / path
        if committed.suffix == ".json" and committed.exists():
            changes = breaking_changes(json.loads(committed.read_text("utf-8")), json.loads(text))
            yield from (f"{path}: {change}" for change in changes)


def drift(wanted: Mapping[str, str], home: Path = HOME) -> Iterator[str]:
    """What differs between the files and the registry."""
    for path, text in wanted.items():
        file = home / path
        if not file.exists():
            yield f"{path}: missing; run `python -m events.generate`"
        elif file.read_text("utf-8") != text:
            yield f"{path}: not what the code says; run `python -m events.generate`"
    names = {file_name(entry) for entry in EVENT_TYPES}
    for folder in ("schemas", "examples"):
        present = {file.name for file in (home / folder).iterdir()}
        yield from (
            f"{folder}/{name}: no such event type in the registry" for name in sorted(present - names)
        )
    examples = {file.name for file in (home / "examples").iterdir()}
    yield from (f"examples/{name}: missing; write one by hand" for name in sorted(names - examples))


def write(wanted: Mapping[str, str], home: Path = HOME) -> None:
    """Write every file; what has no event type is left for its owner to remove."""
    for path, text in wanted.items():
        (home / path).parent.mkdir(exist_ok=True)
        (home / path).write_text(text, "utf-8")


def main(arguments: Sequence[str], home: Path = HOME) -> int:
    """The exit status: 0 in order, 1 drifted or refused, 2 called wrongly."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: python -m events.generate [--check]\n")
        return 2
    wanted = artefacts()
    refused = list(refusals(wanted, home))
    if refused:
        advice = "Nothing was written. Keep this version as it is and add a new version with an upcaster."
        sys.stderr.write("\n".join(["These changes break what is published:", *refused, advice, ""]))
        return 1
    if not arguments:
        write(wanted, home)
    problems = list(drift(wanted, home))
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
