"""What the read models of awards and what is granted again must hold, made of the truth."""

from typing import Any

from producers.simulate.granting import Award, Report
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Added, Documents, summed, thousandths


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


DOCUMENTS = {"awards": awards, "award_regrants": regrants}
TALLIES = {
    "grants_awarded": awarded,
    "grants_disbursed": disbursed,
    "grants_regranted": regranted,
    "grant_instalments": instalments,
    "grant_reports": reports,
    "grant_targets": targets,
}
