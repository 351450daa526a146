"""Practices: what worked in one city, and what came of it in another.

A city tells only of its own: that it adopted another city's practice is told on its own key, and
reaches the origin's key as a derived event.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from events.checks import no_repeats
from events.envelope import Derived, Part, Payload
from events.scalars import City, Label, Name, Quantity, Ref, Url, Words


class Measured(Part):
    """A metric before and after."""

    metric_code: Name
    unit: Name
    baseline: Quantity
    result: Quantity


Measures = Annotated[tuple[Measured, ...], Field(min_length=1, max_length=20)]
_Evidence = Annotated[tuple[Url, ...], Field(max_length=50)]


def _each_metric_once(measures: tuple[Measured, ...]) -> None:
    no_repeats((f"{one.metric_code} {one.unit}" for one in measures), "measures: a metric")


class PracticePublished(Payload):
    """A city describes what it did about a challenge, and what it changed."""

    title: Label
    challenge: Words
    description: Words | None = None
    category: Name
    measures: Measures
    evidence: _Evidence = ()

    @model_validator(mode="after")
    def _a_metric_once(self) -> Self:
        _each_metric_once(self.measures)
        return self


class PracticeAdopted(Payload):
    """A city takes up another city's practice, as a practice of its own."""

    from_city: City
    from_practice_id: Ref
    note: Words | None = None


class PracticeAdoptedElsewhere(Derived):
    """Another city took up this practice: told on the origin's own key."""

    by_city: City
    by_practice_id: Ref


class PracticeOutcomeReported(Payload):
    """What a city's practice changed since; of an adopted one, beside what it changed at its origin."""

    measures: Measures
    note: Words | None = None
    evidence: _Evidence = ()

    @model_validator(mode="after")
    def _a_metric_once(self) -> Self:
        _each_metric_once(self.measures)
        return self
