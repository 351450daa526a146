"""The harness itself: a view that breaks a rule of read models is caught, and absent data is named."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest

from events.envelope import Event
from projections.core import Cell, Document
from projections.views.ballots import BALLOTS, VIEW
from tests.support import data
from tests.support.build import ballot
from tests.support.spec import assert_storable, given, tallied


def _storing(**fields: Any) -> Any:
    """A view like `ballots` that stores these fields besides."""
    known = {**VIEW.fields, **dict.fromkeys(fields, "planted")}

    def evolve(document: Document | None, event: Event) -> Document:
        return {**(VIEW.evolve(document, event) or {}), **fields}

    return replace(VIEW, evolve=evolve, fields=known)


def test_a_view_that_changes_its_input_is_caught() -> None:
    def evolve(document: Any, event: Event) -> Document | None:
        if document is not None:
            document["casts"] += 1
        return document or VIEW.evolve(None, event)

    with pytest.raises(AssertionError, match="changed what it was given"):
        given(replace(VIEW, evolve=evolve), ballot("a"), ballot("a"))


def test_a_view_that_answers_differently_the_second_time_is_caught() -> None:
    times = count()

    def evolve(document: Document | None, event: Event) -> Document:
        return {**(VIEW.evolve(document, event) or {}), "casts": next(times)}

    with pytest.raises(AssertionError, match="differently the second time"):
        given(replace(VIEW, evolve=evolve), ballot("a"))


def test_a_field_that_is_not_declared_is_caught() -> None:
    undeclared = replace(_storing(extra=1), fields=VIEW.fields)
    with pytest.raises(AssertionError, match="other fields"):
        given(undeclared, ballot("a"))


@pytest.mark.parametrize(
    "value",
    [
        ("a", "tuple"),
        {"set"},
        b"bytes",
        2**63,
        float("nan"),
        {1: "not text"},
        {"$where": 1},
        {"a.b": 1},
        datetime(2026, 4, 1),  # noqa: DTZ001 - a time without zone is what must be caught
        datetime(2026, 4, 1, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 4, 1, microsecond=1, tzinfo=timezone.utc),  # noqa: UP017 - the same object
    ],
    ids=repr,
)
def test_what_cannot_be_stored_is_caught_however_deep(value: Any) -> None:
    with pytest.raises(AssertionError):
        assert_storable({"deep": [{"deeper": value}]})
    with pytest.raises(AssertionError):
        given(_storing(planted=[value]), ballot("a"))


@pytest.mark.parametrize(
    "cell", [Cell(("riverton",), {"ballots": 1}), Cell(("riverton", "2026"), {"undeclared": 1})]
)
def test_a_cell_outside_the_declaration_is_caught(cell: Cell) -> None:
    with pytest.raises(AssertionError):
        tallied(replace(BALLOTS, cells=lambda _: [cell]), ballot("a"))


def test_absent_data_skip_the_test_and_fail_where_they_are_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOWNHALL_REQUIRE_DATA", raising=False)
    with pytest.raises(pytest.skip.Exception, match="is absent"):
        data.data_file("no-such-file.pb")
    monkeypatch.setenv("TOWNHALL_REQUIRE_DATA", "1")
    with pytest.raises(pytest.fail.Exception, match="demands it"):
        data.data_file("no-such-file.pb")
