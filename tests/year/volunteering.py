"""What the read models of opportunities, sessions, sign-ups and attendance must hold, made of the truth."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from producers.simulate.sessions import Attendance, Session, Signup
from producers.simulate.truth import Truth
from producers.simulate.volunteering import Opportunity
from tests.support.spec import Sums
from tests.year.sums import Added, Documents, summed

EARLY = 24
TERMS = (
    "opportunity_id project_id group_id neighbourhood_id role_id starts_at ends_at place remote min_age "
    "capacity waiting_list min_attendance"
)


def opportunities(truth: Truth) -> Documents:
    return {key: _opportunity(truth, one) for key, one in truth.kept(Opportunity).items()}


def _opportunity(truth: Truth, one: Opportunity) -> dict[str, Any]:
    mine = [
        session
        for session in truth.kept(Session).values()
        if session.city == one.city and session.terms.opportunity_id == one.id
    ]
    starts = sorted((session.terms.starts_at, session.id) for session in mine)
    told = one.data
    return {
        "city": one.city,
        "opportunity_id": one.id,
        "title": told.title,
        "description": told.description,
        "activity": told.activity,
        "organisation": told.organisation,
        "group_id": told.group_id,
        "project_id": told.project_id,
        "neighbourhood_id": told.neighbourhood_id,
        "roles": [role.model_dump(mode="json") for role in told.roles],
        "sessions": [{"session_id": id_, "starts_at": at} for at, id_ in starts],
        "last_starts_at": starts[-1][0] if starts else None,
        "listed_at": starts[-1][0] if starts else one.published_at,
        "status": "cancelled" if one.cancelled else "published",
        "published_at": one.published_at,
        "cancelled_at": one.cancelled_at,
        "cancel_reason": one.cancelled and one.cancelled.reason,
        "cancel_note": one.cancelled and one.cancelled.note,
        "updated_at": max([one.last_told, *(session.terms_told_at for session in mine)]),
    }


def sessions(truth: Truth) -> Documents:
    return {key: _session(truth, one) for key, one in truth.kept(Session).items()}


def _session(truth: Truth, one: Session) -> dict[str, Any]:
    return {
        **{name: getattr(one.terms, name) for name in TERMS.split()},
        "city": one.city,
        "session_id": one.id,
        "day": truth.day(one.city, one.terms.starts_at),
        "point": None,
        "accessibility": list(one.terms.accessibility),
        "status": "cancelled" if one.cancelled else "scheduled",
        "coming_up": one.coming_up,
        "risk": one.risk,
        "at_risk": _at_risk(one),
        "scheduled_at": one.scheduled_at,
        "changes": one.changes,
        "cancelled_at": one.cancelled_at,
        "cancel_reason": one.cancelled and one.cancelled.reason,
        "cancel_note": None,
        "updated_at": one.last_told,
    }


def _at_risk(one: Session) -> bool:
    return one.risk is not None and one.risk["starts_at"] == one.terms.starts_at


def sessions_by_day(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, truth.day(one.city, one.terms.starts_at), one.terms.neighbourhood_id or ""),
            _counts(one),
        )
        for one in truth.kept(Session).values()
    )


def _counts(one: Session) -> dict[str, int]:
    if one.cancelled is not None:
        return {"cancelled": 1}
    return {
        "sessions": 1,
        "with_minimum": int(bool(one.terms.min_attendance)),
        "at_risk": int(_at_risk(one)),
        "places": one.terms.capacity or 0,
    }


# Sign-ups


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


# Attendance


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


DOCUMENTS = {
    "opportunities": opportunities,
    "sessions": sessions,
    "signups": signups,
    "attendance": attendance,
}
TALLIES = {
    "sessions_by_day": sessions_by_day,
    "session_signups": session_signups,
    "signups_by_day": signups_by_day,
    "volunteer_signups": volunteer_signups,
    "session_attendance": session_attendance,
    "attendance_by_day": attendance_by_day,
    "volunteer_attendance": volunteer_attendance,
}
