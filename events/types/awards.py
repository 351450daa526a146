"""Awards: money in instalments, reports that are due, and what is granted again from it.

Due dates are told in the award and moved only by an event of their own: what is overdue can be told once.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from events.checks import both_or_none, exactly_one, in_order, no_repeats
from events.envelope import Derived, Part, Payload
from events.scalars import (
    Amount,
    City,
    Currency,
    Day,
    Name,
    Quantity,
    Ref,
    Timestamp,
    Words,
    thousandths,
)
from events.types.applications import Targets, each_metric_once


class AwardRef(Part):
    """An award, perhaps made by another jurisdiction."""

    city: City
    award_id: Ref


class Instalment(Part):
    """A part of the award and when it is to be paid."""

    instalment_id: Ref
    amount: Amount
    due_at: Timestamp


class ReportDuty(Part):
    """A report the grantee owes: on which days, and by when."""

    report_id: Ref
    first_day: Day
    last_day: Day
    due_at: Timestamp

    @model_validator(mode="after")
    def _a_period(self) -> Self:
        if self.last_day < self.first_day:
            msg = "last_day must not come before first_day"
            raise ValueError(msg)
        return self


class AwardGranted(Payload):
    """A city or a community group receives money, with what it owes for it.

    Without instalments it is not known how the award is paid. `title`, `description` and `grantee_name`
    are what the city publishes of it; they can hold words of the applicant's.
    """

    call_id: Ref
    application_id: Ref
    title: Words | None = None
    description: Words | None = None
    grantee_city: City | None = None
    grantee_group_id: Ref | None = None
    grantee_name: Words | None = None
    parent_award: AwardRef | None = None
    amount: Amount
    currency: Currency
    instalments: Annotated[tuple[Instalment, ...], Field(max_length=60)] = ()
    reports: Annotated[tuple[ReportDuty, ...], Field(max_length=60)] = ()
    targets: Targets = ()

    @model_validator(mode="after")
    def _one_grantee_and_a_whole_sum(self) -> Self:
        exactly_one(grantee_city=self.grantee_city, grantee_group_id=self.grantee_group_id)
        no_repeats((one.instalment_id for one in self.instalments), "instalments: an instalment")
        no_repeats((one.report_id for one in self.reports), "reports: a report")
        each_metric_once(self.targets)
        whole = sum(thousandths(one.amount) for one in self.instalments)
        if self.instalments and whole != thousandths(self.amount):
            msg = "instalments: they must add up to the amount"
            raise ValueError(msg)
        return self


class AwardDisbursed(Payload):
    """An instalment was paid."""

    instalment_id: Ref
    amount: Amount
    currency: Currency
    paid_on: Day


class AwardRegranted(Derived):
    """A part of this award was granted again: told on its own key, with the award that was made of it."""

    to_award: AwardRef
    amount: Amount
    currency: Currency


class GrantReportDue(Derived):
    """A report is due at `due_at`."""

    report_id: Ref
    due_at: Timestamp


class GrantReportOverdue(Derived):
    """The report had not come by `due_at`."""

    report_id: Ref
    due_at: Timestamp


class GrantReportDeadlineExtended(Payload):
    """The grantee has longer for the report than was told before."""

    report_id: Ref
    previous_due_at: Timestamp
    due_at: Timestamp
    reason: Words | None = None

    @model_validator(mode="after")
    def _later_than_before(self) -> Self:
        in_order(previous_due_at=self.previous_due_at, due_at=self.due_at)
        return self


class Achieved(Part):
    """What came of a target; a metric that none was set for has no target."""

    metric_code: Name
    unit: Name
    target: Quantity | None = None
    actual: Quantity


class GrantReportSubmitted(Payload):
    """What the grantee did with the money; submitted again, it replaces the report before."""

    report_id: Ref
    metrics: Annotated[tuple[Achieved, ...], Field(max_length=50)]
    spent: Amount | None = None
    currency: Currency | None = None
    text_ref: Ref | None = None

    @model_validator(mode="after")
    def _each_metric_once(self) -> Self:
        no_repeats((f"{one.metric_code} {one.unit}" for one in self.metrics), "metrics: a metric")
        both_or_none(spent=self.spent, currency=self.currency)
        return self
