"""The pulse of a city: how much of what happened on each day of its own calendar."""

from collections.abc import Iterable
from typing import Final

from events.envelope import Event
from events.registry import BY_TYPE
from projections.core import Cell, EventTally


def cells(event: Event) -> Iterable[Cell]:
    """One event more; its type stands without prefix and version, as in `idea.submitted`."""
    yield Cell((event.city, event.day, BY_TYPE[event.type].name), {"events": 1})


PULSE: Final = EventTally(
    name="pulse",
    description="Events per city, day and type",
    dimensions=("city", "day", "type"),
    measures={"events": "events that happened"},
    handles=None,
    cells=cells,
)
