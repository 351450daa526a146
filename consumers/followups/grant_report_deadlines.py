"""Reports that are due, told 14 days ahead, and those that had not come when they were.

The latest due date told holds, and each has timers of its own: one that was extended never fires. A report
that came by its due date, by its own time, is not overdue however late it is told; one that came after it
was. The state is bounded by the reports that the events of one award name.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from consumers.engine.effects import (
    CancelTimer,
    Effect,
    ProcessManager,
    Reaction,
    StartTimer,
    process_manager,
)
from events.envelope import Event
from events.types.awards import (
    AwardGranted,
    GrantReportDeadlineExtended,
    GrantReportDue,
    GrantReportOverdue,
    GrantReportSubmitted,
)
from projections.core import Document, types
from projections.views.entries import entry, put
from projections.views.timeline import earliest

NOTICE: Final = timedelta(days=14)
DUE, OVERDUE = "grant_report.due", "grant_report.overdue"
_REPORT: Final = dict.fromkeys(
    ("report_id", "due_at", "notice_at", "submitted_at", "due_told", "overdue_told")
)
FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "award_id": "id within the city",
    "reports": "report_id, due_at (the latest told), notice_at (when that is told), submitted_at (the "
    "earliest), due_told and overdue_told (the due dates of which they were told last)",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The award after this event; timers run for exactly what may still have to be told."""
    before = state or {"city": event.city, "award_id": event.subject, "reports": []}
    reports = before["reports"]
    for report, change in _changes(event):
        known = entry(reports, report_id=report) or {**_REPORT, "report_id": report}
        reports = put(reports, {**known, **_later(known, change)}, "report_id")
    return {**before, "reports": reports}, list(_moved(before["reports"], reports))


def _changes(event: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    match event.data:
        case AwardGranted() as data:
            for duty in data.reports:
                yield duty.report_id, _until(event, duty.due_at)
        case GrantReportDeadlineExtended() as data:
            yield data.report_id, _until(event, data.due_at)
        case GrantReportSubmitted() as data:
            yield data.report_id, {"submitted_at": event.at}
        case GrantReportDue() as data:
            yield data.report_id, {"due_told": data.due_at}
        case GrantReportOverdue() as data:
            yield data.report_id, {"overdue_told": data.due_at}


def _until(event: Event, due: datetime) -> dict[str, Any]:
    return {"due_at": due, "notice_at": max(due - NOTICE, event.at)}


def _later(known: Document, change: dict[str, Any]) -> dict[str, Any]:
    """What of a change holds beside what is known: the first submission, and the latest of all else."""
    if "submitted_at" in change:
        return {"submitted_at": earliest(known["submitted_at"], change["submitted_at"])}
    first = next(iter(change))
    outdated = known[first] is not None and known[first] >= change[first]
    return {} if outdated else change


def _moved(before: list[Document], after: list[Document]) -> Iterator[Effect]:
    ran, run = _timers(before), _timers(after)
    yield from (CancelTimer(name) for name in ran if name not in run)
    yield from (timer for name, timer in run.items() if name not in ran)


def _timers(reports: list[Document]) -> dict[str, StartTimer]:
    """The timers that run for these reports, by name."""
    return {timer.name: timer for one in reports for timer in _of(one)}


def _of(report: Document) -> Iterator[StartTimer]:
    due, came, notice = report["due_at"], report["submitted_at"], report["notice_at"]
    if due is None:
        return
    told = {"report_id": report["report_id"], "due_at": due}
    name = f"{report['report_id']}@{due.isoformat()}"
    if came is None and notice < due and _untold(report["due_told"], due):
        yield StartTimer(f"due@{name}", notice, GrantReportDue(rule=DUE, **told))
    if (came is None or came > due) and _untold(report["overdue_told"], due):
        yield StartTimer(f"overdue@{name}", due, GrantReportOverdue(rule=OVERDUE, **told))


def _untold(told: datetime | None, due: datetime) -> bool:
    return told is None or told < due


MANAGER: Final[ProcessManager] = process_manager(
    "grant_report_deadlines",
    "Tells that a report is due, and that it had not come, once for each due date",
    types(
        "award.granted",
        "grant_report.due",
        "grant_report.submitted",
        "grant_report.overdue",
        "grant_report.deadline_extended",
    ),
    react,
    FIELDS,
)
