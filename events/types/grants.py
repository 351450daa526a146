"""Grant calls: what is offered to whom until when, and the ranking of who applied.

All events of a grant stand under the jurisdiction that makes it: those of the coalition's calls under
the coalition, those of a city's calls under the city. The data name who receives it.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from events.checks import in_order, no_repeats
from events.envelope import Part, Payload
from events.scalars import Amount, Code, Currency, Label, Name, Quantity, Ref, Timestamp, Words, thousandths
from events.types.awards import AwardRef

Weight = Annotated[int, Field(ge=1, le=1000)]
MAX_RANKED = 1000


class Criterion(Part):
    """What reviewers score from 0 to `scale`, and how much it weighs beside the others."""

    code: Code
    label: Label
    weight: Weight
    scale: Annotated[int, Field(ge=1, le=1000)]


class GrantCallOpened(Payload):
    """Applications are invited until `deadline_at`; under a parent award its money is granted again."""

    tier: Literal["coalition_to_city", "city_to_group"]
    parent_award: AwardRef | None = None
    title: Label
    description: Words | None = None
    currency: Currency
    budget: Amount
    amount_min: Amount | None = None
    amount_max: Amount | None = None
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=30)]
    eligibility: Annotated[tuple[Code, ...], Field(max_length=30)] = ()
    deadline_at: Timestamp

    @model_validator(mode="after")
    def _a_call_that_can_be_met(self) -> Self:
        no_repeats((criterion.code for criterion in self.criteria), "criteria: a criterion")
        least = thousandths(self.amount_min or "0")
        most = thousandths(self.amount_max or self.budget)
        if not least <= most <= thousandths(self.budget):
            msg = "amount_min, amount_max and budget must not fall in this order"
            raise ValueError(msg)
        if self.tier == "coalition_to_city" and self.parent_award is not None:
            msg = "parent_award: the coalition grants its own money"
            raise ValueError(msg)
        return self


class GrantCallDeadlineExtended(Payload):
    """Applications are taken longer than was told before."""

    previous_deadline_at: Timestamp
    deadline_at: Timestamp
    reason: Words | None = None

    @model_validator(mode="after")
    def _later_than_before(self) -> Self:
        in_order(previous_deadline_at=self.previous_deadline_at, deadline_at=self.deadline_at)
        return self


class GrantCallClosed(Payload):
    """No more applications are taken: `rule` closed it after the deadline, or the call was cancelled."""

    reason: Literal["deadline", "cancelled"]
    deadline_at: Timestamp
    rule: Name | None = None
    note: Words | None = None


class Ranked(Part):
    """An application with its weighted score; who has the same score shares a rank."""

    application_id: Ref
    rank: Annotated[int, Field(ge=1, le=MAX_RANKED)]
    score: Quantity


class GrantCallRanked(Payload):
    """The order in which applications stand by their reviews, the best first."""

    rule: Name
    ranking: Annotated[tuple[Ranked, ...], Field(max_length=MAX_RANKED)]
    input_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _the_best_first_and_each_once(self) -> Self:
        no_repeats((one.application_id for one in self.ranking), "ranking: an application")
        better, seen = None, 0
        for place, one in enumerate(self.ranking, start=1):
            score = thousandths(one.score)
            rank = seen if score == better else place
            if one.rank != rank or (better is not None and score > better):
                msg = "ranking: by falling score; a rank is one more than the number of better scores"
                raise ValueError(msg)
            better, seen = score, rank
        return self
