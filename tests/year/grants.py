"""What the read models of calls, applications and reviews must hold, made of the truth."""

from collections.abc import Iterator
from typing import Any

from events.types.grants import GrantCallClosed
from producers.simulate.granting import Application, Call, Review
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Added, Documents, summed, thousandths

CLOSES = "grant_call.closes_at_deadline"


def calls(truth: Truth) -> Documents:
    return {key: _call(one) for key, one in truth.kept(Call).items()}


def _call(one: Call) -> dict[str, Any]:
    told, parent = one.data, one.data.parent_award
    return {
        "city": one.city,
        "call_id": one.id,
        "tier": told.tier,
        "parent_city": parent and parent.city,
        "parent_award_id": parent and parent.award_id,
        "title": told.title,
        "description": told.description,
        "currency": told.currency,
        "budget": told.budget,
        "amount_min": told.amount_min,
        "amount_max": told.amount_max,
        "criteria": [dict(criterion) for criterion in told.criteria],
        "eligibility": list(told.eligibility),
        "status": "cancelled" if one.cancelled else "open" if one.open else "closed",
        "deadline_at": one.deadline,
        "extensions": [
            {
                "previous_deadline_at": data.previous_deadline_at,
                "deadline_at": data.deadline_at,
                "reason": data.reason,
                "at": at,
            }
            for data, at in one.extensions
        ],
        "opened_at": one.opened_at,
        "closed": _closed(one),
        "cancelled_at": one.cancelled and one.cancelled[1],
        "ranking": one.ranked
        and {
            "rule": one.ranked[0].rule,
            "ranking": [dict(place) for place in one.ranked[0].ranking],
            "input_hash": None,
            "at": one.ranked[1].at,
        },
        "updated_at": one.last_told,
    }


def _closed(one: Call) -> dict[str, Any] | None:
    if one.cancelled is not None:
        data, at = one.cancelled
    elif one.closed_at is not None:
        data = GrantCallClosed(reason="deadline", deadline_at=one.closed_at, rule=CLOSES)
        at = one.closed_at
    else:
        return None
    return {**dict(data), "at": at}


def applications(truth: Truth) -> Documents:
    return {key: _application(one) for key, one in truth.kept(Application).items()}


def _application(one: Application) -> dict[str, Any]:
    told = one.data
    return {
        "city": one.city,
        "application_id": one.id,
        "call_id": told.call_id,
        "applicant_city": told.applicant_city,
        "applicant_group_id": told.applicant_group_id,
        "title": told.title,
        "text_ref": told.text_ref,
        "amount": told.amount,
        "currency": told.currency,
        "neighbourhood_id": told.neighbourhood_id,
        "problem_id": told.problem_id,
        "targets": [dict(target) for target in told.targets],
        "status": _status(one),
        "queries": [
            {
                "query_id": query.id,
                "text_ref": query.text_ref,
                "due_at": query.due_at,
                "asked_at": query.asked_at,
                "answer_ref": query.answer_ref,
                "answered_at": query.answered_at,
            }
            for query in one.queries
        ],
        "determination": one.determined and {**dict(one.determined[0]), "at": one.determined[1]},
        "award_id": one.award,
        "submitted_at": one.submitted_at,
        "withdrawn_at": one.withdrawn_at,
        "determined_at": one.determined and one.determined[1],
        "updated_at": one.last_told,
    }


def _status(one: Application) -> str:
    if one.withdrawn_at is not None:
        return "withdrawn"
    if one.determined is not None:
        return one.determined[0].outcome
    return "info_requested" if any(query.answered_at is None for query in one.queries) else "submitted"


def _counted(one: Application, of: str | None) -> Iterator[Added]:
    status = _status(one)
    stands, accepted = status != "withdrawn", status.startswith("accepted")
    counts = {
        "submitted": 1,
        "withdrawn": int(not stands),
        "accepted": int(accepted),
        "determined": int(stands and one.determined is not None),
        "requested": thousandths(one.data.amount) if stands else 0,
        "accepted_amount": thousandths(one.data.amount) if accepted else 0,
    }
    yield (one.city, of or "", one.data.currency), counts


def by_call(truth: Truth) -> Sums:
    return summed(
        added for one in truth.kept(Application).values() for added in _counted(one, one.data.call_id)
    )


def by_neighbourhood(truth: Truth) -> Sums:
    return summed(
        added
        for one in truth.kept(Application).values()
        for added in _counted(one, one.data.neighbourhood_id)
    )


def reviews(truth: Truth) -> Documents:
    return {key: _review(one) for key, one in truth.kept(Review).items()}


def _review(one: Review) -> dict[str, Any]:
    submissions = [
        {
            "review_id": id_,
            "scores": [dict(score) for score in data.scores],
            "recommendation": data.recommendation,
            "text_ref": data.text_ref,
            "at": at,
        }
        for id_, data, at in one.submissions
    ]
    last = submissions[-1] if submissions else dict[str, Any]()
    why = _why_not(one)
    return {
        "city": one.city,
        "application_id": one.application,
        "reviewer": one.reviewer,
        "counts": why is None,
        "not_counted": why,
        "scores": last.get("scores"),
        "recommendation": last.get("recommendation"),
        "text_ref": last.get("text_ref"),
        "submitted_at": last.get("at"),
        "conflict": one.conflict,
        "recused": one.recused,
        "submissions": submissions,
        "refusals": [{"review_id": id_, "reason": reason} for id_, reason in one.refusals],
        "updated_at": one.last_told,
    }


def _why_not(one: Review) -> str | None:
    if one.conflict is not None:
        return "conflict"
    if one.recused:
        return "recused"
    if one.submissions:
        return None
    return "refused" if one.refusals else "not_submitted"


DOCUMENTS = {"grant_calls": calls, "grant_applications": applications, "grant_reviews": reviews}
TALLIES = {
    "grant_applications_by_call": by_call,
    "grant_applications_by_neighbourhood": by_neighbourhood,
}
