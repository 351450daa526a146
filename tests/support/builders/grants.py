"""Grant calls, applications and their reviews."""

from typing import Any

from events.envelope import Event
from events.types import applications, grants
from events.types.applications import Paid, Score
from events.types.grants import Criterion, Ranked
from tests.support.build import AT, told

DEADLINE, EXTENDED = "2026-05-01T17:00:00-04:00", "2026-05-08T17:00:00-04:00"
REVIEWER = "reviewer-pseudonym-1"
CRITERIA = (
    Criterion(code="need", label="Need", weight=2, scale=5),
    Criterion(code="plan", label="Plan", weight=1, scale=5),
)


def opened(call: str = "call-1", *, at: str = AT, **data: Any) -> Event:
    usual = {"tier": "city_to_group", "title": "Mini-grants", "currency": "USD", "budget": "20000"}
    return told(grants.GrantCallOpened, call, data, at=at, criteria=CRITERIA, deadline_at=DEADLINE, **usual)


def extended(call: str = "call-1", *, at: str = AT, **data: Any) -> Event:
    usual = {"previous_deadline_at": DEADLINE, "deadline_at": EXTENDED}
    return told(grants.GrantCallDeadlineExtended, call, data, at=at, **usual)


def closed(call: str = "call-1", *, at: str = AT, **data: Any) -> Event:
    return told(grants.GrantCallClosed, call, data, at=at, reason="deadline", deadline_at=DEADLINE)


def ranked(call: str = "call-1", *scores: tuple[str, int, str], at: str = AT, **data: Any) -> Event:
    """The order of (application, rank, score)."""
    ranking = tuple(Ranked(application_id=one, rank=rank, score=score) for one, rank, score in scores)
    usual = {"rule": "grant_call.weighted_mean", "ranking": ranking}
    return told(grants.GrantCallRanked, call, data, at=at, **usual)


def applied(application: str = "app-1", *, call: str = "call-1", at: str = AT, **data: Any) -> Event:
    usual = {"call_id": call, "applicant_group_id": "g1", "title": "Mend our block"}
    money = {"amount": "1500", "currency": "USD"}
    return told(applications.ApplicationSubmitted, application, data, at=at, **usual, **money)


def withdrawn(application: str = "app-1", *, at: str = AT, **data: Any) -> Event:
    return told(applications.ApplicationWithdrawn, application, data, at=at)


def asked(application: str = "app-1", *, query: str = "q1", at: str = AT, **data: Any) -> Event:
    usual = {"query_id": query, "text_ref": "text-q1"}
    return told(applications.ApplicationMoreInfoRequested, application, data, at=at, **usual)


def answered(application: str = "app-1", *, query: str = "q1", at: str = AT, **data: Any) -> Event:
    usual = {"query_id": query, "text_ref": "text-a1"}
    return told(applications.ApplicationMoreInfoProvided, application, data, at=at, **usual)


def reviewed(
    application: str = "app-1", *, by: str = REVIEWER, need: int = 4, plan: int = 3, at: str = AT, **data: Any
) -> Event:
    scores = (Score(criterion="need", score=need), Score(criterion="plan", score=plan))
    usual = {"conflict_declared": False, "recommendation": "award"}
    return told(
        applications.ReviewSubmitted, application, data, at=at, reviewer_ref=by, scores=scores, **usual
    )


def conflict(application: str = "app-1", *, by: str = REVIEWER, at: str = AT, **data: Any) -> Event:
    return told(applications.ReviewConflictDeclared, application, data, at=at, reviewer_ref=by, kind="family")


def recused(application: str = "app-1", *, by: str = REVIEWER, at: str = AT, **data: Any) -> Event:
    return told(applications.ReviewRecused, application, data, at=at, reviewer_ref=by)


def refused(application: str = "app-1", *, by: str = REVIEWER, at: str = AT, **data: Any) -> Event:
    usual = {"rule": "review.refused", "review_id": "review-1", "reason": "conflict"}
    return told(applications.ReviewRefused, application, data, at=at, reviewer_ref=by, **usual)


def determined(application: str = "app-1", *, at: str = AT, **data: Any) -> Event:
    usual = {"outcome": "accepted", "amount": "1500", "currency": "USD"}
    return told(applications.DeterminationMade, application, data, at=at, **usual)


def progressed(application: str = "app-1", *, award: str = "award-1", at: str = AT, **data: Any) -> Event:
    """Of the award made for it; that something was paid, unless the data say what."""
    paid = Paid(instalment_id="1", amount="750.50", currency="USD", paid_on="2026-05-02")
    usual = {"rule": "award.reaches_application", "award_id": award} | ({} if data else {"paid": paid})
    return told(applications.ApplicationAwardProgressed, application, data, at=at, **usual)
