"""Given events, then documents: a harness that also holds every view to the rules of a read model.

Whatever a spec asserts, folding checks that a view is pure (inputs untouched, the same answer
twice) and that its documents can be stored and have exactly the fields it declares.
"""

import copy
import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from events.envelope import Event
from projections.core import Cell, Document, DocumentTally, DocumentView, EventTally

INT64 = range(-(2**63), 2**63)
Sums = dict[tuple[str, ...], dict[str, int]]


@dataclass(frozen=True)
class Given:
    """The documents that a history left behind, by their ids."""

    documents: Mapping[str, Document]

    @property
    def document(self) -> Document:
        """The only document."""
        (only,) = self.documents.values()
        return only

    def then(self, expected: Document) -> None:
        """The only document is exactly this."""
        assert self.document == expected

    def shows(self, **fields: Any) -> None:
        """The only document shows these fields; the others are not looked at."""
        assert {name: self.document[name] for name in fields} == fields


def given(view: DocumentView, *events: Event) -> Given:
    """What the view makes of this history."""
    documents: dict[str, Document] = {}
    for event in events:
        feed(view, documents, event)
    return Given(documents)


def feed(view: DocumentView, documents: dict[str, Document], event: Event) -> None:
    """Evolve the one document that this event is about, as the engine does, and check the rules."""
    if event.type not in view.handles:
        return
    key = view.key(event)
    before = documents.get(key)
    untouched = copy.deepcopy((before, event))
    after = view.evolve(before, event)
    assert (before, event) == untouched, f"{view.name} changed what it was given"
    assert after == view.evolve(before, event), f"{view.name} answers differently the second time"
    if after is None:
        documents.pop(key, None)
        return
    assert_storable(after)
    assert set(after) == set(view.fields), f"{view.name} declares other fields than it stores"
    documents[key] = after


def assert_storable(value: Any) -> None:
    """Only what `projections.core.Document` allows, all the way down."""
    match value:
        case None | bool() | str():
            return
        case int():
            assert value in INT64
        case float():
            assert math.isfinite(value)
        case datetime():
            assert value.tzinfo is UTC, f"{value!r} is not in UTC"
            assert value.microsecond % 1000 == 0, f"{value!r} is finer than a millisecond"
        case list():
            for item in value:
                assert_storable(item)
        case Mapping():
            for name, item in value.items():
                assert isinstance(name, str)
                assert name
                assert not name.startswith("$")
                assert "." not in name
                assert_storable(item)
        case _:
            raise AssertionError(f"{value!r} cannot be stored")


def tallied(tally: DocumentTally | EventTally, *events: Event) -> Sums:
    """The cells of this history, taken over its final documents or over its events."""
    if isinstance(tally, EventTally):
        handled = [one for one in events if tally.handles is None or one.type in tally.handles]
        return _sums((cell, 1) for one in handled for cell in _cells(tally, one))
    documents = given(tally.over, *events).documents.values()
    return _sums((cell, 1) for one in documents for cell in _cells(tally, one))


def assert_difference_rule(tally: DocumentTally, events: Sequence[Event], seed: int) -> None:
    """Differences written after batches of any size add up to the cells of the final documents."""
    dice = random.Random(seed)
    documents: dict[str, Document] = {}
    changes: list[tuple[Cell, int]] = []
    at = 0
    while at < len(events):
        before = dict(documents)
        batch = events[at : at + dice.randint(1, 5)]
        at += len(batch)
        for event in batch:
            feed(tally.over, documents, event)
        for sign, state in ((1, documents), (-1, before)):
            changes += [(cell, sign) for one in state.values() for cell in _cells(tally, one)]
    assert _sums(changes) == tallied(tally, *events)


def _cells(tally: DocumentTally | EventTally, one: Any) -> list[Cell]:
    untouched = copy.deepcopy(one)
    cells = list(tally.cells(one))
    assert one == untouched, f"{tally.name} changed what it was given"
    assert cells == list(tally.cells(one)), f"{tally.name} answers differently the second time"
    for cell in cells:
        assert len(cell.key) == len(tally.dimensions)
        assert all(isinstance(part, str) for part in cell.key)
        assert set(cell.add) <= set(tally.measures), f"{tally.name} adds to undeclared measures"
        assert all(type(number) is int and number in INT64 for number in cell.add.values())
    return cells


def _sums(changes: Iterable[tuple[Cell, int]]) -> Sums:
    """Sums per cell; a cell of zero means the same as no cell."""
    totals: Counter[tuple[tuple[str, ...], str]] = Counter()
    for cell, sign in changes:
        for measure, number in cell.add.items():
            totals[cell.key, measure] += sign * number
    sums: Sums = {}
    for (key, measure), total in totals.items():
        if total:
            sums.setdefault(key, {})[measure] = total
    return sums
