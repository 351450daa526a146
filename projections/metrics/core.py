"""What a published number is: its definition, what it asks of the read models, and how it is computed.

A definition is data and one pure function. It reads nothing itself: it says what it asks for
(`asks`), and computes from the answers. So the same definition serves pages, API, exports and
snapshots, on the database or on a log folded in memory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Literal

from infra.directory import City, Residents
from projections.counting import Row
from projections.read import Between, Where

Window = Literal["stock", "days", "months", "month"]
"""What a number is about, on the city's own calendar: how things stand now; any days; whole months; or
one whole month, where those who are counted in several months would be counted several times."""

Exact = int | Fraction

NEIGHBOURHOOD = "neighbourhood_id"
"""The field and the dimension by which a number is compared within a city."""


@dataclass(frozen=True)
class Scope:
    """A city and days of its own calendar, both ends included; `now` is the moment of reading."""

    city: City
    first: date
    last: date
    now: datetime

    @property
    def residents(self) -> Residents | None:
        """How many people lived in the city in the year of the last day, as far as it told."""
        return self.city.residents_in(self.last.year)

    @property
    def here(self) -> Where:
        """Of this city."""
        return {"city": self.city.id}

    def during(self, field: str, *, earlier: int = 0) -> Where:
        """Of this city, and this time of a document lies within the days, or so many days earlier."""
        begin = self._midnight(self.first - timedelta(days=earlier))
        end = self._midnight(self.last - timedelta(days=earlier - 1))
        return {"city": self.city.id, field: Between(begin, end - timedelta(milliseconds=1))}

    def days(self, dimension: str = "day") -> Where:
        """Of this city, and the day of a tally's cell is one of these."""
        return {"city": self.city.id, dimension: Between(self.first.isoformat(), self.last.isoformat())}

    def months(self, dimension: str = "month") -> Where:
        """Of this city, and the month of a tally's cell, as in `2026-04`, is one of these."""
        return {"city": self.city.id, dimension: Between(f"{self.first:%Y-%m}", f"{self.last:%Y-%m}")}

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.city.zone).astimezone(UTC)


@dataclass(frozen=True)
class Sums:
    """The cells of a tally, summed but for the dimensions `by`."""

    view: str
    where: Where
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counts:
    """How many documents of a view fit (`count`), for each combination of the fields `by`."""

    view: str
    where: Where
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spans:
    """How many documents fit (`count`), by the whole `minutes` from one of their times to another.

    None stands where one of the times is not known; a span is negative where they are the wrong way round.
    `less` names a field of whole seconds that are taken off.
    """

    view: str
    where: Where
    since: str
    until: str
    by: tuple[str, ...] = ()
    less: str | None = None


@dataclass(frozen=True)
class Distinct:
    """How many different values the field `of` has (`count`), for each combination of the fields `by`."""

    view: str
    where: Where
    of: str
    by: tuple[str, ...] = ()


Ask = Sums | Counts | Spans | Distinct
Inputs = Mapping[str, Sequence[Row]]
"""What was found for each ask, by the ask's name."""


@dataclass(frozen=True)
class Value:
    """A number with all that is needed to compute it again, exact; it is rounded and suppressed later.

    `inputs` are shown to people by name, `notes` say what the data lack. `people` is how many
    participants stand behind it, or at most stand behind it; None where it cannot tell about persons.
    `completeness` is the share of what should be known that is; None where the events tell all of it.
    """

    value: Exact | None
    numerator: Exact | None = None
    denominator: Exact | None = None
    inputs: Mapping[str, Exact] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    people: int | None = None
    completeness: Fraction | None = None


@dataclass(frozen=True)
class Metric:
    """A published number. Code and version are stored: a change of what is computed is a new version.

    `numerator`, `denominator` and `explanation` are for everyone; a median has no numerator. With
    `neighbourhoods` it can be told for each neighbourhood: everything it asks for has that field.
    """

    code: str
    version: int
    title: str
    unit: str
    decimals: int
    window: Window
    numerator: str | None
    denominator: str | None
    explanation: str
    asks: Callable[[Scope], Mapping[str, Ask]]
    compute: Callable[[Inputs, Scope], Value]
    neighbourhoods: bool = False
    better: Literal["lower", "higher"] | None = None
    """Which way is better where cities are compared; None: they are shown side by side and not ranked."""
