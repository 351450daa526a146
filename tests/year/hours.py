"""What the read model of volunteer hours must hold, made of the truth."""

from typing import Any

from producers.simulate.hours import Hours
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Documents, summed

CAUSES = "session_id attendance_id opportunity_id project_id group_id asset_id neighbourhood_id"
RULE = "hours.seen_to_come_and_go"


def hours(truth: Truth) -> Documents:
    return {key: _entry(one) for key, one in truth.kept(Hours).items()}


def _entry(one: Hours) -> dict[str, Any]:
    return {
        **{name: one.causes.get(name) for name in CAUSES.split()},
        **_decision(one),
        "city": one.city,
        "entry_id": one.id,
        "participant": one.participant,
        "minutes": one.minutes,
        "worked_on": one.worked_on,
        "month": one.worked_on[:7],
        "year": one.worked_on[:4],
        "source": one.source,
        "auto_checked_out": one.auto,
        "status": _status(one),
        "verified_minutes": one.verified,
        "logged_at": one.logged_at,
        "updated_at": one.last_told,
    }


def _decision(one: Hours) -> dict[str, Any]:
    names = ("decided_by", "verifier", "rule", "reject_reason", "reject_note", "decided_at")
    if one.decision is None:
        return dict.fromkeys(names)
    who = one.decision.verifier
    by, rule = ("rule", RULE) if who is None else ("person", None)
    return dict(zip(names, (by, who, rule, one.decision.reason, None, one.decision.at), strict=True))


def _status(one: Hours) -> str:
    if one.decision is None:
        return "logged"
    return "rejected" if one.decision.reason else "verified"


def _minutes(one: Hours) -> dict[str, int]:
    rejected = one.minutes if _status(one) == "rejected" else 0
    return {"entries": 1, "logged": one.minutes, "verified": one.verified, "rejected": rejected}


def by_day(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, one.worked_on[:4], one.worked_on, one.causes.get("neighbourhood_id") or ""),
            _minutes(one),
        )
        for one in truth.kept(Hours).values()
    )


def by_cause(truth: Truth) -> Sums:
    names = ("project_id", "group_id", "opportunity_id", "asset_id")
    return summed(
        (
            (one.city, *(one.causes.get(name) or "" for name in names), one.worked_on[:4]),
            _minutes(one),
        )
        for one in truth.kept(Hours).values()
    )


def by_volunteer(truth: Truth) -> Sums:
    return summed(
        ((one.city, one.participant, one.worked_on[:4]), _minutes(one))
        for one in truth.kept(Hours).values()
        if one.participant is not None
    )


def by_month(truth: Truth) -> Sums:
    return summed(
        ((one.city, one.worked_on[:7], one.participant), _minutes(one))
        for one in truth.kept(Hours).values()
        if one.participant is not None
    )


DOCUMENTS = {"hours": hours}
TALLIES = {
    "hours_by_day": by_day,
    "hours_by_cause": by_cause,
    "volunteer_hours": by_volunteer,
    "volunteers_by_month": by_month,
}
