"""Opportunities, sessions, who signed up and who came."""

from typing import Any

from events.envelope import Event
from events.types import volunteering
from events.types.volunteering import Role
from tests.support.build import ANN, AT, told

STARTS, ENDS = "2026-04-11T09:00:00-04:00", "2026-04-11T12:00:00-04:00"
_TERMS: dict[str, Any] = {"opportunity_id": "opp-1", "starts_at": STARTS, "ends_at": ENDS}


def published(opportunity: str = "opp-1", *, at: str = AT, **data: Any) -> Event:
    usual = {"title": "Clean the bank", "activity": "cleanup", "roles": (Role(role_id="crew", title="Crew"),)}
    return told(volunteering.OpportunityPublished, opportunity, data, at=at, **usual)


def session_added(opportunity: str = "opp-1", *, session: str = "s1", at: str = AT, **data: Any) -> Event:
    usual = {"rule": "opportunity.collects_sessions", "session_id": session, "starts_at": STARTS}
    return told(volunteering.OpportunitySessionAdded, opportunity, data, at=at, **usual)


def opportunity_cancelled(opportunity: str = "opp-1", *, at: str = AT, **data: Any) -> Event:
    return told(volunteering.OpportunityCancelled, opportunity, data, at=at, reason="weather")


def scheduled(session: str = "s1", *, at: str = AT, **data: Any) -> Event:
    return told(volunteering.SessionScheduled, session, data, at=at, **_TERMS)


def changed(session: str = "s1", *, at: str = AT, **data: Any) -> Event:
    return told(volunteering.SessionChanged, session, data, at=at, **_TERMS)


def session_cancelled(session: str = "s1", *, at: str = AT, **data: Any) -> Event:
    return told(volunteering.SessionCancelled, session, data, at=at, reason="weather")


def coming_up(session: str = "s1", *, at: str = AT, **data: Any) -> Event:
    return told(
        volunteering.SessionComingUp, session, data, at=at, rule="session.coming_up", starts_at=STARTS
    )


def at_risk(session: str = "s1", *, at: str = AT, **data: Any) -> Event:
    usual = {"rule": "session.at_risk", "starts_at": STARTS}
    numbers = {"expected": "2.5", "signed_up": 4, "min_attendance": 6}
    return told(volunteering.SessionAtRisk, session, data, at=at, **usual, **numbers)


def signed_up(session: str = "s1", *, signup: str = "su1", by: str = ANN, at: str = AT, **data: Any) -> Event:
    return told(volunteering.SignupRegistered, session, data, at=at, by=by, signup_id=signup)


def signup_cancelled(
    session: str = "s1", *, signup: str = "su1", by: str = ANN, at: str = AT, **data: Any
) -> Event:
    usual = {"signup_id": signup, "notice_hours": 24}
    return told(volunteering.SignupCancelled, session, data, at=at, by=by, **usual)


def promoted(session: str = "s1", *, signup: str = "su1", by: str = ANN, at: str = AT, **data: Any) -> Event:
    return told(volunteering.SignupPromoted, session, data, at=at, by=by, signup_id=signup)


def checked_in(
    session: str = "s1", *, attendance: str = "att1", by: str | None = ANN, at: str = AT, **data: Any
) -> Event:
    """Of one who had signed up; with `signup_id=None, walk_in=True` of one who just came."""
    usual = {"attendance_id": attendance, "signup_id": "su1", "method": "qr", "checked_in_at": STARTS}
    return told(volunteering.AttendanceCheckedIn, session, data, at=at, by=by, **usual)


def checked_out(
    session: str = "s1", *, attendance: str = "att1", by: str | None = ANN, at: str = AT, **data: Any
) -> Event:
    usual = {"attendance_id": attendance, "method": "qr", "checked_out_at": ENDS}
    return told(volunteering.AttendanceCheckedOut, session, data, at=at, by=by, **usual)


def no_show(session: str = "s1", *, signup: str = "su1", by: str = ANN, at: str = AT, **data: Any) -> Event:
    usual = {"rule": "session.no_show", "signup_id": signup, "session_ended_at": ENDS}
    return told(volunteering.AttendanceNoShow, session, data, at=at, by=by, **usual)
