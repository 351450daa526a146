"""Projects, and what came of all the work: quantities of a metric that can be voided, never edited.

Each record is an aggregate of its own. Its `metric_code` and `unit` say what may be summed with what.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from events.envelope import Part, Payload
from events.scalars import Code, Day, Label, Name, Quantity, Ref, Url, Words, thousandths
from events.types.awards import AwardRef

_Evidence = Annotated[tuple[Url, ...], Field(max_length=50)]
_Sources = Annotated[tuple[Ref, ...], Field(max_length=1000)]


class ProjectStarted(Payload):
    """Work began on something, with the ideas and problems it came from."""

    title: Words
    category: Code
    organisation: Label | None = None
    group_id: Ref | None = None
    idea_ids: _Sources = ()
    problem_ids: _Sources = ()
    award: AwardRef | None = None
    neighbourhood_id: Code | None = None


class ProjectEnded(Payload):
    """The work is done, or was given up. What grows from it later can still be recorded."""

    outcome: Literal["completed", "abandoned"]
    note: Words | None = None
    evidence: _Evidence = ()


class Each(Part):
    """What one unit is taken for, as the city declares it: a bag for 20 lb."""

    quantity: Quantity
    unit: Name


class OutOf(Part):
    """An earlier record, and how much of it was looked at again."""

    record_id: Ref
    quantity: Quantity


class ImpactRecorded(Payload):
    """So much of something was done on a day: counted, weighed or estimated.

    `each` makes a unit that is only counted comparable. `out_of` makes the record a later look at another
    one: 21 trees that survive, out of 25 that were planted.
    """

    metric_code: Name
    quantity: Quantity
    unit: Name
    method: Literal["counted", "weighed", "estimated"]
    done_on: Day
    evidence: _Evidence = ()
    neighbourhood_id: Code | None = None
    project_id: Ref | None = None
    award: AwardRef | None = None
    session_id: Ref | None = None
    asset_id: Ref | None = None
    each: Each | None = None
    out_of: OutOf | None = None

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        if self.each is not None and self.each.unit == self.unit:
            msg = "each: one unit is told in another one"
            raise ValueError(msg)
        if self.out_of is not None and thousandths(self.out_of.quantity) < thousandths(self.quantity):
            msg = "out_of: no more can be left than was looked at"
            raise ValueError(msg)
        return self


class ImpactVoided(Payload):
    """The record was wrong and counts no more; `replaced_by` is the record that counts instead."""

    reason: Name
    note: Words | None = None
    replaced_by: Ref | None = None
