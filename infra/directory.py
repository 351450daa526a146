"""The directory of cities: who takes part, and whose clock counts."""

from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from events.scalars import City as Slug
from events.scalars import Lang, Latitude, Longitude
from infra.mongo import Database, DuplicateKeyError

COLLECTION = "cities"


@cache
def _zones() -> frozenset[str]:
    # Names without a slash are aliases and leftovers of single machines, like `localtime`.
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def known_zone(name: str) -> str:
    """The name, which is one of the IANA database. Raises ValueError."""
    if name not in _zones():
        msg = "must be a time zone of the IANA database, like America/New_York"
        raise ValueError(msg)
    return name


class Residents(BaseModel):
    """How many people lived in a city in a year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: Annotated[int, Field(ge=1900, le=2200)]
    count: Annotated[int, Field(ge=1, le=100_000_000)]


def _by_year(residents: tuple[Residents, ...]) -> tuple[Residents, ...]:
    if len({one.year for one in residents}) < len(residents):
        msg = "each year is told once"
        raise ValueError(msg)
    return tuple(sorted(residents, key=lambda one: one.year))


class City(BaseModel):
    """A city that takes part. `id` and `timezone` are permanent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    timezone: Annotated[str, AfterValidator(known_zone)]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")] | None = None
    """The part of the country by ISO 3166-2, as in `US-NY`."""
    lat: Latitude | None = None
    long: Longitude | None = None
    languages: Annotated[tuple[Lang, ...], Field(max_length=50)] = ()
    residents: Annotated[tuple[Residents, ...], Field(max_length=100), AfterValidator(_by_year)] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The city's own clock."""
        return ZoneInfo(self.timezone)

    def residents_in(self, year: int) -> Residents | None:
        """As counted in that year or last before it, else first after it; None where nobody told."""
        before = [one for one in self.residents if one.year <= year]
        return (before or self.residents[:1] or (None,))[-1]


_WORDS = {
    "id": "an id has small letters and digits with single hyphens between, at most 64, like new-york",
    "name": "a name has 1 to 200 characters",
    "timezone": "a time zone is one of the IANA database, like America/New_York",
    "country": "a country is two capital letters, like US",
    "region": "a region is a code of ISO 3166-2, like US-NY",
    "lat": "a latitude lies between -90 and 90",
    "long": "a longitude lies between -180 and 180",
    "languages": "a language is a tag like en or pt-BR",
    "residents": "residents are told once for a year, like 2024:675647, from 1 to 100,000,000",
}


def in_words(error: ValidationError) -> str:
    """What a person is told of a `City` that cannot be."""
    return "; ".join(
        f"{item['input']!r} will not do: {_WORDS[str(item['loc'][0])]}" for item in error.errors()
    )


class CityRefused(ValueError):
    """The directory does not take this city as it is; nothing was changed."""


async def add_city(db: Database, city: City) -> None:
    """Add the city, or bring its facts up to date; adding it twice is adding it once.

    Raises CityRefused when the city is known with another time zone: the days of everything it
    has published were counted on that clock.
    """
    document = _document(city)
    try:
        await db[COLLECTION].insert_one(document)
    except DuplicateKeyError:
        same_clock = {"_id": city.id, "timezone": city.timezone}
        if (await db[COLLECTION].replace_one(same_clock, document)).matched_count == 0:
            known = await get_city(db, city.id)
            clock = known.timezone if known else "another clock"
            raise CityRefused(
                f"{city.id} lives by {clock}, and a city's time zone never changes: its days were counted "
                f"on that clock. Nothing was changed. Give {clock}, or add the city under another id."
            ) from None


async def get_city(db: Database, city_id: str) -> City | None:
    """The city, or None when nobody has added it."""
    document = await db[COLLECTION].find_one({"_id": city_id})
    return None if document is None else _city(document)


async def list_cities(db: Database) -> list[City]:
    """All cities by id."""
    return [_city(document) async for document in db[COLLECTION].find().sort("_id", 1)]


def _document(city: City) -> dict[str, Any]:
    fields = city.model_dump(mode="json", exclude_none=True)
    return {"_id": fields.pop("id"), **fields}


def _city(document: dict[str, Any]) -> City:
    told = {name: document[name] for name in City.model_fields if name in document}
    return City(id=document["_id"], **told)
