"""The pulse of a city: how much citizens and the city did on each day of its own calendar.

What rules concluded is left out, and so are messages, published numbers, and what passes between a
participant and the city about their own data.
"""

from collections.abc import Iterable
from typing import Final

from events.envelope import DERIVED, Derived, Event
from events.registry import BY_TYPE, EVENT_TYPES
from events.topics import FOLLOWUPS, METRICS, PARTICIPANTS, TOPICS
from projections.core import Cell, EventTally

READS: Final = tuple(one for one in TOPICS if one not in {FOLLOWUPS, METRICS, PARTICIPANTS})


def cells(event: Event) -> Iterable[Cell]:
    """One event more, if somebody did it; its type without prefix and version, as in `idea.submitted`."""
    if event.source != f"urn:townhall:{event.city}:{DERIVED}":
        yield Cell((event.city, event.day, BY_TYPE[event.type].name), {"events": 1})


PULSE: Final = EventTally(
    name="pulse",
    description="What citizens and the city did: events per city, day and type",
    dimensions=("city", "day", "type"),
    measures={"events": "events that happened"},
    handles=frozenset(
        one.type for one in EVENT_TYPES if one.topic in READS and not issubclass(one.payload, Derived)
    ),
    cells=cells,
)
