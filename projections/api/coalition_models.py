"""What the read API answers about cities side by side."""

from pydantic import Field

from projections.api.metric_models import Definition
from projections.api.models import Answer, AsOf, Residents


class MonthTold(Answer):
    """What a city published for a month."""

    month: str
    value: str | None
    completeness: int | None
    suppressed: bool


class CityStanding(Answer):
    """A city: first its own months, then how it stands among cities of its size."""

    city: str
    name: str
    residents: Residents | None
    trend: list[MonthTold] = Field(description="its own months up to the compared one, oldest first")
    value: str | None = Field(description="of the compared month")
    rank: int | None = Field(description="1 is best; equal values share a rank; null where it is not ranked")
    reason: str | None = Field(description="why it is not compared; null where it is")


class BandComparison(Answer):
    """Cities of about the same size, by name."""

    band: str
    least_residents: int
    below_residents: int | None
    median: str | None = Field(description="of the cities compared; null where they are too few")
    reason: str | None = Field(description="why nobody is ranked; null where cities are")
    cities: list[CityStanding]


class CoalitionMetric(Answer):
    """A number as cities published it for a month, compared within bands of population."""

    metric: Definition
    month: str | None = Field(description="null before any city has published this number")
    min_completeness: int = Field(description="per cent; a city that knows less is not compared")
    min_cities: int = Field(description="fewer cities of a size are not ranked")
    bands: list[BandComparison]
    unsized: list[CityStanding] = Field(description="cities that have not told how many residents they have")
    as_of: AsOf
