"""Projects, and what came of all the work: quantities of a metric that can be voided, never edited.

Each record is an aggregate of its own. Its `metric_code` and `unit` say what may be summed with what.
"""

from typing import Annotated, Literal

from pydantic import Field

from events.envelope import Payload
from events.scalars import Code, Day, Label, Name, Quantity, Ref, Url, Words
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


class ImpactRecorded(Payload):
    """So much of something was done on a day: counted, weighed or estimated."""

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


class ImpactVoided(Payload):
    """The record was wrong and counts no more; `replaced_by` is the record that counts instead."""

    reason: Name
    note: Words | None = None
    replaced_by: Ref | None = None
