"""The cities, none of which exists: where they lie, how large they are and what is spoken there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from infra.directory import City, Residents


@dataclass(frozen=True)
class Neighbourhood:
    """A part of a city, where it lies, and how many of a hundred residents live there."""

    id: str
    lat: float
    long: float
    share: int


@dataclass(frozen=True)
class Place:
    """A city as the directory has it, and what the simulation knows besides."""

    city: City
    population: int
    neighbourhoods: tuple[Neighbourhood, ...]
    languages: Mapping[str, int]
    """How many of a hundred people speak it."""
    currency: str

    @property
    def activity(self) -> float:
        """How much happens there, about one; ten times the people do about twice as much here."""
        return float((self.population / 100_000) ** 0.3)

    @property
    def people(self) -> int:
        """How many of its residents ever take part."""
        return int(400 * self.activity)


_NAMES: Final = (
    "harbour",
    "old-town",
    "mill-end",
    "north-hill",
    "riverside",
    "station-quarter",
    "orchard-park",
    "east-bank",
    "long-field",
)
_SHARES: Final = (19, 16, 14, 12, 11, 9, 8, 6, 5)


class _Facts(NamedTuple):
    name: str
    timezone: str
    country: str
    lat: float
    long: float
    population: int
    languages: Mapping[str, int]
    currency: str


_CITIES: Final = (
    _Facts("Alderford", "America/New_York", "US", 41.31, -74.62, 184_000, {"en": 78, "es": 22}, "USD"),
    _Facts("Castle Ferry", "Europe/London", "GB", 52.47, 0.91, 96_500, {"en": 91, "pl": 6, "cy": 3}, "GBP"),
    _Facts("Saltmere", "America/Los_Angeles", "US", 38.94, -123.5, 61_300, {"en": 71, "es": 29}, "USD"),
    _Facts("Nowy Brzeg", "Europe/Warsaw", "PL", 52.83, 17.02, 139_000, {"pl": 88, "uk": 12}, "PLN"),
    _Facts("Coral Reach", "Australia/Sydney", "AU", -30.11, 153.02, 78_900, {"en": 93, "vi": 7}, "AUD"),
    _Facts("Red Mesa Springs", "America/Phoenix", "US", 34.21, -111.9, 33_400, {"en": 64, "es": 36}, "USD"),
    _Facts("Puerto Verde", "America/Puerto_Rico", "PR", 18.12, -66.41, 118_000, {"es": 95, "en": 5}, "USD"),
    _Facts("Kirkholm", "Europe/Copenhagen", "DK", 55.61, 9.13, 47_000, {"da": 90, "en": 10}, "DKK"),
    _Facts("Thornbury Falls", "America/Chicago", "US", 43.07, -90.2, 412_000, {"en": 84, "hmn": 16}, "USD"),
    _Facts("Asagawa", "Asia/Tokyo", "JP", 36.31, 139.22, 305_000, {"ja": 97, "en": 3}, "JPY"),
    _Facts("Port Amity", "America/Halifax", "CA", 45.02, -62.57, 88_000, {"en": 82, "fr": 18}, "CAD"),
    _Facts("Sankt Ulrich am See", "Europe/Vienna", "AT", 47.71, 13.38, 26_000, {"de": 94, "tr": 6}, "EUR"),
)
MOST: Final = len(_CITIES)


def places(number: int, seed: int) -> Sequence[Place]:
    """The first so many cities. The seed is part of their ids: two histories never meet in one city."""
    return [_place(facts, seed) for facts in _CITIES[:number]]


def coalition(seed: int) -> City:
    """The jurisdiction that grants to cities."""
    return City(id=f"coalition-{seed}", name="Coalition of invented cities", timezone="America/New_York")


def _place(facts: _Facts, seed: int) -> Place:
    city = City(
        id=f"{facts.name.lower().replace(' ', '-')}-{seed}",
        name=facts.name,
        timezone=facts.timezone,
        country=facts.country,
        lat=facts.lat,
        long=facts.long,
        languages=tuple(facts.languages),
        residents=(Residents(year=2024, count=facts.population),),
    )
    parts = 5 + facts.population // 80_000
    return Place(city, facts.population, tuple(_parts(facts)[:parts]), facts.languages, facts.currency)


def _parts(facts: _Facts) -> Sequence[Neighbourhood]:
    """In rows of three around the middle."""
    return [
        Neighbourhood(
            name,
            round(facts.lat + 0.012 * (number % 3 - 1), 6),
            round(facts.long + 0.016 * (number // 3 - 1), 6),
            share,
        )
        for number, (name, share) in enumerate(zip(_NAMES, _SHARES, strict=True))
    ]
