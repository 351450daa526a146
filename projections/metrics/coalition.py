"""How cities compare, by what they published of themselves; pure.

A city stands beside its own past first, and then beside cities of its size whose data are as
complete. There is no ranking across sizes, and none among few.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from infra.directory import City, Residents
from projections.core import Document
from projections.metrics.core import Metric
from projections.metrics.periods import month_of

MIN_COMPLETENESS: Final = 80
"""Per cent of what should be known: a city that knows less is shown and not compared."""
MIN_CITIES: Final = 3
"""Fewer cities of a size are shown and not ranked."""
MONTHS_SHOWN: Final = 6


@dataclass(frozen=True)
class Band:
    """Cities of about the same size: at least `least` residents, and fewer than `below`."""

    name: str
    least: int
    below: int | None

    def has(self, count: int) -> bool:
        """Whether a city of so many residents belongs to it."""
        return self.least <= count and (self.below is None or count < self.below)


BANDS: Final = (
    Band("Under 50,000 residents", 0, 50_000),
    Band("50,000 to 249,999 residents", 50_000, 250_000),
    Band("250,000 to 999,999 residents", 250_000, 1_000_000),
    Band("A million residents and more", 1_000_000, None),
)


@dataclass(frozen=True)
class Told:
    """What a city published for a month."""

    month: str
    value: Decimal | None
    completeness: int | None
    suppressed: bool


@dataclass(frozen=True)
class Standing:
    """A city: its own months up to the compared one, oldest first, and its rank among cities of its size.

    `reason` says why it is not compared.
    """

    city: City
    residents: Residents | None
    trend: tuple[Told, ...]
    value: Decimal | None
    reason: str | None
    rank: int | None = None


@dataclass(frozen=True)
class Group:
    """The cities of a band, by name; `median` is that of those compared. `reason`: why nobody is ranked."""

    band: Band
    standings: tuple[Standing, ...]
    median: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class Comparison:
    """A number in all cities for a month. `unsized` have not told how many residents they have."""

    metric: Metric
    month: str
    groups: tuple[Group, ...]
    unsized: tuple[Standing, ...]


def compare(metric: Metric, month: str, cities: Iterable[City], snapshots: Iterable[Document]) -> Comparison:
    """The comparison for a month like `2026-05`, from the published snapshots of this and earlier ones."""
    told = _by_city(metric, month, snapshots)
    standings = [
        _standing(city, month, told.get(city.id, {})) for city in sorted(cities, key=lambda one: one.name)
    ]
    groups = tuple(_group(metric, band, _of(band, standings)) for band in BANDS)
    unsized = tuple(one for one in standings if one.residents is None and one.trend)
    return Comparison(metric, month, groups, unsized)


def _by_city(metric: Metric, month: str, snapshots: Iterable[Document]) -> dict[str, dict[str, Told]]:
    """What each city told for each month up to this one; of how things stand, the last in the month."""
    found: dict[str, dict[str, Told]] = {}
    for one in sorted(snapshots, key=lambda one: str(one["last_day"])):
        if _fits(metric, one) and one["first_day"][:7] <= month:
            found.setdefault(one["city"], {})[one["first_day"][:7]] = _told(one)
    return found


def _fits(metric: Metric, one: Document) -> bool:
    """Of this definition, of a whole city, and of a whole month where it has a window."""
    days = tuple(date.fromisoformat(one[name]) for name in ("first_day", "last_day"))
    return (
        (one["metric_code"], one["definition_version"]) == (metric.code, metric.version)
        and one["neighbourhood_id"] is None
        and (metric.window == "stock" or days == month_of(days[0]))
    )


def _told(one: Mapping[str, Any]) -> Told:
    value = None if one["value"] is None else Decimal(one["value"])
    return Told(one["first_day"][:7], value, one["completeness"], one["suppressed"])


def _standing(city: City, month: str, told: Mapping[str, Told]) -> Standing:
    trend = tuple(told[name] for name in sorted(told)[-MONTHS_SHOWN:])
    now = told.get(month)
    return Standing(city, city.residents_in(int(month[:4])), trend, now.value if now else None, _why_not(now))


def _why_not(told: Told | None) -> str | None:
    """Why a city is not compared; None where it is."""
    if told is None:
        return "nothing published for this month"
    if told.suppressed:
        return "too few participants to show"
    if told.value is None:
        return "nothing to compute it from"
    if told.completeness is not None and told.completeness < MIN_COMPLETENESS:
        return f"{told.completeness} per cent of the data are there"
    return None


def _of(band: Band, standings: Iterable[Standing]) -> list[Standing]:
    return [one for one in standings if one.trend and one.residents and band.has(one.residents.count)]


def _group(metric: Metric, band: Band, standings: Sequence[Standing]) -> Group:
    if metric.better is None:
        return Group(band, tuple(standings), None, "cities are not ranked by this number")
    values = [one.value for one in standings if one.reason is None and one.value is not None]
    if len(values) < MIN_CITIES:
        return Group(band, tuple(standings), None, f"fewer than {MIN_CITIES} cities to compare")
    median = sorted(values)[(len(values) - 1) // 2]
    ranked = (_ranked(one, values, metric.better) for one in standings)
    return Group(band, tuple(ranked), median, None)


def _ranked(one: Standing, values: Sequence[Decimal], better: str) -> Standing:
    """With how many are better before it; equal values share a rank."""
    value = one.value
    if one.reason is not None or value is None:
        return one
    ahead = sum(other < value if better == "lower" else other > value for other in values)
    return replace(one, rank=1 + ahead)
