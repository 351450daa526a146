"""What the read API answers about published numbers. Numbers are decimal text, exactly as shown."""

from typing import Literal

from pydantic import Field

from projections.api.models import Answer, AsOf
from projections.metrics.core import Window


class Definition(Answer):
    """What a number means, by its permanent code and version."""

    code: str
    version: int = Field(description="raised whenever something else is computed")
    title: str
    unit: str
    decimals: int = Field(description="decimals of the value, rounded half to even")
    window: Window = Field(
        description="how things stand now, any days, whole months, or one month, of the city's own calendar"
    )
    numerator: str | None
    denominator: str | None
    explanation: str
    neighbourhoods: bool = Field(description="whether it is told for each neighbourhood as well")
    better: Literal["lower", "higher"] | None = Field(description="null: cities are not ranked by it")


class Definitions(Answer):
    """Every published number."""

    metrics: list[Definition]


class MetricValue(Answer):
    """A number with all that it was computed from. Suppressed, it comes from too few participants to show."""

    city: str
    neighbourhood_id: str | None = Field(description="empty: of what has no neighbourhood; null: of the city")
    first_day: str
    last_day: str
    value: str | None = Field(description="null where there is nothing to compute it from, or suppressed")
    numerator: str | None
    denominator: str | None
    inputs: dict[str, str]
    notes: list[str] = Field(description="what the data lack")
    completeness: int | None = Field(
        description="percent of what should be known that is; null where events tell all"
    )
    suppressed: bool
    metric: Definition
    as_of: AsOf


class Neighbourhoods(Answer):
    """A number for the city and for each of its neighbourhoods."""

    city: MetricValue
    neighbourhoods: list[MetricValue]


class CityMetrics(Answer):
    """Every number of a city, for the last whole month or how things stand now."""

    city: str
    metrics: list[MetricValue]
