"""Where events stand in the log, and the token that lets a reader wait for them."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from events.topics import TOPICS

_STEP = re.compile(r"([a-z]+)\.([0-9]{1,4})\.([0-9]{1,18})")
_PREFIX = "townhall."
MAX_TOKEN = 4000


class Position(NamedTuple):
    """The place of one record."""

    topic: str
    partition: int
    offset: int


class BadToken(ValueError):
    """The text is no position token."""


def to_token(positions: Iterable[Position]) -> str:
    """The last position of each partition as a short text, `ideas.3.1024~requests.0.22`."""
    last: dict[tuple[str, int], int] = {}
    for topic, partition, offset in positions:
        last[topic, partition] = max(offset, last.get((topic, partition), 0))
    return "~".join(
        f"{topic.removeprefix(_PREFIX)}.{part}.{off}" for (topic, part), off in sorted(last.items())
    )


def from_token(token: str) -> list[Position]:
    """The positions in a token, or raise BadToken."""
    if len(token) > MAX_TOKEN:
        raise BadToken("the token is too long")
    topics = {topic.name: topic for topic in TOPICS}
    positions = []
    for step in token.split("~"):
        match = _STEP.fullmatch(step)
        topic = topics.get(_PREFIX + match[1]) if match else None
        if match is None or topic is None or int(match[2]) >= topic.partitions:
            raise BadToken("not a position token of this service; use the one that publishing returned")
        positions.append(Position(topic.name, int(match[2]), int(match[3])))
    return positions
