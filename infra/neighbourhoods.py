"""Where a city's neighbourhoods are: GeoJSON (RFC 7946), checked before it is kept.

The ids are those of the city's events. A city's areas are one document, replaced whole.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from events.scalars import Code, Label
from infra.directory import CityRefused, get_city
from infra.mongo import Database

COLLECTION = "neighbourhoods"
MAX_BYTES = 20_000_000
MAX_FEATURES = 2_000
MAX_POSITIONS = 150_000
"""A document of MongoDB holds 16 MB; a position takes about 50 bytes there."""


class BadNeighbourhoods(ValueError):
    """The file does not tell neighbourhoods as it should."""


def _on_earth(position: tuple[float, float]) -> tuple[float, float]:
    long, lat = position
    if not (math.isfinite(long) and math.isfinite(lat) and abs(long) <= 180 and abs(lat) <= 90):
        msg = "a position is [longitude, latitude] in degrees"
        raise ValueError(msg)
    return position


def _closed(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if ring[0] != ring[-1]:
        msg = "a ring ends where it began"
        raise ValueError(msg)
    return ring


def _flat(position: Any) -> Any:
    """Without the height that some maps add."""
    return position[:2] if isinstance(position, list) and len(position) == 3 else position


_Position = Annotated[tuple[float, float], BeforeValidator(_flat), AfterValidator(_on_earth)]
_Ring = Annotated[list[_Position], Field(min_length=4), AfterValidator(_closed)]
_Rings = Annotated[list[_Ring], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Polygon(_Part):
    """An area: its outline, then its holes."""

    type: Literal["Polygon"]
    coordinates: _Rings

    def positions(self) -> int:
        """How many positions draw it."""
        return sum(map(len, self.coordinates))


class MultiPolygon(_Part):
    """Several areas that belong together."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[_Rings], Field(min_length=1)]

    def positions(self) -> int:
        """How many positions draw them."""
        return sum(len(ring) for rings in self.coordinates for ring in rings)


class Properties(_Part):
    """What is told of a neighbourhood; whatever else the file has is left out."""

    neighbourhood_id: Code
    name: Label | None = None


class Neighbourhood(_Part):
    """A neighbourhood as a GeoJSON feature."""

    type: Literal["Feature"]
    properties: Properties
    geometry: Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


class Neighbourhoods(_Part):
    """The neighbourhoods of a city as a GeoJSON feature collection."""

    type: Literal["FeatureCollection"]
    features: Annotated[list[Neighbourhood], Field(max_length=MAX_FEATURES)]

    @model_validator(mode="after")
    def _each_once_and_not_too_fine(self) -> Self:
        ids = [one.properties.neighbourhood_id for one in self.features]
        if len(set(ids)) < len(ids):
            msg = "each neighbourhood_id stands once"
            raise ValueError(msg)
        if sum(one.geometry.positions() for one in self.features) > MAX_POSITIONS:
            msg = f"at most {MAX_POSITIONS:,} positions: simplify the outlines"
            raise ValueError(msg)
        return self


def read_neighbourhoods(text: bytes) -> Neighbourhoods:
    """The neighbourhoods in a file; raises BadNeighbourhoods, which says where it is wrong."""
    if len(text) > MAX_BYTES:
        raise BadNeighbourhoods(f"is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return Neighbourhoods.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadNeighbourhoods(f"will not do: {where or 'the file'}: {first['msg']}") from None


async def set_neighbourhoods(db: Database, city_id: str, found: Neighbourhoods) -> None:
    """Keep these as the neighbourhoods of a city in the directory; raises CityRefused for another."""
    if await get_city(db, city_id) is None:
        raise CityRefused(f"no city {city_id!r} is in the directory; add it first. Nothing was changed")
    document = {"_id": city_id, **found.model_dump(mode="json")}
    await db[COLLECTION].replace_one({"_id": city_id}, document, upsert=True)


async def get_neighbourhoods(db: Database, city_id: str) -> Neighbourhoods:
    """The neighbourhoods of a city, as told last; none where nobody told."""
    document: dict[str, Any] | None = await db[COLLECTION].find_one({"_id": city_id})
    return Neighbourhoods.model_validate(document or {"type": "FeatureCollection", "features": []})
