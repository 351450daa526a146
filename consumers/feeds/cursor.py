"""Where a reader of a feed stands: a place in every partition of one topic, as a text that it keeps.

The server keeps nothing of a reader, so a crash of either side loses nothing: the reader asks again with
the last cursor that it has stored.
"""

import base64
import re
from typing import Final, NamedTuple, Self

import orjson

from events.topics import Topic

MAX_TEXT: Final = 2_000
_PREFIX: Final = "townhall."
_ID: Final = re.compile(r"[0-9a-f]{32}")
_OFFSETS: Final = range(2**63)


class BadCursor(ValueError):
    """The text is no cursor of this feed."""


class Place(NamedTuple):
    """A place in one partition: the offset to read next, and the last record seen before it.

    `last` and its time tell whether the log still is the one that was read; -1 before the first record.
    """

    next: int
    last: int = -1
    at: int = -1


class Cursor(NamedTuple):
    """A place in each partition of the topic that has this id in Kafka."""

    topic: Topic
    topic_id: str
    places: tuple[Place, ...]

    def moved(self, partition: int, place: Place) -> Self:
        """The same, but for this partition."""
        places = (*self.places[:partition], place, *self.places[partition + 1 :])
        return self._replace(places=places)


def feed_of(topic: Topic) -> str:
    """The name of a topic's feed: that of its family."""
    return topic.name.removeprefix(_PREFIX)


def to_text(cursor: Cursor) -> str:
    """The cursor as a reader keeps it."""
    packed = orjson.dumps([feed_of(cursor.topic), cursor.topic_id, list(map(list, cursor.places))])
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def from_text(text: str, topic: Topic) -> Cursor:
    """The cursor that `to_text` made for this topic; raises BadCursor for anything else."""
    if len(text) > MAX_TEXT:
        raise BadCursor("too long for a cursor")
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        feed, topic_id, places = orjson.loads(packed)
        if feed != feed_of(topic):
            raise BadCursor("a cursor of another feed")
        cursor = Cursor(topic, topic_id, tuple(Place(*place) for place in places))
        if _is_sound(cursor):
            return cursor
    except (ValueError, TypeError) as error:
        if isinstance(error, BadCursor):
            raise
    raise BadCursor("not a cursor of this feed; use the `next` of an answer")


def _is_sound(cursor: Cursor) -> bool:
    return (
        _ID.fullmatch(cursor.topic_id) is not None
        and len(cursor.places) == cursor.topic.partitions
        and all(map(_is_place, cursor.places))
    )


def _is_place(place: Place) -> bool:
    if any(type(number) is not int for number in place):
        return False
    if place.last == -1:
        return place.next in _OFFSETS and place.at == -1
    return place.next in _OFFSETS and place.at in range(-1, 2**63) and 0 <= place.last < place.next
