"""What the read models of calls, applications, reviews and awards must hold, made of the truth."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from events.types.grants import GrantCallClosed
from producers.simulate.granting import Application, Award, Call, Report, Review
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Added, Documents, summed

CLOSES = "grant_call.closes_at_deadline"


def thousandths(text: str) -> int:
    return int(Decimal(text) * 1000)


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
            "at": one.ranked[1],
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


# Awards


def awards(truth: Truth) -> Documents:
    return {key: _award(one) for key, one in truth.kept(Award).items()}


def _award(one: Award) -> dict[str, Any]:
    told, parent = one.data, one.data.parent_award
    made = [award.granted_at for award in one.regranted.values()]
    return {
        "city": one.city,
        "award_id": one.id,
        "call_id": told.call_id,
        "application_id": told.application_id,
        "title": told.title,
        "description": None,
        "grantee_city": told.grantee_city,
        "grantee_group_id": told.grantee_group_id,
        "grantee_name": told.grantee_name,
        "parent_city": parent and parent.city,
        "parent_award_id": parent and parent.award_id,
        "amount": told.amount,
        "currency": told.currency,
        "granted_at": one.granted_at,
        "granted_on": one.granted_on,
        "first_regranted_at": min(made, default=None),
        "instalments": [_instalment(one, part.instalment_id) for part in told.instalments],
        "payments": [
            {
                "instalment_id": id_,
                "currency": told.currency,
                "paid_thousandths": paid.thousandths,
                "paid_on": paid.paid_on,
                "payments": paid.times,
            }
            for id_, paid in one.paid.items()
        ],
        "paid_thousandths": sum(paid.thousandths for paid in one.paid.values()),
        "reports": [_report(report) for report in one.reports.values()],
        "targets": [_target(one, number) for number in range(len(told.targets))],
        "targets_due_on": max(report.due_on for report in one.reports.values()),
        "updated_at": max([one.last_told, *made]),
    }


def _instalment(one: Award, id_: str) -> dict[str, Any]:
    (part,) = [part for part in one.data.instalments if part.instalment_id == id_]
    paid, due_on = one.paid.get(id_), one.due_on[id_]
    whole = paid is not None and paid.thousandths == thousandths(part.amount)
    return {
        "instalment_id": id_,
        "amount": part.amount,
        "due_at": part.due_at,
        "due_on": due_on,
        "paid_on": paid.paid_on if paid and whole else None,
        "on_time": paid.paid_on <= due_on if paid and whole else None,
    }


def _report(one: Report) -> dict[str, Any]:
    data = one.came[0] if one.came else None
    return {
        "report_id": one.id,
        "first_day": one.first_day,
        "last_day": one.last_day,
        "due_at": one.due_at,
        "due_on": one.due_on,
        "extensions": [
            {"previous_due_at": data.previous_due_at, "due_at": data.due_at, "at": at}
            for data, at in one.extensions
        ],
        "due_told": one.due_told,
        "overdue_told": one.overdue_told,
        "missed": one.missed,
        "submitted_at": one.came and one.came[1],
        "on_time": one.on_time,
        "overdue": _overdue(one),
        "metrics": [dict(metric) for metric in data.metrics] if data else [],
        "spent": data and data.spent,
        "currency": data and data.currency,
        "text_ref": data and data.text_ref,
    }


def _overdue(one: Report) -> bool:
    return one.due_at in one.overdue_told and not one.on_time


def _target(one: Award, number: int) -> dict[str, Any]:
    target = one.data.targets[number]
    reported = [report.came[0] for report in one.reports.values() if report.came]
    actual = [thousandths(data.metrics[number].actual) for data in reported]
    return {
        "metric_code": target.metric_code,
        "unit": target.unit,
        "target": target.target,
        "actual_thousandths": sum(actual) if actual else None,
        "met": bool(actual) and sum(actual) >= thousandths(target.target),
    }


def regrants(truth: Truth) -> Documents:
    return {
        f"{key}/{city}/{id_}": {
            "city": parent.city,
            "award_id": parent.id,
            "to_city": city,
            "to_award_id": id_,
            "amount": made.data.amount,
            "currency": made.data.currency,
            "regranted_at": made.granted_at,
            "regranted_on": made.granted_on,
        }
        for key, parent in truth.kept(Award).items()
        for (city, id_), made in parent.regranted.items()
    }


def regranted(truth: Truth) -> Sums:
    return summed(
        (
            (parent.city, parent.id, made.data.currency),
            {"awards": 1, "regranted": thousandths(made.data.amount)},
        )
        for parent in truth.kept(Award).values()
        for made in parent.regranted.values()
    )


def awarded(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, one.data.currency, one.granted_on[:7]),
            {"awards": 1, "awarded": thousandths(one.data.amount)},
        )
        for one in truth.kept(Award).values()
    )


def disbursed(truth: Truth) -> Sums:
    return summed(
        ((one.city, one.data.currency, on[:7]), {"payments": 1, "disbursed": amount})
        for one in truth.kept(Award).values()
        for amount, on in one.payments
    )


def instalments(truth: Truth) -> Sums:
    shown = (
        (one.city, _instalment(one, part.instalment_id))
        for one in truth.kept(Award).values()
        for part in one.data.instalments
    )
    return summed(
        (
            (city, part["due_on"]),
            {"instalments": 1, "paid": int(bool(part["paid_on"])), "on_time": int(bool(part["on_time"]))},
        )
        for city, part in shown
    )


def reports(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, report.due_on),
            {
                "reports": 1,
                "due": int(report.due_told == report.due_at),
                "submitted": int(report.came is not None),
                "on_time": int(bool(report.on_time)),
                "overdue": int(_overdue(report)),
            },
        )
        for one in truth.kept(Award).values()
        for report in one.reports.values()
    )


def targets(truth: Truth) -> Sums:
    added: list[Added] = []
    for one in truth.kept(Award).values():
        due_on = max(report.due_on for report in one.reports.values())
        for number, target in enumerate(one.data.targets):
            reached = _target(one, number)
            counts = {"targets": 1, "met": int(reached["met"])}
            counts["reported"] = int(reached["actual_thousandths"] is not None)
            added.append(((one.city, target.metric_code, due_on), counts))
    return summed(added)


DOCUMENTS = {
    "grant_calls": calls,
    "grant_applications": applications,
    "grant_reviews": reviews,
    "awards": awards,
    "award_regrants": regrants,
}
TALLIES = {
    "grant_applications_by_call": by_call,
    "grant_applications_by_neighbourhood": by_neighbourhood,
    "grants_awarded": awarded,
    "grants_disbursed": disbursed,
    "grants_regranted": regranted,
    "grant_instalments": instalments,
    "grant_reports": reports,
    "grant_targets": targets,
}
