"""What a grantee reports: by when, when it came, and how much of each target was reached."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from events.envelope import Event
from events.scalars import thousandths
from events.types.applications import Target
from events.types.awards import (
    AwardGranted,
    GrantReportDeadlineExtended,
    GrantReportDue,
    GrantReportOverdue,
    GrantReportSubmitted,
    ReportDuty,
)
from projections.core import Cell, Document
from projections.views.award_money import on_calendar
from projections.views.entries import entry, put
from projections.views.timeline import HISTORY_KEPT, earliest

_NAMES: Final = ("report_id", "first_day", "last_day", "due_at", "due_on", "due_told")
_CAME: Final = ("submitted_at", "on_time", "spent", "currency", "text_ref")
_BLANK: Final[dict[str, Any]] = {
    **dict.fromkeys((*_NAMES, *_CAME)),
    "extensions": [],
    "overdue_told": [],
    "missed": False,
    "overdue": False,
    "metrics": [],
}


def owed(award: dict[str, Any], event: Event, data: AwardGranted) -> None:
    """The reports and targets that the award names. A report told of before keeps what was told."""
    for duty in data.reports:
        _change(award, duty.report_id, {"first_day": duty.first_day, "last_day": duty.last_day})
        _until(award, event, duty)
    award["targets"] = [_target(one) for one in data.targets]


def _target(one: Target) -> dict[str, Any]:
    return {**one.model_dump(), "actual_thousandths": None, "met": False}


def extended(award: dict[str, Any], event: Event, data: GrantReportDeadlineExtended) -> None:
    """The grantee has longer for one report."""
    known = entry(award["reports"], report_id=data.report_id) or _BLANK
    told = {"previous_due_at": data.previous_due_at, "due_at": data.due_at, "at": event.at}
    _change(award, data.report_id, {"extensions": [*known["extensions"], told][-HISTORY_KEPT:]})
    _until(award, event, data)


def submitted(award: dict[str, Any], event: Event, data: GrantReportSubmitted) -> None:
    """A report came: the last one told holds, the first one says when."""
    known = entry(award["reports"], report_id=data.report_id) or _BLANK
    came = {"submitted_at": earliest(known["submitted_at"], event.at)}
    _change(award, data.report_id, {**data.model_dump(mode="json"), **came})


def reminded(award: dict[str, Any], data: GrantReportDue | GrantReportOverdue) -> None:
    """The rule told that a report is due, or that it had not come."""
    if isinstance(data, GrantReportDue):
        return _change(award, data.report_id, {"due_told": data.due_at})
    known = entry(award["reports"], report_id=data.report_id) or _BLANK
    told = [*known["overdue_told"], data.due_at][-HISTORY_KEPT:]
    return _change(award, data.report_id, {"overdue_told": told})


def _until(award: dict[str, Any], event: Event, told: ReportDuty | GrantReportDeadlineExtended) -> None:
    known = entry(award["reports"], report_id=told.report_id) or _BLANK
    if known["due_at"] is None or told.due_at > known["due_at"]:
        due_on = on_calendar(event, told.due_at)
        _change(award, told.report_id, {"due_at": told.due_at, "due_on": due_on})


def _change(award: dict[str, Any], report: str, change: dict[str, Any]) -> None:
    known = entry(award["reports"], report_id=report) or {**_BLANK, "report_id": report}
    award["reports"] = put(award["reports"], {**known, **change}, "report_id")


def settle(award: dict[str, Any]) -> None:
    """What is late, and what is reached, by all that was told so far."""
    award["reports"] = [_judged(one) for one in award["reports"]]
    award["targets"] = [_reached(one, award["reports"]) for one in award["targets"]]
    award["targets_due_on"] = max((one["due_on"] for one in award["reports"] if one["due_on"]), default=None)


def _judged(report: Document) -> dict[str, Any]:
    due, came = report["due_at"], report["submitted_at"]
    missed = any(_missed(report, told) for told in report["overdue_told"])
    on_time = None if due is None or came is None else came <= due and not missed
    overdue = due in report["overdue_told"] and _missed(report, due)
    return {**report, "missed": missed, "on_time": on_time, "overdue": overdue}


def _missed(report: Document, due: datetime) -> bool:
    """It had not come by then, nor had it been given longer by then."""
    came = report["submitted_at"]
    longer = any(one["at"] <= due < one["due_at"] for one in report["extensions"])
    return (came is None or came > due) and not longer


def _reached(target: Document, reports: list[Document]) -> dict[str, Any]:
    same = (target["metric_code"], target["unit"])
    actual = [
        thousandths(one["actual"])
        for report in reports
        for one in report["metrics"]
        if (one["metric_code"], one["unit"]) == same
    ]
    met = bool(actual) and sum(actual) >= thousandths(target["target"])
    return {**target, "actual_thousandths": sum(actual) if actual else None, "met": met}


def by_due_day(award: Document) -> Iterator[Cell]:
    """Each report on the day it is due; one of which no due date is told counts nowhere."""
    for one in award["reports"]:
        if one["due_on"] is not None:
            came, told = one["submitted_at"] is not None, one["due_told"] == one["due_at"]
            counts = {"reports": 1, "due": int(told), "submitted": int(came)}
            counts |= {"on_time": int(bool(one["on_time"])), "overdue": int(one["overdue"])}
            yield Cell((award["city"], one["due_on"]), counts)


def targets_by_day(award: Document) -> Iterator[Cell]:
    """Each target on the day its last report is due; the empty day where none is owed."""
    for one in award["targets"]:
        actual = one["actual_thousandths"]
        counts = {"targets": 1, "reported": int(actual is not None), "met": int(one["met"])}
        yield Cell((award["city"], one["metric_code"], award["targets_due_on"] or ""), counts)
