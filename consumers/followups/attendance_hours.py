"""Hours that follow from attendance: logged once for each, when it has an end.

They are verified at once, by rule, where somebody else than the volunteer saw both the coming and the going:
a leader, or a code that hangs where the work is. What volunteers say of themselves, and an end that a rule
assumed, waits for a person. Should somebody say later when such a volunteer left, so much is verified.
"""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final

from consumers.engine.effects import Effect, Emit, ProcessManager, Reaction, process_manager
from consumers.followups.followed import Entry, follow
from events.envelope import Event
from events.types.hours import HoursLogged, HoursVerified
from events.types.volunteering import (
    AttendanceCheckedIn,
    AttendanceCheckedOut,
    SessionChanged,
    SessionScheduled,
)
from projections.core import Document, types
from projections.views.sessions import day_in_city

MINUTE: Final = timedelta(minutes=1)
MOST_MINUTES: Final = 24 * 60
"""An entry is of one day. What is longer is logged as that, and a person must look at it."""
SEEN: Final = frozenset({"leader", "qr"})
LOGGED: Final = "hours.attended"
VERIFIED: Final = "hours.seen_to_come_and_go"

_CAUSE: Final = ("opportunity_id", "project_id", "group_id", "neighbourhood_id")
FIELDS: Final = {
    "city": "the city's short name",
    "session_id": "id within the city",
    "opportunity_id": "its opportunity, as told last",
    "project_id": "the project that its hours count for, or None",
    "group_id": "the community group that they count for, or None",
    "neighbourhood_id": "the city's code of the neighbourhood, or None",
    "attendances": "in the log's order, 10,000 at most: id, participant, checked_in_at, checked_in_by, "
    "worked_on, checked_out_at, checked_out_by, and the minutes logged and verified",
    "not_followed": "how many events of attendances found no room",
}
_ATTENDANCE: Final = dict.fromkeys(
    (
        "participant",
        "checked_in_at",
        "checked_in_by",
        "worked_on",
        "checked_out_at",
        "checked_out_by",
        "logged",
        "verified",
    )
)


def react(state: Document | None, event: Event) -> Reaction:
    """The session after this event, and hours of the attendance that it is about."""
    session = dict(_blank(event) if state is None else state)
    match event.data:
        case SessionScheduled() | SessionChanged() as data:
            session.update({name: getattr(data, name) for name in _CAUSE})
        case AttendanceCheckedIn() | AttendanceCheckedOut() as data:
            return session, _follow(session, event, data.attendance_id)
    return session, ()


def _blank(event: Event) -> Document:
    start = {"attendances": [], "not_followed": 0}
    return {**dict.fromkeys(FIELDS), **start, "city": event.city, "session_id": event.subject}


def _follow(session: dict[str, Any], event: Event, attendance_id: str) -> list[Effect]:
    effects: list[Effect] = []

    def change(attendance: Entry) -> dict[str, Any]:
        after = {**attendance, **_told(attendance, event)}
        effects.extend(_effects(session, after))
        return after

    entries = follow(session["attendances"], {**_ATTENDANCE, "id": attendance_id}, change, _logged)
    if entries is None:
        session["not_followed"] += 1
        return []
    session["attendances"] = entries
    return effects


def _told(attendance: Entry, event: Event) -> dict[str, Any]:
    """What was told last counts; what somebody said of the end counts before what a rule assumed."""
    match event.data:
        case AttendanceCheckedIn() as data:
            return {
                "participant": event.participant or attendance["participant"],
                "checked_in_at": data.checked_in_at,
                "checked_in_by": data.method,
                "worked_on": day_in_city(data.checked_in_at, event),
            }
        case AttendanceCheckedOut() as data if data.method != "auto" or attendance["checked_out_at"] is None:
            whom = attendance["participant"] or event.participant
            return {
                "participant": whom,
                "checked_out_at": data.checked_out_at,
                "checked_out_by": data.method,
            }
    return {}


def _effects(session: Document, attendance: dict[str, Any]) -> Iterator[Effect]:
    minutes = _minutes(attendance)
    if not minutes:
        return
    told = {"subject": _entry(session, attendance), "participant": attendance["participant"]}
    if attendance["logged"] is None:
        attendance["logged"] = min(minutes, MOST_MINUTES)
        yield Emit(LOGGED, _hours(session, attendance), **told)
    seen = {attendance["checked_in_by"], attendance["checked_out_by"]} <= SEEN
    if seen and minutes <= MOST_MINUTES and minutes != attendance["verified"]:
        attendance["verified"] = minutes
        yield Emit(VERIFIED, HoursVerified(minutes=minutes, rule=VERIFIED), **told)


def _minutes(attendance: Entry) -> int:
    begun, ended = attendance["checked_in_at"], attendance["checked_out_at"]
    return 0 if begun is None or ended is None else int(max(ended - begun, timedelta()) // MINUTE)


def _entry(session: Document, attendance: Entry) -> str:
    """The id of the entry, the same for the same attendance. Ids of attendances are the session's own."""
    told = f"{session['session_id']}\0{attendance['id']}".encode()
    return f"attendance-{blake2b(told, digest_size=16).hexdigest()}"


def _hours(session: Document, attendance: Entry) -> HoursLogged:
    return HoursLogged(
        minutes=attendance["logged"],
        worked_on=attendance["worked_on"],
        source="check_in",
        auto_checked_out=attendance["checked_out_by"] == "auto",
        session_id=session["session_id"],
        attendance_id=attendance["id"],
        **{name: session[name] for name in _CAUSE},
    )


def _logged(attendance: Entry) -> bool:
    return attendance["logged"] is not None


MANAGER: Final[ProcessManager] = process_manager(
    "attendance_hours",
    "Logs the hours of those who came, and verifies what somebody saw",
    types("session.scheduled", "session.changed", "attendance.checked_in", "attendance.checked_out"),
    react,
    FIELDS,
)
