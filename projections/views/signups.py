"""Sign-ups for sessions: who has a place, who waits, who cancelled in time, who came and who did not.

A check-in is told of the attendance, and of the sign-up it names: so a no-show that was told before a late
check-in reached the log stays on the log, and the sign-up stands as one that came.
"""

from collections.abc import Iterable
from typing import Any, Final

from events.envelope import Event
from events.types.volunteering import (
    AttendanceCheckedIn,
    AttendanceNoShow,
    SignupCancelled,
    SignupPromoted,
    SignupRegistered,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.sessions import day_in_city
from projections.views.timeline import latest

EARLY_HOURS: Final = 24
"""Whoever cancels so many hours before the start does so early."""

FIELDS: Final = {
    "city": "the city's short name",
    "session_id": "the session's id",
    "signup_id": "id within the session",
    "participant": "pseudonym of who signed up",
    "status": "registered (with a place), waiting, cancelled, no_show or came",
    "has_place": "whether there is or was a place: signed up with one, or promoted from the waiting list",
    "waitlisted": "whether it began on the waiting list; None until the sign-up is told",
    "registered_at": "when it was made",
    "registered_on": "the same as a day on the city's calendar",
    "promoted_at": "when a place was given to one who waited, or None",
    "promoted_by": "rule or organiser; None",
    "cancelled_at": "when it was cancelled, or None",
    "cancelled_on": "the same as a day on the city's calendar",
    "cancelled_by": "participant or organiser; None",
    "notice_hours": "whole hours between the cancellation and the start",
    "session_ended_at": "the end by which nobody had come, where that was told; None",
    "missed_on": "the same as a day on the city's calendar",
    "came_at": "when the participant was first there, or None",
    "came_on": "the same as a day on the city's calendar",
    "updated_at": "the latest time of any event",
}


def key(event: Event) -> str:
    """One document for each sign-up; those who just came have none, and `~` begins no id."""
    return f"{event.key}/{getattr(event.data, 'signup_id', None) or '~'}"


def evolve(document: Document | None, event: Event) -> Document | None:
    """The sign-up after this event. Its first registration, promotion and cancellation count."""
    if isinstance(event.data, AttendanceCheckedIn) and event.data.walk_in:
        return document
    signup = _blank(event) if document is None else dict(document)
    if signup["participant"] is None:
        signup["participant"] = event.participant
    _apply(signup, event)
    signup["updated_at"] = latest(signup["updated_at"], event.at)
    signup["has_place"] = signup["promoted_at"] is not None or signup["waitlisted"] is False
    signup["status"] = _status(signup)
    return signup


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "session_id": event.subject,
        "signup_id": getattr(event.data, "signup_id", None),
    }


def _apply(signup: dict[str, Any], event: Event) -> None:
    match event.data:
        case SignupRegistered() as data if signup["registered_at"] is None:
            told = {"registered_at": event.at, "registered_on": event.day, "waitlisted": data.waitlisted}
            signup.update(told)
        case SignupPromoted() as data if signup["promoted_at"] is None:
            signup.update(promoted_at=event.at, promoted_by="rule" if data.rule else "organiser")
        case SignupCancelled() as data if signup["cancelled_at"] is None:
            signup.update(cancelled_at=event.at, cancelled_on=event.day)
            signup.update(cancelled_by=data.by, notice_hours=data.notice_hours)
        case AttendanceNoShow() as data:
            ended = data.session_ended_at
            signup.update(session_ended_at=ended, missed_on=day_in_city(ended, event))
        case AttendanceCheckedIn() as data:
            if signup["came_at"] is None or data.checked_in_at < signup["came_at"]:
                came = data.checked_in_at
                signup.update(came_at=came, came_on=day_in_city(came, event))


def _status(signup: Document) -> str:
    cancelled, ended = signup["cancelled_at"], signup["session_ended_at"]
    if signup["came_at"] is not None:
        return "came"
    if cancelled is not None and (ended is None or cancelled < ended):
        return "cancelled"
    if ended is not None:
        return "no_show"
    return "registered" if signup["has_place"] else "waiting"


VIEW: Final = DocumentView(
    name="signups",
    description="Every sign-up for a session, with what became of it",
    handles=types(
        "signup.registered",
        "signup.cancelled",
        "signup.promoted",
        "attendance.no_show",
        "attendance.checked_in",
    ),
    key=key,
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("session_id", 1), ("status", 1), ("registered_at", 1)),
        (("city", 1), ("participant", 1), ("registered_at", -1)),
    ),
)


def late(signup: Document) -> bool:
    """Whether the participant gave a place back less than 24 hours before the start."""
    return _gave_back(signup) and signup["notice_hours"] < EARLY_HOURS


def _gave_back(signup: Document) -> bool:
    own = signup["status"] == "cancelled" and signup["cancelled_by"] == "participant"
    return bool(own and signup["has_place"])


def _of_session(signup: Document) -> Iterable[Cell]:
    status = signup["status"]
    yield Cell(
        (signup["city"], signup["session_id"]),
        {
            "signed_up": int(status in {"registered", "came", "no_show"}),
            "waiting": int(status == "waiting"),
            "cancelled": int(status == "cancelled"),
            "came": int(status == "came"),
            "no_shows": int(status == "no_show"),
        },
    )


BY_SESSION: Final = DocumentTally(
    name="session_signups",
    description="How the sign-ups of each session stand",
    dimensions=("city", "session"),
    measures={
        "signed_up": "sign-ups that hold a place: registered, came, or no-show",
        "waiting": "on the waiting list",
        "cancelled": "cancelled, by whomever",
        "came": "checked in",
        "no_shows": "did not come by the end",
    },
    over=VIEW,
    cells=_of_session,
)


def _of_day(signup: Document) -> Iterable[Cell]:
    """What happened to it, each on its own day."""
    if signup["registered_on"] is not None:
        yield Cell((signup["city"], signup["registered_on"]), {"registered": 1})
    if signup["status"] == "came":
        yield Cell((signup["city"], signup["came_on"]), {"came": 1})
    if signup["status"] == "no_show":
        yield Cell((signup["city"], signup["missed_on"]), {"no_shows": 1})
    if _gave_back(signup):
        measure = "cancelled_late" if late(signup) else "cancelled_early"
        yield Cell((signup["city"], signup["cancelled_on"]), {measure: 1})


BY_DAY: Final = DocumentTally(
    name="signups_by_day",
    description="What happened to sign-ups, by day",
    dimensions=("city", "day"),
    measures={
        "registered": "signed up on this day, with a place or for the waiting list",
        "came": "sign-ups that came, on the day they did",
        "no_shows": "did not come, on the day the session ended",
        "cancelled_late": "participants who gave their place back less than 24 hours before the start",
        "cancelled_early": "participants who gave their place back earlier",
    },
    over=VIEW,
    cells=_of_day,
)


def _of_volunteer(signup: Document) -> Iterable[Cell]:
    if signup["participant"] is None:
        return
    yield Cell(
        (signup["city"], signup["participant"]),
        {
            "signups": 1,
            "came": int(signup["status"] == "came"),
            "no_shows": int(signup["status"] == "no_show"),
            "cancelled_late": int(late(signup)),
        },
    )


BY_VOLUNTEER: Final = DocumentTally(
    name="volunteer_signups",
    description="What became of each participant's sign-ups, over all opportunities of a city",
    dimensions=("city", "participant"),
    measures={
        "signups": "sign-ups",
        "came": "sign-ups that came",
        "no_shows": "sign-ups that did not",
        "cancelled_late": "places given back less than 24 hours before the start",
    },
    over=VIEW,
    cells=_of_volunteer,
)
TALLIES: Final = (BY_SESSION, BY_DAY, BY_VOLUNTEER)
