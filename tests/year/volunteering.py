"""What the read models of opportunities and sessions must hold, made of the truth."""

from typing import Any

from producers.simulate.sessions import Session
from producers.simulate.truth import Truth
from producers.simulate.volunteering import Opportunity
from tests.support.spec import Sums
from tests.year.sums import Documents, summed

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


DOCUMENTS = {"opportunities": opportunities, "sessions": sessions}
TALLIES = {"sessions_by_day": sessions_by_day}
