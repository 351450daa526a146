"""Applications for a grant: what is asked for, what reviewers say, and what is determined.

A review by someone with a conflict of interest is kept and never counts.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from events.checks import exactly_one, no_repeats
from events.envelope import Derived, Part, Payload
from events.scalars import (
    Amount,
    City,
    Code,
    Currency,
    Day,
    EventId,
    Name,
    Pseudonym,
    Quantity,
    Ref,
    Timestamp,
    Words,
)


class Target(Part):
    """How much of a metric the applicant means to reach."""

    metric_code: Name
    unit: Name
    target: Quantity


Targets = Annotated[tuple[Target, ...], Field(max_length=50)]


def each_metric_once(targets: tuple[Target, ...]) -> None:
    """A metric has one target in each unit."""
    no_repeats((f"{one.metric_code} {one.unit}" for one in targets), "targets: a metric")


class ApplicationSubmitted(Payload):
    """A city or a community group applies; the words stand behind `text_ref`."""

    call_id: Ref
    applicant_city: City | None = None
    applicant_group_id: Ref | None = None
    title: Words
    text_ref: Ref | None = None
    amount: Amount
    currency: Currency
    neighbourhood_id: Code | None = None
    problem_id: Ref | None = None
    targets: Targets = ()

    @model_validator(mode="after")
    def _one_applicant(self) -> Self:
        exactly_one(applicant_city=self.applicant_city, applicant_group_id=self.applicant_group_id)
        each_metric_once(self.targets)
        return self


class ApplicationWithdrawn(Payload):
    """The applicant takes the application back."""

    reason: Words | None = None


class ApplicationMoreInfoRequested(Payload):
    """The applicant is asked something; the question stands behind `text_ref`."""

    query_id: Ref
    text_ref: Ref
    due_at: Timestamp | None = None


class ApplicationMoreInfoProvided(Payload):
    """The applicant answered; the words stand behind `text_ref`."""

    query_id: Ref
    text_ref: Ref


class Score(Part):
    """Points for one criterion of the call."""

    criterion: Code
    score: Annotated[int, Field(ge=0, le=1000)]


class ReviewSubmitted(Payload):
    """A reviewer's scores; submitted again, they replace those before. With a conflict they never count."""

    reviewer_ref: Pseudonym
    conflict_declared: bool
    scores: Annotated[tuple[Score, ...], Field(min_length=1, max_length=30)]
    recommendation: Literal["award", "revise", "deny"]
    text_ref: Ref | None = None

    @model_validator(mode="after")
    def _each_criterion_once(self) -> Self:
        no_repeats((one.criterion for one in self.scores), "scores: a criterion")
        return self


class ReviewConflictDeclared(Payload):
    """The reviewer has an interest in the application: no review of theirs counts, told before or after."""

    reviewer_ref: Pseudonym
    kind: Name


class ReviewRecused(Payload):
    """The reviewer steps back from the application: no review of theirs counts, told before or after."""

    reviewer_ref: Pseudonym
    reason: Name | None = None


class ReviewRefused(Derived):
    """A review was submitted that does not count, and why. `review_id`: the event that submitted it."""

    reviewer_ref: Pseudonym
    review_id: EventId
    reason: Literal["conflict", "recused", "determined"]


class DeterminationMade(Payload):
    """Whether there will be an award; a dismissal says why. `ranking_ref`: the event that ranked the call."""

    outcome: Literal["accepted", "accepted_pending_info", "dismissed"]
    amount: Amount | None = None
    currency: Currency | None = None
    reason: Words | None = None
    ranking_ref: EventId | None = None

    @model_validator(mode="after")
    def _an_amount_or_a_reason(self) -> Self:
        if self.outcome == "dismissed":
            if self.reason is None or self.amount is not None or self.currency is not None:
                msg = "outcome: a dismissal says why and has no amount"
                raise ValueError(msg)
        elif self.amount is None or self.currency is None:
            msg = "amount: what is accepted has an amount and a currency"
            raise ValueError(msg)
        return self


class Paid(Part):
    """An instalment of the award that was paid."""

    instalment_id: Ref
    amount: Amount
    currency: Currency
    paid_on: Day


class Owed(Part):
    """A report on the award, and when it is due."""

    report_id: Ref
    due_at: Timestamp


class ApplicationAwardProgressed(Derived):
    """What the award made for the application brings or asks, told on the key that knows who applied."""

    award_id: Ref
    paid: Paid | None = None
    report_due: Owed | None = None
    report_overdue: Owed | None = None

    @model_validator(mode="after")
    def _one_thing_at_a_time(self) -> Self:
        exactly_one(paid=self.paid, report_due=self.report_due, report_overdue=self.report_overdue)
        return self
