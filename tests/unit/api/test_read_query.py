"""No input becomes a query: conditions are typed values, cursors are checked."""

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections import read
from projections.cursors import BadCursor, from_cursor, to_cursor
from projections.read import Between, NoneOf, OneOf

ORDER = [("updated_at", -1), ("_id", 1)]
AT = datetime(2026, 4, 1, 12, 0, 0, 123000, tzinfo=UTC)


def test_every_condition_stands_under_an_operator_chosen_here() -> None:
    where: Any = {"a": "$where", "b": OneOf(("x",)), "c": NoneOf(("y",)), "d": Between(1, None)}
    assert read.query(where) == {
        "a": {"$eq": "$where"},
        "b": {"$in": ["x"]},
        "c": {"$nin": ["y"]},
        "d": {"$gte": 1},
    }


def test_a_cursor_leads_strictly_behind_the_item_it_was_made_from() -> None:
    cursor = to_cursor({"updated_at": AT, "_id": "riverton/r1"}, ORDER)
    assert from_cursor(cursor, ORDER) == [AT, "riverton/r1"]
    assert read._beyond(ORDER, [AT, "riverton/r1"]) == {
        "$or": [
            {"updated_at": {"$lt": AT}},
            {"updated_at": {"$eq": AT}, "_id": {"$gt": "riverton/r1"}},
        ]
    }


def test_a_cursor_of_another_listing_is_refused() -> None:
    cursor = to_cursor({"opened_at": AT, "_id": "x"}, [("opened_at", -1), ("_id", 1)])
    with pytest.raises(BadCursor):
        from_cursor(cursor, ORDER)


@given(st.text() | st.binary().map(lambda raw: raw.hex()))
def test_any_text_is_a_cursor_or_refused_as_one(text: str) -> None:
    with pytest.raises(BadCursor):
        from_cursor(text, ORDER)


@pytest.mark.parametrize(
    "values",
    [
        [{"$gt": ""}, "x"],
        [["x"], "x"],
        [{"at": "soon"}, "x"],
        [{"at": 2**62}, "x"],
        [{"at": 1, "$where": "1"}, {"$ne": None}],
        ["x"],
    ],
)
def test_a_forged_cursor_cannot_smuggle_a_filter(values: list[Any]) -> None:
    forged = orjson.dumps([["-updated_at,_id", *values]])
    cursor = base64.urlsafe_b64encode(forged).decode().rstrip("=")
    with pytest.raises(BadCursor):
        from_cursor(cursor, ORDER)
