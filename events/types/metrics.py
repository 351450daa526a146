"""Metric snapshots: a city's number for a period, with all that is needed to compute it again."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from events.envelope import Part, Payload
from events.scalars import AMOUNT_PATTERN, Code, Day, Name, Percent, Ref

Number = Annotated[str, StringConstraints(pattern=AMOUNT_PATTERN)]
"""Exact, as it is shown: decimal text with at most three decimals."""

Offset = Annotated[int, Field(ge=0, le=2**63 - 1)]


class ReadUpTo(Part):
    """Where the reading of a partition stood: `next` is the offset that was not read."""

    topic: Ref
    partition: Annotated[int, Field(ge=0, le=9999)]
    next: Offset


class MetricSnapshot(Payload):
    """A number by its definition's version. A median has a denominator and no numerator.

    Suppressed: too few participants stand behind it to be shown, and it holds no number at all.
    """

    metric_code: Name
    definition_version: Annotated[int, Field(ge=1, le=1_000_000)]
    first_day: Day
    last_day: Day
    neighbourhood_id: Code | None = None
    unit: Name
    value: Number | None = None
    numerator: Number | None = None
    denominator: Number | None = None
    suppressed: bool = False
    completeness: Percent | None = None
    as_of: Annotated[tuple[ReadUpTo, ...], Field(max_length=1000)]

    def expected_subject(self, participant: str | None) -> str | None:  # noqa: ARG002
        return self.metric_code

    @model_validator(mode="after")
    def _a_value_or_none_at_all(self) -> Self:
        if self.last_day < self.first_day:
            msg = "last_day must not come before first_day"
            raise ValueError(msg)
        told = (self.value, self.numerator, self.denominator)
        if self.suppressed and told != (None, None, None):
            msg = "suppressed: no value, numerator or denominator may be told"
            raise ValueError(msg)
        return self
