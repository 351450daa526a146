"""What the city promises for a service, told to each request that asks when it is opened.

The order of the level's own key decides what is in force: a level that is set later promises nothing for
what was opened before.
"""

from datetime import datetime, timedelta
from typing import Final

from consumers.engine.effects import Effect, Emit, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.scalars import LAST_YEAR
from events.types.requests import ServiceRequestPromised
from events.types.service_levels import ServiceLevelAsked, ServiceLevelSet
from projections.core import Document, types

RULE: Final = "level.promises_request"
HOUR: Final = timedelta(hours=1)
FIELDS: Final = {
    "city": "the city's short name",
    "level_id": "id within the city",
    "acknowledge_hours": "by how many hours after the report it is answered, or None",
    "close_hours": "by how many hours after the report it is done, or None",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The level after this event, and what it promises to who asks."""
    match event.data:
        case ServiceLevelSet() as data:
            hours = {"acknowledge_hours": data.acknowledge_hours, "close_hours": data.close_hours}
            return {"city": event.city, "level_id": event.subject, **hours}, ()
        case ServiceLevelAsked() as data if state is not None:
            return state, list(_promised(state, data))
    return state, ()


def _promised(level: Document, data: ServiceLevelAsked) -> list[Effect]:
    times = (_after(data.opened_at, level[name]) for name in ("acknowledge_hours", "close_hours"))
    acknowledge_by, expected = times
    if acknowledge_by is None and expected is None:
        return []
    told = ServiceRequestPromised(rule=RULE, acknowledge_by=acknowledge_by, expected_datetime=expected)
    return [Emit(RULE, told, data.request_id)]


def _after(opened: datetime, hours: int | None) -> datetime | None:
    """So many hours later; nothing is promised for a time that no event can tell."""
    if hours is None or opened.year + hours // 8760 + 1 >= LAST_YEAR:
        return None
    return opened + hours * HOUR


MANAGER: Final[ProcessManager] = process_manager(
    "service_promises",
    "Tells each request what the city promises for its service",
    types("service_level.set", "service_level.asked"),
    react,
    FIELDS,
)
