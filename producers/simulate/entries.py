"""The simulated cities in the directory, with what a map needs of them."""

from collections.abc import Sequence

from infra.directory import City, CityRefused, add_city, get_city
from infra.mongo import Database
from infra.neighbourhoods import (
    Neighbourhood,
    Neighbourhoods,
    Polygon,
    Properties,
    set_neighbourhoods,
)
from producers.simulate import places
from producers.simulate.places import Place


async def enter(db: Database, simulated: Sequence[Place], coalition: City) -> None:
    """Add all of them, or bring them up to date.

    Raises CityRefused, before anything is changed, where a city of that id lives by another clock.
    """
    cities = [coalition, *(place.city for place in simulated)]
    for city in cities:
        known = await get_city(db, city.id)
        if known is not None and known.timezone != city.timezone:
            raise CityRefused(
                f"{city.id} is in the directory and lives by {known.timezone}, not by {city.timezone}. "
                "Nothing was changed. Simulate with another --seed: it is a part of the cities' ids."
            )
    for city in cities:
        await add_city(db, city)
    for place in simulated:
        await set_neighbourhoods(db, place.city.id, _areas(place))


def _areas(place: Place) -> Neighbourhoods:
    return Neighbourhoods(type="FeatureCollection", features=[_area(one) for one in place.neighbourhoods])


def _area(one: places.Neighbourhood) -> Neighbourhood:
    """A rectangle around its middle, that meets the next one."""
    west, east = round(one.long - 0.008, 6), round(one.long + 0.008, 6)
    south, north = round(one.lat - 0.006, 6), round(one.lat + 0.006, 6)
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    name = one.id.replace("-", " ").title()
    return Neighbourhood(
        type="Feature",
        properties=Properties(neighbourhood_id=one.id, name=name),
        geometry=Polygon(type="Polygon", coordinates=[ring]),
    )
