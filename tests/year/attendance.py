"""What the read models of sign-ups and attendance must hold, made of the truth."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from producers.simulate.sessions import Attendance, Session, Signup
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Added, Documents, summed

EARLY = 24
"""Whoever gives a place back so many hours before the start does so early."""


def signups(truth: Truth) -> Documents:
    return {
        f"{key}/{one.id}": _signup(truth, session, one)
        for key, session in truth.kept(Session).items()
        for one in session.signups.values()
    }


def _signup(truth: Truth, session: Session, one: Signup) -> dict[str, Any]:
    def day(at: datetime | None) -> str | None:
        return None if at is None else truth.day(session.city, at)

    return {
        "city": session.city,
        "session_id": session.id,
        "signup_id": one.id,
        "participant": one.participant,
        "status": _status(one),
        "has_place": not one.waitlisted or one.promoted_at is not None,
        "waitlisted": one.waitlisted,
        "registered_at": one.at,
        "registered_on": day(one.at),
        "promoted_at": one.promoted_at,
        "promoted_by": one.promoted_by,
        "cancelled_at": one.cancelled_at,
        "cancelled_on": day(one.cancelled_at),
        "cancelled_by": one.cancelled_by,
        "notice_hours": one.notice_hours,
        "session_ended_at": one.missed,
        "missed_on": day(one.missed),
        "came_at": one.came_at,
        "came_on": day(one.came_at),
        "updated_at": one.last_told,
    }


def _status(one: Signup) -> str:
    if one.came_at is not None:
        return "came"
    if one.cancelled_at is not None:
        return "cancelled"
    if one.missed is not None:
        return "no_show"
    return "registered" if one.placed else "waiting"


def _all_signups(truth: Truth) -> Iterator[tuple[Session, Signup]]:
    for session in truth.kept(Session).values():
        for one in session.signups.values():
            yield session, one


def session_signups(truth: Truth) -> Sums:
    names = {"registered": "signed_up", "came": "came", "no_show": "no_shows"}
    added: list[Added] = []
    for session, one in _all_signups(truth):
        status = _status(one)
        holds = int(status in names)
        counts = {"signed_up": holds, names.get(status, status): 1}
        added.append(((session.city, session.id), counts))
    return summed(added)


def _gave_back(one: Signup) -> str | None:
    own = _status(one) == "cancelled" and one.cancelled_by == "participant"
    if not own or (one.waitlisted and one.promoted_at is None):
        return None
    return "cancelled_late" if (one.notice_hours or 0) < EARLY else "cancelled_early"


def signups_by_day(truth: Truth) -> Sums:
    return summed(
        ((session.city, truth.day(session.city, at)), {name: 1})
        for session, one in _all_signups(truth)
        for name, at in _happened(one)
    )


def _happened(one: Signup) -> Iterator[tuple[str, datetime]]:
    yield "registered", one.at
    if one.came_at is not None:
        yield "came", one.came_at
    if _status(one) == "no_show" and one.missed is not None:
        yield "no_shows", one.missed
    if (gave_back := _gave_back(one)) is not None and one.cancelled_at is not None:
        yield gave_back, one.cancelled_at


def volunteer_signups(truth: Truth) -> Sums:
    return summed(
        (
            (session.city, one.participant),
            {
                "signups": 1,
                "came": int(_status(one) == "came"),
                "no_shows": int(_status(one) == "no_show"),
                "cancelled_late": int(_gave_back(one) == "cancelled_late"),
            },
        )
        for session, one in _all_signups(truth)
    )


def attendance(truth: Truth) -> Documents:
    return {
        f"{key}/{one.id}": _attendance(truth, session, one)
        for key, session in truth.kept(Session).items()
        for one in session.attendances.values()
    }


def _attendance(truth: Truth, session: Session, one: Attendance) -> dict[str, Any]:
    return {
        "city": session.city,
        "session_id": session.id,
        "attendance_id": one.id,
        "signup_id": one.signup,
        "walk_in": one.signup is None,
        "participant": one.participant,
        "checked_in_at": one.came,
        "checked_in_by": one.method_in,
        "day": truth.day(session.city, one.came),
        "checked_out_at": one.went,
        "checked_out_by": one.method_out,
        "minutes": one.minutes,
        "updated_at": max(one.told_in, one.told_out or one.told_in),
    }


def _all_attendances(truth: Truth) -> Iterator[tuple[Session, Attendance]]:
    for session in truth.kept(Session).values():
        for one in session.attendances.values():
            yield session, one


def session_attendance(truth: Truth) -> Sums:
    return summed(
        (
            (session.city, session.id),
            {
                "attended": 1,
                "walk_ins": int(one.signup is None),
                "there": int(one.went is None),
                "minutes": one.minutes or 0,
            },
        )
        for session, one in _all_attendances(truth)
    )


def attendance_by_day(truth: Truth) -> Sums:
    return summed(
        (
            (session.city, truth.day(session.city, one.came)),
            {
                "checked_in": 1,
                "walk_ins": int(one.signup is None),
                "checked_out": int(one.went is not None),
                "auto_checked_out": int(one.method_out == "auto"),
            },
        )
        for session, one in _all_attendances(truth)
    )


def volunteer_attendance(truth: Truth) -> Sums:
    return summed(
        ((session.city, one.participant), {"attended": 1})
        for session, one in _all_attendances(truth)
        if one.participant is not None
    )


DOCUMENTS = {"signups": signups, "attendance": attendance}
TALLIES = {
    "session_signups": session_signups,
    "signups_by_day": signups_by_day,
    "volunteer_signups": volunteer_signups,
    "session_attendance": session_attendance,
    "attendance_by_day": attendance_by_day,
    "volunteer_attendance": volunteer_attendance,
}
