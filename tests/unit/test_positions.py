"""A position token survives its round trip; any other text is refused by one error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.positions import MAX_TOKEN, BadToken, Position, from_token, to_token
from events.topics import TOPICS

POSITIONS = st.builds(
    lambda topic, partition, offset: Position(topic.name, partition % topic.partitions, offset),
    st.sampled_from(TOPICS),
    st.integers(0, 5),
    st.integers(0, 10**18 - 1),
)


def test_a_token_reads_as_topic_partition_and_offset() -> None:
    positions = [Position("townhall.requests", 0, 22), Position("townhall.ideas", 3, 1024)]
    assert to_token(positions) == "ideas.3.1024~requests.0.22"


def test_the_last_position_of_a_partition_is_kept_whatever_the_order() -> None:
    ideas = "townhall.ideas"
    positions = [Position(ideas, 1, 7), Position(ideas, 1, 9), Position(ideas, 1, 8), Position(ideas, 2, 0)]
    assert from_token(to_token(positions)) == [Position(ideas, 1, 9), Position(ideas, 2, 0)]


@given(st.lists(POSITIONS, min_size=1))
def test_a_token_survives_its_round_trip(positions: list[Position]) -> None:
    last = {
        (topic, part): max(p.offset for p in positions if p[:2] == (topic, part))
        for topic, part, _ in positions
    }
    token = to_token(positions)
    assert len(token) <= MAX_TOKEN
    assert from_token(token) == sorted(Position(*place, offset) for place, offset in last.items())


@pytest.mark.parametrize(
    "token",
    [
        "",
        "~",
        "ideas",
        "ideas.0",
        "ideas.0.",
        "ideas.0.1~",
        "~ideas.0.1",
        "ideas.0.1,ideas.1.1",
        "ideas.6.1",
        "ideas.-1.1",
        "ideas.0.-1",
        "ideas.0.1.1",
        "ideas.0.1e3",
        " ideas.0.1",
        "ideas.0.1\n",
        "IDEAS.0.1",
        "townhall.ideas.0.1",
        "nothing.0.1",
        "ideas.٣.1",
        "ideas.0.1234567890123456789",
        "ideas.0.1~" * 400 + "ideas.0.1",
    ],
)
def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        from_token(token)


@given(st.text() | st.text("ideasrequ.~0123456789", max_size=60))
def test_arbitrary_text_raises_nothing_but_bad_token(token: str) -> None:
    try:
        positions = from_token(token)
    except BadToken:
        return
    assert set(from_token(to_token(positions))) <= set(positions)
