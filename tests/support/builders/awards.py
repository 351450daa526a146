"""Awards, instalments and reports."""

from typing import Any

from events.envelope import Event
from events.types import awards
from events.types.applications import Target
from events.types.awards import Achieved, AwardRef, Instalment, ReportDuty
from tests.support.build import AT, told

DUE, LATER = "2026-07-15T17:00:00-04:00", "2026-07-31T17:00:00-04:00"


def instalment(name: str, amount: str, due: str = DUE) -> Instalment:
    return Instalment(instalment_id=name, amount=amount, due_at=due)  # type: ignore[arg-type] # text is read


def report(name: str = "interim", due: str = DUE) -> ReportDuty:
    days = {"first_day": "2026-04-01", "last_day": "2026-06-30"}
    return ReportDuty(report_id=name, due_at=due, **days)  # type: ignore[arg-type] # text is read


def target(metric: str = "litter_removed", unit: str = "lb", target: str = "2000") -> Target:
    return Target(metric_code=metric, unit=unit, target=target)


def granted(award: str = "award-1", *, amount: str = "1500", at: str = AT, **data: Any) -> Event:
    usual = {"call_id": "call-1", "application_id": "app-1", "grantee_group_id": "g1", "currency": "USD"}
    parts = {"instalments": (instalment("1", amount),), "reports": (report(),)}
    return told(awards.AwardGranted, award, data, at=at, amount=amount, **usual, **parts)


def paid(award: str = "award-1", *, amount: str = "1500", at: str = AT, **data: Any) -> Event:
    usual = {"instalment_id": "1", "currency": "USD", "paid_on": at[:10]}
    return told(awards.AwardDisbursed, award, data, at=at, amount=amount, **usual)


def regranted(award: str = "award-0", *, to: str = "award-1", amount: str = "1500", at: str = AT) -> Event:
    """Told by the coalition's award of the one that a city made of it."""
    usual = {"rule": "award.reaches_parent", "to_award": AwardRef(city="riverton", award_id=to)}
    return told(
        awards.AwardRegranted, award, {"city": "coalition"}, at=at, amount=amount, currency="USD", **usual
    )


def report_due(award: str = "award-1", *, report: str = "interim", due: str = DUE, at: str = AT) -> Event:
    return told(
        awards.GrantReportDue, award, {}, at=at, rule="grant_report.due", report_id=report, due_at=due
    )


def report_overdue(award: str = "award-1", *, report: str = "interim", due: str = DUE, at: str = AT) -> Event:
    usual = {"rule": "grant_report.overdue", "report_id": report, "due_at": due}
    return told(awards.GrantReportOverdue, award, {}, at=at, **usual)


def report_extended(award: str = "award-1", *, at: str = AT, **data: Any) -> Event:
    usual = {"report_id": "interim", "previous_due_at": DUE, "due_at": LATER}
    return told(awards.GrantReportDeadlineExtended, award, data, at=at, **usual)


def reported(award: str = "award-1", *, at: str = AT, **data: Any) -> Event:
    litter = achieved("litter_removed", "lb", "2412.5", target="2000")
    return told(awards.GrantReportSubmitted, award, data, at=at, report_id="interim", metrics=(litter,))


def achieved(metric: str, unit: str, actual: str, *, target: str | None = None) -> Achieved:
    return Achieved(metric_code=metric, unit=unit, target=target, actual=actual)
