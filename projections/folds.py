"""`python -m projections.folds`: what each projection makes of a fixed history, as a committed hash.

A fold that changes under the same version leaves documents behind that no fold makes any more. So the
hash stands beside the version, in `folds.json`; when a fold changes, the version must go up.
"""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from events.codec import build as build_event
from events.codec import from_structured
from events.envelope import Event
from projections.core import DocumentView, Projection
from projections.registry import PROJECTIONS

FILE = Path(__file__).parent / "folds.json"
EXAMPLES = Path(__file__).parent.parent / "events" / "examples"
ROUNDS = 3
"""Each example is told so often, at other times, by other people and in another order."""


def history() -> list[Event]:
    """Every committed example of an event, several times."""
    told = [event for path in sorted(EXAMPLES.glob("*.json")) for event in _examples(path)]
    return [_again(event, number) for number in range(ROUNDS) for event in told[number:] + told[:number]]


def digest(projection: Projection, events: list[Event]) -> str:
    """A hash of all documents and sums that the projection makes of these events."""
    sums: dict[str, dict[str, int]] = {}
    documents: dict[str, Any] = {}
    for view in projection.documents:
        for key, document in _documents(view, events).items():
            documents[f"{view.name} {key}"] = document
            for tally in projection.document_tallies:
                if tally.over is view:
                    _add(sums, tally.name, tally.cells(document))
    for counted in projection.event_tallies:
        for event in events:
            if counted.handles is None or event.type in counted.handles:
                _add(sums, counted.name, counted.cells(event))
    body = orjson.dumps([documents, sums], option=orjson.OPT_SORT_KEYS)
    return blake2b(body, digest_size=12).hexdigest()


def present() -> dict[str, Any]:
    """What `folds.json` should say."""
    events = history()
    corpus = blake2b(repr(events).encode(), digest_size=12).hexdigest()
    return {
        one.name: {"version": one.version, "events": corpus, "fold": digest(one, events)}
        for one in PROJECTIONS
    }


def wrong(committed: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """What is wrong between the committed hashes and the code."""
    for name, fold in now.items():
        old = committed.get(name)
        if old is None or (old["version"] != fold["version"]) or old["events"] != fold["events"]:
            if old != fold:
                yield f"{name}: not in folds.json as it is now; run `python -m projections.folds`"
        elif old["fold"] != fold["fold"]:
            yield (
                f"{name}: the fold changed, and its version is still {fold['version']}: documents that "
                "stand in MongoDB would differ from the fold of the log. Raise the version in the registry, "
                "then run `python -m projections.folds`"
            )


def _documents(view: DocumentView, events: list[Event]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in events:
        if event.type in view.handles:
            key = view.key(event)
            found[key] = view.evolve(found.get(key), event)
    return {key: document for key, document in found.items() if document is not None}


def _add(sums: dict[str, dict[str, int]], name: str, cells: Any) -> None:
    for cell in cells:
        total = sums.setdefault(f"{name} {'|'.join(cell.key)}", {})
        for measure, amount in cell.add.items():
            total[measure] = total.get(measure, 0) + amount


def _examples(path: Path) -> list[Event]:
    return [build_event(*from_structured(one)).event for one in orjson.loads(path.read_bytes())]


def _again(event: Event, number: int) -> Event:
    participant = event.participant and f"{event.participant}-{number}"
    time = event.time + timedelta(hours=5 * number)
    return event.model_copy(update={"id": f"{event.id}-{number}", "participant": participant, "time": time})


def main() -> None:
    """Write `folds.json`, or with --check only compare; a changed fold of the same version is refused."""
    committed = json.loads(FILE.read_text()) if FILE.exists() else {}
    now = present()
    faults = list(wrong(committed, now))
    refused = [one for one in faults if "fold changed" in one]
    if refused or (faults and "--check" in sys.argv):
        sys.exit("\n".join(faults))
    FILE.write_text(json.dumps(now, indent=2) + "\n")


if __name__ == "__main__":
    main()
