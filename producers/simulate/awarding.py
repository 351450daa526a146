"""An award from the day it is made: paid in parts, reported on in time, too late or never."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from events.scalars import thousandths
from events.types.applications import Owed, Paid, Target
from events.types.awards import (
    Achieved,
    AwardDisbursed,
    AwardGranted,
    AwardRef,
    GrantReportDeadlineExtended,
    GrantReportSubmitted,
    Instalment,
    ReportDuty,
)
from producers.simulate.clock import moment_between
from producers.simulate.granting import Application, Award, Call, Payment, Report
from producers.simulate.town import Jurisdiction

NOTICE: Final = timedelta(days=14)
DAY: Final = timedelta(days=1)


class Awarding:
    """One award; what is done about it is told and noted in one go."""

    def __init__(
        self, host: Jurisdiction, call: Call, application: Application, parent: Award | None, grantee: str
    ) -> None:
        self.host = host
        self.dice = host.dice("award", application.id)
        self._application = application
        data = self._terms(call, application, grantee)
        event = host.tell(application.id.replace("app", "award", 1), data)
        self.truth = Award(host.id, event.subject, data, event.at, event.day, event.at)
        host.truth.kept(Award)[event.key] = self.truth
        if parent is not None:
            self._made_of(parent)

    def _terms(self, call: Call, application: Application, grantee: str) -> AwardGranted:
        asked = application.data
        amount = thousandths(asked.amount)
        half = amount // 2 // 1000 * 1000
        return AwardGranted(
            call_id=call.id,
            application_id=application.id,
            title=f"{call.data.title}: {grantee}",
            grantee_city=asked.applicant_city,
            grantee_group_id=asked.applicant_group_id,
            grantee_name=grantee,
            parent_award=call.data.parent_award,
            amount=asked.amount,
            currency=asked.currency,
            instalments=(
                Instalment(instalment_id="first", amount=str(half // 1000), due_at=self._noon(10)),
                Instalment(instalment_id="rest", amount=decimal(amount - half), due_at=self._noon(40)),
            ),
            reports=(self._duty("interim", 0, 30), self._duty("final", 30, 75)),
            targets=asked.targets,
        )

    def _noon(self, days: int) -> datetime:
        return self.host.clock.at(self.host.today + timedelta(days=days), 12)

    def _duty(self, id_: str, first: int, last: int) -> ReportDuty:
        today, clock = self.host.today, self.host.clock
        return ReportDuty(
            report_id=id_,
            first_day=(today + timedelta(days=first)).isoformat(),
            last_day=(today + timedelta(days=last)).isoformat(),
            due_at=clock.at(today + timedelta(days=last + 12), 17),
        )

    def _made_of(self, parent: Award) -> None:
        """The award whose money it is learns of it, wherever that stands."""
        made = self.truth
        parent.regranted[made.city, made.id] = made
        reference = AwardRef(city=made.city, award_id=made.id)
        self.host.follows(
            "award.regranted",
            parent.id,
            made.granted_at,
            city=parent.city,
            to_award=reference,
            amount=made.data.amount,
            currency=made.data.currency,
        )

    def begin(self) -> None:
        """From now on it is paid and reported on."""
        clock = self.host.clock
        for one in self.truth.data.instalments:
            self.truth.due_on[one.instalment_id] = clock.day(one.due_at).isoformat()
            late = self.dice.choice([-3, -2, -1, 0, 0, 0, 4])
            when = clock.working(one.due_at + late * DAY - DAY / 2, 0, self.dice)
            self.host.once(when, self._paid, one, whole=self.dice.random() < 0.9)
        for duty in self.truth.data.reports:
            due_on = clock.day(duty.due_at).isoformat()
            self.truth.reports[duty.report_id] = Report(
                duty.report_id, duty.first_day, duty.last_day, duty.due_at, due_on
            )
            self._until(self.truth.reports[duty.report_id], self.truth.granted_at)
            self._means_to_report(duty, self.host.dice(self.truth.id, duty.report_id))

    def _paid(self, one: Instalment, *, whole: bool) -> None:
        amount = thousandths(one.amount)
        part = amount if whole else amount // 3
        self._pays(one.instalment_id, part)
        if part < amount:
            later = self.host.clock.working(self.host.now, 3, self.dice)
            self.host.once(later, self._pays, one.instalment_id, amount - part)

    def _pays(self, instalment: str, amount: int) -> None:
        on = self.host.today.isoformat()
        data = AwardDisbursed(
            instalment_id=instalment, amount=decimal(amount), currency=self.truth.data.currency, paid_on=on
        )
        at = self._noted(self.host.tell(self.truth.id, data).at)
        self._reaches_application(at, paid=Paid(**dict(data)))
        told = {"amount": data.amount, "currency": data.currency, "paid_on": on}
        self._applicant_hears("award_paid", at, **told)
        before = self.truth.paid.get(instalment, Payment(0, "", 0))
        self.truth.paid[instalment] = Payment(
            before.thousandths + amount, max(before.paid_on, on), before.times + 1
        )
        self.truth.payments.append((amount, on))

    def _means_to_report(self, duty: ReportDuty, dice: Random) -> None:
        fate, due = dice.random(), duty.due_at
        report = self.truth.reports[duty.report_id]
        if fate < 0.3:
            when = self.host.clock.working(due - dice.choice([3, 20]) * DAY, 0, dice)
            self.host.once(when, self._extended, report, due + dice.choice([10, 21]) * DAY)
        if fate < 0.7:
            self.host.once(due - moment_between(dice, 16 * DAY), self._reported, report, dice)
        elif fate < 0.78:  # written in time, and uploaded a day later
            written = due - moment_between(dice, DAY)
            self.host.once(written + DAY * 1.5, self._reported, report, dice, written)
        elif fate < 0.92:
            self.host.once(due + moment_between(dice, 20 * DAY), self._reported, report, dice)

    def _extended(self, report: Report, due_at: datetime) -> None:
        if report.came is not None or self.host.now >= report.due_at:
            return
        data = GrantReportDeadlineExtended(
            report_id=report.id, previous_due_at=report.due_at, due_at=due_at, reason="The rain."
        )
        at = self._noted(self.host.tell(self.truth.id, data).at)
        report.due_at, report.due_on = due_at, self.host.clock.day(due_at).isoformat()
        report.extensions.append((data, at))
        self._until(report, at)

    def _until(self, report: Report, told_at: datetime) -> None:
        """Two weeks ahead it is told to be due, and at that time that it has not come."""
        due = report.due_at
        self.host.once(max(due - NOTICE, told_at), self._is_due, report, due, max(due - NOTICE, told_at))
        self.host.once(due, self._is_over, report, due)

    def _is_due(self, report: Report, due: datetime, at: datetime) -> None:
        if report.due_at == due and report.came is None:
            report.due_told = due
            self._reminded("grant_report.due", report, at)
            self._reaches_application(at, report_due=Owed(report_id=report.id, due_at=due))
            until = due.isoformat()
            self._applicant_hears("report_due", at, due_at=until, until_at=until)

    def _is_over(self, report: Report, due: datetime) -> None:
        if report.due_at == due and (report.came is None or report.came[1] > due):
            report.overdue_told.append(due)
            self._reminded("grant_report.overdue", report, due)
            self._reaches_application(due, report_overdue=Owed(report_id=report.id, due_at=due))
            self._applicant_hears("report_overdue", due, due_at=due.isoformat())

    def _reminded(self, name: str, report: Report, at: datetime) -> None:
        self.host.follows(name, self.truth.id, at, report_id=report.id, due_at=report.due_at)
        self._noted(at)

    def _reaches_application(self, at: datetime, **progress: Paid | Owed) -> None:
        """The application learns of it, whose key knows who applied."""
        application = self._application
        said: dict[str, Any] = {"award_id": self.truth.id, **progress}
        self.host.follows("application.award_progressed", application.id, at, **said)
        application.award = self.truth.id
        application.last_told = max(application.last_told, at)

    def _applicant_hears(self, template: str, at: datetime, **fields: str) -> None:
        self.host.must_hear([self._application.applicant], template, self._application.id, at, **fields)

    def _reported(self, report: Report, dice: Random, written: datetime | None = None) -> None:
        data = GrantReportSubmitted(
            report_id=report.id,
            metrics=tuple(_achieved(one, dice) for one in self.truth.data.targets),
            spent=decimal(thousandths(self.truth.data.amount) * dice.randint(30, 50) // 100),
            currency=self.truth.data.currency,
            text_ref=f"text-{self.truth.id}-{report.id}",
        )
        at = self._noted(self.host.tell(self.truth.id, data, at=written).at)
        report.came = (data, at)

    def _noted(self, at: datetime) -> datetime:
        self.truth.last_told = max(self.truth.last_told, at)
        return at


def _achieved(one: Target, dice: Random) -> Achieved:
    actual = thousandths(one.target) * dice.randint(20, 70) // 100
    return Achieved(metric_code=one.metric_code, unit=one.unit, target=one.target, actual=decimal(actual))


def decimal(amount: int) -> str:
    """So many thousandths as exact decimal text."""
    whole, part = divmod(amount, 1000)
    return f"{whole}.{part:03d}".rstrip("0").rstrip(".")
