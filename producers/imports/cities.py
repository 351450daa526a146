"""The city behind a file: found in the directory, or added to it with the clock that is known."""

from pydantic import ValidationError

from infra.directory import City, add_city, get_city, in_words
from infra.mongo import Database
from producers.imports.outcomes import ImportRefused, Reading


async def settle(db: Database, reading: Reading, timezone: str | None) -> tuple[City, list[str]]:
    """The city of a file as the directory has it, and what to tell about its clock.

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
        return known, []
    if timezone is None and reading.zone is None:
        raise ImportRefused(
            f"{reading.city} is new and the file does not tell its clock. Nothing of it was published. "
            "Name it, as in --timezone America/New_York."
        )
    city = _new(reading, timezone or reading.zone or "")
    await add_city(db, city)
    notes = [f"{city.id} is new in the directory, by the clock of {city.timezone}"]
    if timezone is None and reading.zone_note is not None:
        notes.append(
            f"{reading.zone_note}; a city keeps its clock, so name a better one by --timezone before"
        )
    return city, notes


def _new(reading: Reading, timezone: str) -> City:
    name = reading.city_name
    name = name.replace("-", " ").title() if name == reading.city else name
    try:
        return City(id=reading.city, name=name, timezone=timezone, country=reading.country)
    except ValidationError as error:
        raise ImportRefused(f"the city cannot be added: {in_words(error)}. Nothing was published.") from None
