"""Attendance at sessions: who was there, from when to when, and who said so."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from events.envelope import Event
from events.types.volunteering import AttendanceCheckedIn, AttendanceCheckedOut
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.sessions import day_in_city
from projections.views.timeline import latest

MINUTE: Final = timedelta(minutes=1)

FIELDS: Final = {
    "city": "the city's short name",
    "session_id": "the session's id",
    "attendance_id": "id within the session",
    "signup_id": "the sign-up of who came; None for one who just came",
    "walk_in": "whether the volunteer just came, without a sign-up",
    "participant": "pseudonym of the volunteer, or None where none was told",
    "checked_in_at": "from when the volunteer was there, as told last; None until the check-in is told",
    "checked_in_by": "qr, leader or self; None",
    "day": "the day of the check-in on the city's calendar",
    "checked_out_at": "when the volunteer's time ended, or None; what somebody said counts before what a "
    "rule assumed",
    "checked_out_by": "qr, leader, self, or auto where a rule assumed it; None",
    "minutes": "whole minutes between the two; None until both are told, and where the end is not later",
    "updated_at": "the latest time of any event",
}


def key(event: Event) -> str:
    """One document for each attendance."""
    return f"{event.key}/{getattr(event.data, 'attendance_id', '')}"


def evolve(document: Document | None, event: Event) -> Document:
    """The attendance after this event. What was told last counts."""
    attendance = _blank(event) if document is None else dict(document)
    match event.data:
        case AttendanceCheckedIn() as data:
            _checked_in(attendance, event, data)
        case AttendanceCheckedOut() as data if data.method != "auto" or attendance["checked_out_at"] is None:
            attendance.update(checked_out_at=data.checked_out_at, checked_out_by=data.method)
    if attendance["participant"] is None:
        attendance["participant"] = event.participant
    attendance["minutes"] = _minutes(attendance)
    attendance["updated_at"] = latest(attendance["updated_at"], event.at)
    return attendance


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "session_id": event.subject,
        "attendance_id": getattr(event.data, "attendance_id", None),
        "walk_in": False,
    }


def _checked_in(attendance: dict[str, Any], event: Event, data: AttendanceCheckedIn) -> None:
    attendance["signup_id"] = data.signup_id
    attendance["walk_in"] = bool(data.walk_in)
    attendance["participant"] = event.participant or attendance["participant"]
    attendance["checked_in_at"] = data.checked_in_at
    attendance["checked_in_by"] = data.method
    attendance["day"] = day_in_city(data.checked_in_at, event)


def _minutes(attendance: Document) -> int | None:
    begun, ended = attendance["checked_in_at"], attendance["checked_out_at"]
    if begun is None or ended is None or ended <= begun:
        return None
    return int((ended - begun) // MINUTE)


VIEW: Final = DocumentView(
    name="attendance",
    description="Every attendance at a session, with sign-up or without",
    handles=types("attendance.checked_in", "attendance.checked_out"),
    key=key,
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("session_id", 1), ("checked_in_at", 1)),
        (("city", 1), ("participant", 1), ("checked_in_at", -1)),
    ),
)


def _there(attendance: Document) -> bool:
    return attendance["checked_in_at"] is not None


def _backwards(attendance: Document) -> bool:
    """An end that is not later than the beginning: a defect of the data, as where a clock was wrong."""
    ended = attendance["checked_out_at"]
    return bool(ended is not None and ended <= attendance["checked_in_at"])


def _of_session(attendance: Document) -> Iterable[Cell]:
    if _there(attendance):
        yield Cell(
            (attendance["city"], attendance["session_id"]),
            {
                "attended": 1,
                "walk_ins": int(attendance["walk_in"]),
                "there": int(attendance["checked_out_at"] is None),
                "minutes": attendance["minutes"] or 0,
            },
        )


BY_SESSION: Final = DocumentTally(
    name="session_attendance",
    description="How many came to each session",
    dimensions=("city", "session"),
    measures={
        "attended": "attendances",
        "walk_ins": "of these, without a sign-up",
        "there": "of these, not checked out yet",
        "minutes": "minutes of those that ended, whether or not they count as hours",
    },
    over=VIEW,
    cells=_of_session,
)


def _of_day(attendance: Document) -> Iterable[Cell]:
    if _there(attendance):
        yield Cell(
            (attendance["city"], attendance["day"]),
            {
                "checked_in": 1,
                "walk_ins": int(attendance["walk_in"]),
                "checked_out": int(attendance["checked_out_at"] is not None),
                "auto_checked_out": int(attendance["checked_out_by"] == "auto"),
                "backwards": int(_backwards(attendance)),
            },
        )


BY_DAY: Final = DocumentTally(
    name="attendance_by_day",
    description="Attendance by the day of the check-in",
    dimensions=("city", "day"),
    measures={
        "checked_in": "attendances that began on this day",
        "walk_ins": "of these, without a sign-up",
        "checked_out": "of these, ended, by whomever",
        "auto_checked_out": "of these, ended by a rule alone: a sign of what the minutes are worth",
        "backwards": "of these, ended no later than they began: defects of the data",
    },
    over=VIEW,
    cells=_of_day,
)


def _of_volunteer(attendance: Document) -> Iterable[Cell]:
    if _there(attendance) and attendance["participant"] is not None:
        yield Cell((attendance["city"], attendance["participant"]), {"attended": 1})


BY_VOLUNTEER: Final = DocumentTally(
    name="volunteer_attendance",
    description="How often each participant came, over all opportunities of a city",
    dimensions=("city", "participant"),
    measures={"attended": "attendances, with sign-up and without"},
    over=VIEW,
    cells=_of_volunteer,
)
TALLIES: Final = (BY_SESSION, BY_DAY, BY_VOLUNTEER)
