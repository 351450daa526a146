"""The state of a session that is watched: its terms, its people, and what was told of it.

The first 10,000 sign-ups and attendances are followed, of which those that are over make room for others. A
session has 5,000 places at most.
"""

from datetime import datetime
from typing import Any, Final

from consumers.followups.followed import Entry, follow
from events.envelope import Event
from events.types.volunteering import (
    AttendanceCheckedIn,
    AttendanceCheckedOut,
    AttendanceNoShow,
    SessionAtRisk,
    SessionCancelled,
    SessionChanged,
    SessionComingUp,
    SessionScheduled,
    SignupCancelled,
    SignupPromoted,
    SignupRegistered,
)
from projections.core import Document
from projections.views.timeline import earliest

_TERMS: Final = ("starts_at", "ends_at", "capacity", "waiting_list", "min_attendance")
TOMORROW: Final = "session.starts_tomorrow"
"""The rule of a session that comes up within a day: its people are reminded."""
_LISTS: Final = ("came_up", "reminded", "risks_told", "signups", "attendances")
_STARTS: Final = 100
FIELDS: Final = {
    "city": "the city's short name",
    "session_id": "id within the city",
    "starts_at": "when it starts, as told last; None until its terms are told",
    "ends_at": "when it ends",
    "capacity": "how many places there are; None for no limit",
    "waiting_list": "whether who waits is given a place that becomes free",
    "min_attendance": "how many it needs, or None",
    "cancelled": "whether it is cancelled",
    "came_up": "the starts that have come up, or had when they were told: the last 100",
    "reminded": "the starts that people were reminded of, or that had come when they were told: the last 100",
    "risks_told": "the starts of which a risk was told: the last 100",
    "signups": "in the log's order: id, participant, registered_at, place, cancelled_at, came_at, missed: "
    "the end of which a no-show was told",
    "attendances": "in the log's order: id, participant, checked_in_at, checked_out",
    "not_followed": "how many events of sign-ups and attendances found no room",
}
_SIGNUP: Final = dict.fromkeys(("participant", "registered_at", "cancelled_at", "came_at", "missed"))
_ATTENDANCE: Final = dict.fromkeys(("participant", "checked_in_at"))


def blank(event: Event) -> Document:
    """A session of which nothing is known."""
    lists: dict[str, Any] = {name: [] for name in _LISTS}
    start = {"waiting_list": True, "cancelled": False, **lists, "not_followed": 0}
    return {**dict.fromkeys(FIELDS), **start, "city": event.city, "session_id": event.subject}


def apply(session: dict[str, Any], event: Event) -> None:
    """The session as the event leaves it."""
    match event.data:
        case SessionScheduled() | SessionChanged() as data:
            session.update({name: getattr(data, name) for name in _TERMS})
            if known_at(event) >= data.starts_at:
                note(session, "came_up", data.starts_at)
                note(session, "reminded", data.starts_at)
        case SessionCancelled():
            session["cancelled"] = True
        case SessionComingUp() as data:
            note(session, "reminded" if data.rule == TOMORROW else "came_up", data.starts_at)
        case SessionAtRisk() as data:
            note(session, "risks_told", data.starts_at)
        case AttendanceCheckedOut():
            _follow_attendance(session, event)
        case AttendanceCheckedIn() as data:
            _follow_attendance(session, event)
            if data.signup_id is not None:
                _follow_signup(session, event, data.signup_id)
        case SignupRegistered() | SignupCancelled() | SignupPromoted() | AttendanceNoShow() as data:
            _follow_signup(session, event, data.signup_id)


def note(session: dict[str, Any], name: str, start: datetime) -> None:
    """Remembers a start. One that was left may be taken again, and what was told comes back late."""
    if start not in session[name]:
        session[name] = [*session[name], start][-_STARTS:]


def known_at(event: Event) -> datetime:
    """When it was known: what was recorded later than it happened gives nobody a place before that."""
    return max(event.at, event.recordedtime or event.at)


def _follow_signup(session: dict[str, Any], event: Event, signup_id: str) -> None:
    def change(signup: Entry) -> dict[str, Any]:
        return {"participant": signup["participant"] or event.participant, **_of_signup(signup, event)}

    begun = {**_SIGNUP, "id": signup_id, "place": False}
    _keep(session, "signups", follow(session["signups"], begun, change, _given_up))


def _of_signup(signup: Entry, event: Event) -> dict[str, Any]:
    match event.data:
        case SignupRegistered() as data if signup["registered_at"] is None:
            return {"registered_at": event.at, "place": signup["place"] or not data.waitlisted}
        case SignupPromoted():
            return {"place": True}
        case SignupCancelled() if signup["cancelled_at"] is None:
            return {"cancelled_at": event.at}
        case AttendanceCheckedIn() as data:
            return {"came_at": earliest(signup["came_at"], data.checked_in_at)}
        case AttendanceNoShow() as data:
            return {"missed": data.session_ended_at}
    return {}


def _given_up(signup: Entry) -> bool:
    return signup["cancelled_at"] is not None


def _follow_attendance(session: dict[str, Any], event: Event) -> None:
    def change(attendance: Entry) -> dict[str, Any]:
        if not isinstance(event.data, AttendanceCheckedIn):
            return {"checked_out": True}
        whom = event.participant or attendance["participant"]
        return {"checked_in_at": event.data.checked_in_at, "participant": whom}

    begun = {**_ATTENDANCE, "id": getattr(event.data, "attendance_id", ""), "checked_out": False}
    _keep(session, "attendances", follow(session["attendances"], begun, change, _checked_out))


def _checked_out(attendance: Entry) -> bool:
    return bool(attendance["checked_out"])


def _keep(session: dict[str, Any], name: str, entries: list[Entry] | None) -> None:
    if entries is None:
        session["not_followed"] += 1
    else:
        session[name] = entries


def waits(signup: Entry) -> bool:
    """Whether the sign-up is on the waiting list."""
    has_come_or_gone = signup["cancelled_at"] is not None or signup["came_at"] is not None
    return signup["registered_at"] is not None and not signup["place"] and not has_come_or_gone


def placed(session: Document) -> int:
    """How many have a place."""
    return sum(one["place"] and one["cancelled_at"] is None for one in session["signups"])
