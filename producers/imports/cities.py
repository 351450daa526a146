"""The city behind a file: found in the directory, or added to it with the clock that is known."""

import shlex

from pydantic import ValidationError

from infra.directory import City, add_city, get_city, in_words
from infra.mongo import Database
from producers.imports.outcomes import ImportRefused, Reading


def check_id(city: str) -> None:
    """Raises ImportRefused where the directory would not take a city of this id."""
    try:
        City(id=city, name="any", timezone="UTC")
    except ValidationError as error:
        raise ImportRefused(f"{in_words(error)}. Nothing was changed.") from None


async def settle(db: Database, reading: Reading, timezone: str | None) -> tuple[City, bool]:
    """The city of a file as the directory has it, and whether it is new there.

    A known city keeps its clock. A new one gets `timezone`, else the zone the file tells.
    Raises ImportRefused where that leaves the clock open or contradicts the directory.
    """
    known = await get_city(db, reading.city)
    if known is not None:
        if timezone not in (None, known.timezone):
            raise ImportRefused(
                f"{known.id} lives by {known.timezone}, not by {timezone}: a city's clock never changes. "
                "Nothing of the file was published. Leave --timezone out."
            )
        return known, False
    if timezone is None and reading.zone is None:
        raise ImportRefused(
            f"{reading.city} is new and the file does not tell its clock. Nothing of it was published. "
            "Name it, as in --timezone America/New_York."
        )
    city = _new(reading, timezone or reading.zone or "")
    await add_city(db, city)
    return city, True


def doubt(reading: Reading, city: City) -> str:
    """What to warn of where a new city got the clock its file suggests; empty where that is sure.

    The command comes too late for this city; it is in time where the import is repeated from the start.
    """
    if reading.zone_note is None:
        return ""
    words = ["townhall", "cities", "add", city.id, "--name", city.name, "--timezone", "ZONE"]
    words += ["--country", city.country] if city.country else []
    return (
        f"{reading.zone_note}, for good: a city keeps its clock. "
        f"It can be set before the first import: {shlex.join(words)}"
    )


def _new(reading: Reading, timezone: str) -> City:
    name = reading.city_name
    name = name.replace("-", " ").title() if name == reading.city else name
    try:
        return City(id=reading.city, name=name, timezone=timezone, country=reading.country)
    except ValidationError as error:
        raise ImportRefused(f"the city cannot be added: {in_words(error)}. Nothing was published.") from None
