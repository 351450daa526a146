"""Cursors of feeds: what one says comes back, and any other text is refused and nothing else."""

import base64
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.feeds.cursor import MAX_TEXT, BadCursor, Cursor, Place, from_text, to_text
from events.topics import IDEAS, REQUESTS

OFFSETS = st.integers(0, 2**63 - 1)
FRESH = OFFSETS.map(Place)
SEEN = st.tuples(st.integers(1, 2**63 - 1), st.data(), OFFSETS).map(
    lambda drawn: Place(drawn[0], drawn[1].draw(st.integers(0, drawn[0] - 1)), drawn[2])
)
PLACES = st.lists(st.one_of(FRESH, SEEN), min_size=IDEAS.partitions, max_size=IDEAS.partitions).map(tuple)
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
CURSORS = st.builds(Cursor, st.just(IDEAS), IDS, PLACES)


@given(CURSORS)
def test_a_cursor_comes_back(cursor: Cursor) -> None:
    text = to_text(cursor)
    assert from_text(text, IDEAS) == cursor
    assert len(text) <= MAX_TEXT
    with pytest.raises(BadCursor, match="another feed"):
        from_text(text, REQUESTS)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_other_text_is_one(text: str) -> None:
    with pytest.raises(BadCursor):
        from_text(text, IDEAS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(
    st.tuples(st.just("ideas") | JSON, IDS | JSON, st.lists(st.lists(JSON, max_size=4), max_size=7) | JSON)
)
def test_nothing_that_looks_like_one_is_taken_for_one(parts: tuple[object, ...]) -> None:
    text = base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()
    with suppress(BadCursor):
        assert to_text(from_text(text, IDEAS)) == text


@given(CURSORS, st.data())
def test_a_cursor_with_a_wrong_sign_is_one_or_none(cursor: Cursor, data: st.DataObject) -> None:
    text = to_text(cursor)
    place = data.draw(st.integers(0, len(text) - 1))
    with suppress(BadCursor):
        from_text(text[:place] + data.draw(st.characters()) + text[place + 1 :], IDEAS)
