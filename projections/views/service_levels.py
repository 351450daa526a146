"""What a city promises for each kind of request, and how often a request of it came without a time named."""

from operator import attrgetter
from typing import Final

from events.envelope import Event
from events.types.service_levels import ServiceLevelAsked, ServiceLevelSet
from projections.core import Document, DocumentView, types

FIELDS: Final = {
    "city": "the city's short name",
    "level_id": "id within the city: the service's code, or where that is no id, one that follows from it",
    "service_code": "the city's code of the service",
    "acknowledge_hours": "by how many hours after the report it is answered, or None",
    "close_hours": "by how many hours after the report it is done, or None",
    "set_at": "when this was set, by the last record in the log; None until it is",
    "asked": "how many requests were opened without a time by which they will be done",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The level after this event."""
    level = _blank(event) if document is None else document
    match event.data:
        case ServiceLevelSet() as data:
            hours = {"acknowledge_hours": data.acknowledge_hours, "close_hours": data.close_hours}
            return {**level, **hours, "service_code": data.service_code, "set_at": event.at}
        case ServiceLevelAsked() as data:
            return {**level, "service_code": data.service_code, "asked": level["asked"] + 1}
    return level


def _blank(event: Event) -> Document:
    return {**dict.fromkeys(FIELDS), "city": event.city, "level_id": event.subject, "asked": 0}


VIEW: Final = DocumentView(
    name="service_levels",
    description="What a city promises for each kind of request",
    handles=types("service_level.set", "service_level.asked"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=((("city", 1), ("service_code", 1)),),
)
