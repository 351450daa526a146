"""What volunteers' time would have cost: hours by the rate of the place and of the year of work; pure.

The rates stand in `rates/volunteer_hour.csv`, each with its source. A year without one has hours and no
value: no rate is ever guessed from another year.
"""

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from projections.units import rounded

FILE: Final = Path(__file__).parent / "rates" / "volunteer_hour.csv"
CENTS: Final = 2


class Rate(NamedTuple):
    """What an hour of a volunteer is worth; `place` is a country (ISO 3166-1) or a part of one (3166-2)."""

    place: str
    year: int
    rate: Decimal
    currency: str
    source: str


Table = Mapping[tuple[str, int], Rate]


class YearOfWork(NamedTuple):
    """Minutes worked in a year, and the rate, where there is one for the place."""

    year: int
    minutes: int
    rate: Rate | None

    @property
    def exact(self) -> Fraction:
        """The value, not rounded; nothing without a rate."""
        return Fraction(0) if self.rate is None else Fraction(self.minutes, 60) * Fraction(self.rate.rate)

    @property
    def value(self) -> Decimal | None:
        """The value in cents; None without a rate."""
        return None if self.rate is None else rounded(self.exact, CENTS)


class Worth(NamedTuple):
    """All years of work, oldest first."""

    years: tuple[YearOfWork, ...]

    @property
    def minutes(self) -> int:
        """All minutes, with a rate or without."""
        return sum(one.minutes for one in self.years)

    @property
    def minutes_valued(self) -> int:
        """The minutes that the value stands for."""
        return sum(one.minutes for one in self.years if one.rate)

    @property
    def currency(self) -> str | None:
        """The currency of the value; None where there is none."""
        return next((one.rate.currency for one in self.years if one.rate), None)

    @property
    def exact(self) -> Fraction:
        """The value of all years together, not rounded."""
        return sum((one.exact for one in self.years), Fraction(0))

    @property
    def value(self) -> Decimal | None:
        """The same, rounded to cents; None where no year has a rate."""
        return None if self.currency is None else rounded(self.exact, CENTS)

    @property
    def without_rate(self) -> tuple[int, ...]:
        """Years with hours and no rate."""
        return tuple(one.year for one in self.years if one.rate is None and one.minutes)


def read(lines: Iterable[str]) -> Table:
    """The table, checked; raises ValueError. A country has one currency, so its years can be summed."""
    table: dict[tuple[str, int], Rate] = {}
    currencies: dict[str, str] = {}
    for row in csv.DictReader(lines):
        rate = Rate(row["place"], int(row["year"]), Decimal(row["rate"]), row["currency"], row["source"])
        country = rate.place.partition("-")[0]
        if (rate.place, rate.year) in table:
            raise ValueError(f"{rate.place} has two rates for {rate.year}")
        if rate.rate <= 0 or not rate.source:
            raise ValueError(f"{rate.place} {rate.year}: a rate is more than nothing and has a source")
        if currencies.setdefault(country, rate.currency) != rate.currency:
            raise ValueError(f"{country} has rates in two currencies")
        table[rate.place, rate.year] = rate
    return table


@cache
def rates() -> Table:
    """The rates that are known."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return read(file)


def rate_for(country: str | None, region: str | None, year: int) -> Rate | None:
    """The rate of the region in this year, else that of its country in this year."""
    known = [rates().get((place, year)) for place in (region, country) if place is not None]
    return next((rate for rate in known if rate), None)


def worth(minutes: Mapping[int, int], country: str | None, region: str | None = None) -> Worth:
    """What these minutes by year of work are worth in a city of this country and region."""
    years = sorted(year for year, worked in minutes.items() if worked)
    return Worth(tuple(YearOfWork(year, minutes[year], rate_for(country, region, year)) for year in years))
