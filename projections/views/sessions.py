"""Sessions of opportunities: their terms as they are now, and whether they take place."""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.volunteering import (
    SessionAtRisk,
    SessionCancelled,
    SessionChanged,
    SessionComingUp,
    SessionScheduled,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.timeline import earliest, latest

FIELDS: Final = {
    "city": "the city's short name",
    "session_id": "id within the city",
    "opportunity_id": "the opportunity it is a session of; None until its terms are told",
    "project_id": "the project that its hours count for, or None",
    "group_id": "the community group that its hours count for, or None",
    "neighbourhood_id": "the city's code of the neighbourhood",
    "role_id": "the role it needs, or None for any",
    "starts_at": "when it starts, as told last",
    "ends_at": "when it ends, as told last",
    "day": "the day of its start on the city's own calendar, `YYYY-MM-DD`",
    "place": "where people meet",
    "point": "GeoJSON Point, longitude before latitude, or None",
    "remote": "whether people take part from anywhere",
    "accessibility": "the city's codes of what makes it accessible",
    "min_age": "the least age asked",
    "capacity": "how many places there are; None for no limit",
    "waiting_list": "whether who comes too late can wait for a place",
    "min_attendance": "how many it needs, or None",
    "status": "announced until its terms are told, scheduled, or cancelled for good",
    "coming_up": "the start of which was told that it comes within 48 hours, or None",
    "risk": "what was told last of too few being expected: starts_at, expected, signed_up, min_attendance, "
    "at; or None",
    "at_risk": "whether that was told of the start as it is now",
    "scheduled_at": "when its terms were first told",
    "changes": "how many times its terms were changed",
    "cancelled_at": "when it was cancelled, or None",
    "cancel_reason": "the reason's name",
    "cancel_note": "what the organiser said of it",
    "updated_at": "the latest time of any event",
}
_TERMS: Final = (
    "opportunity_id",
    "project_id",
    "group_id",
    "neighbourhood_id",
    "role_id",
    "starts_at",
    "ends_at",
    "place",
    "remote",
    "min_age",
    "capacity",
    "waiting_list",
    "min_attendance",
)


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "session_id": event.subject,
        "remote": False,
        "accessibility": [],
        "waiting_list": True,
        "changes": 0,
    }


def evolve(document: Document | None, event: Event) -> Document:
    """The session after this event. The terms told last count; a cancellation is final."""
    session = _blank(event) if document is None else dict(document)
    match event.data:
        case SessionScheduled() | SessionChanged() as data:
            _set_terms(session, event, data)
        case SessionCancelled() as data:
            session["cancelled_at"] = event.at
            session["cancel_reason"] = data.reason
            session["cancel_note"] = data.note
        case SessionComingUp() as data:
            session["coming_up"] = data.starts_at
        case SessionAtRisk() as data:
            session["risk"] = {"at": event.at, **data.model_dump(exclude={"rule"})}
    session["updated_at"] = latest(session["updated_at"], event.at)
    session["at_risk"] = _at_risk(session)
    session["status"] = _status(session)
    return session


def _set_terms(session: dict[str, Any], event: Event, data: SessionScheduled | SessionChanged) -> None:
    session.update({name: getattr(data, name) for name in _TERMS})
    session["accessibility"] = list(data.accessibility)
    session["point"] = _point(data)
    session["day"] = day_in_city(data.starts_at, event)
    session["scheduled_at"] = earliest(session["scheduled_at"], event.at)
    session["changes"] += isinstance(data, SessionChanged)


def day_in_city(moment: datetime, event: Event) -> str:
    """The day of a moment on the city's calendar. The offset of its clock is known from the event only."""
    return moment.astimezone(event.time.tzinfo).date().isoformat()


def _point(data: SessionScheduled | SessionChanged) -> dict[str, Any] | None:
    if data.lat is None or data.long is None:
        return None
    return {"type": "Point", "coordinates": [data.long, data.lat]}


def _at_risk(session: Document) -> bool:
    return session["risk"] is not None and session["risk"]["starts_at"] == session["starts_at"]


def _status(session: Document) -> str:
    if session["cancelled_at"] is not None:
        return "cancelled"
    return "announced" if session["scheduled_at"] is None else "scheduled"


VIEW: Final = DocumentView(
    name="sessions",
    description="Every session of an opportunity with its terms as they are now",
    handles=types(
        "session.scheduled", "session.changed", "session.cancelled", "session.coming_up", "session.at_risk"
    ),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("status", 1), ("starts_at", 1), ("_id", 1)),
        (("city", 1), ("opportunity_id", 1), ("starts_at", 1), ("_id", 1)),
        (("city", 1), ("day", 1)),
    ),
)


def _cells(session: Document) -> Iterable[Cell]:
    if session["scheduled_at"] is None:
        return
    held = session["status"] == "scheduled"
    least = session["min_attendance"]
    yield Cell(
        (session["city"], session["day"], session["neighbourhood_id"] or ""),
        {
            "sessions": int(held),
            "cancelled": int(not held),
            "with_minimum": int(held and least is not None and least > 0),
            "at_risk": int(held and session["at_risk"]),
            "places": session["capacity"] or 0 if held else 0,
        },
    )


BY_DAY: Final = DocumentTally(
    name="sessions_by_day",
    description="Sessions by the day of their start and neighbourhood, empty for those without one",
    dimensions=("city", "day", "neighbourhood_id"),
    measures={
        "sessions": "sessions that are not cancelled",
        "cancelled": "sessions that are cancelled",
        "with_minimum": "not cancelled, and they need a least number of volunteers",
        "at_risk": "not cancelled, and too few were expected within 48 hours of the start",
        "places": "places of those not cancelled that have a capacity",
    },
    over=VIEW,
    cells=_cells,
)
