"""Awards: what is paid of them and when, what the grantee owes for it, and what came of it.

A report is due when the latest time told says: a due date is only ever extended. It is on time if it came by
then and no earlier date had passed that held at the time: one that was missed stays so, whatever is extended
after it. Days are those of the city's calendar when the event was told.
"""

from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.awards import (
    AwardDisbursed,
    AwardGranted,
    AwardRegranted,
    GrantReportDeadlineExtended,
    GrantReportDue,
    GrantReportOverdue,
    GrantReportSubmitted,
)
from projections.core import Document, DocumentView, types
from projections.views import award_money, award_reports
from projections.views.timeline import earliest, latest

FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "award_id": "id within the city",
    "call_id": "the call it was made in; None until the award is told",
    "application_id": "the application it answers",
    "title": "what the city calls it, or None",
    "description": "what the city says of it, or None",
    "grantee_city": "the city that receives it, or None",
    "grantee_group_id": "the group that receives it, or None",
    "grantee_name": "the grantee's name as the city publishes it, or None",
    "parent_city": "where the award stands whose money this is, or None",
    "parent_award_id": "the id of that award",
    "amount": "decimal text",
    "currency": "ISO 4217 code",
    "granted_at": "when it was made, the earliest time told",
    "granted_on": "the day of that on the city's calendar",
    "instalments": "instalment_id, amount, due_at, due_on, paid_on (last day, once whole), on_time or None",
    "payments": "instalment_id, currency, paid_thousandths, paid_on (the last day), payments",
    "paid_thousandths": "what was paid in the award's currency, in thousandths",
    "reports": "report_id, first_day, last_day, due_at, due_on, extensions (the last 100: previous_due_at, "
    "due_at, at), due_told (for which date last), overdue_told (for which dates), submitted_at (the "
    "earliest), missed (any date), on_time or None, overdue (now), metrics of metric_code, unit, target, "
    "actual, spent, currency, text_ref",
    "targets": "metric_code, unit, target (decimal text), actual_thousandths (None where unreported), met",
    "targets_due_on": "the day on which the last report is due; None where none is owed",
    "first_regranted_at": "when an award was first made of its money, the earliest time told, or None",
    "updated_at": "the latest time of any event",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The award after this event."""
    award = _blank(event) if document is None else dict(document)
    _apply(award, event)
    award["updated_at"] = latest(award["updated_at"], event.at)
    award_money.settle(award)
    award_reports.settle(award)
    return award


def _blank(event: Event) -> dict[str, Any]:
    lists: dict[str, Any] = {"instalments": [], "payments": [], "reports": [], "targets": []}
    return {
        **dict.fromkeys(FIELDS),
        **lists,
        "city": event.city,
        "award_id": event.subject,
        "paid_thousandths": 0,
    }


def _apply(award: dict[str, Any], event: Event) -> None:
    match event.data:
        case AwardGranted() as data:
            _granted(award, event, data)
        case AwardDisbursed() as data:
            award_money.disbursed(award, data)
        case AwardRegranted():
            award["first_regranted_at"] = earliest(award["first_regranted_at"], event.at)
        case GrantReportDeadlineExtended() as data:
            award_reports.extended(award, event, data)
        case GrantReportSubmitted() as data:
            award_reports.submitted(award, event, data)
        case GrantReportDue() | GrantReportOverdue() as data:
            award_reports.reminded(award, data)


def _granted(award: dict[str, Any], event: Event, data: AwardGranted) -> None:
    lists = {"parent_award", "instalments", "reports", "targets"}
    award.update(data.model_dump(mode="json", exclude=lists))
    award["parent_city"] = data.parent_award and data.parent_award.city
    award["parent_award_id"] = data.parent_award and data.parent_award.award_id
    award["granted_at"] = earliest(award["granted_at"], event.at)
    award["granted_on"] = min(event.day, award["granted_on"] or event.day)
    award["instalments"] = award_money.instalments(event, data)
    award_reports.owed(award, event, data)


VIEW: Final = DocumentView(
    name="awards",
    description="Every award with its instalments, its reports, and its targets",
    handles=types(
        "award.granted",
        "award.disbursed",
        "award.regranted",  # sets when it was first; which awards they are stands in `award_regrants`
        "grant_report.due",
        "grant_report.submitted",
        "grant_report.overdue",
        "grant_report.deadline_extended",
    ),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("granted_at", -1), ("_id", 1)),
        (("city", 1), ("call_id", 1), ("granted_at", -1), ("_id", 1)),
    ),
)
