"""`townhall keys` and `townhall cities`."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from infra.directory import City, Residents, add_city, in_words, list_cities
from infra.keys import Keys, Scope
from infra.mongo import Database, PyMongoError, connect
from infra.neighbourhoods import BadNeighbourhoods, read_neighbourhoods, set_neighbourhoods
from infra.outages import told
from infra.running import resolve
from infra.settings import load

keys_app = typer.Typer(no_args_is_help=True, help="API keys of city apps.")
cities_app = typer.Typer(no_args_is_help=True, help="The directory of cities.")
_T = TypeVar("_T")


@keys_app.command("create")
def create_key(
    *,
    city: Annotated[str, typer.Option(help="the city's id in the directory")],
    app: Annotated[str, typer.Option(help="short name of the app, like street-lights")],
    write: Annotated[bool, typer.Option(help="may publish events")] = True,
    read: Annotated[bool, typer.Option(help="may read what is not public")] = False,
    operate: Annotated[bool, typer.Option(help="may look at the quarantine and settle it")] = False,
    contacts: Annotated[bool, typer.Option(help="may say how participants are reached")] = False,
    webhooks: Annotated[bool, typer.Option(help="may have the city's events sent to an endpoint")] = False,
    label: Annotated[str, typer.Option(help="a note for operators")] = "",
) -> None:
    """Make a key and print it: the only time that anybody sees it."""
    asked: list[tuple[Scope, bool]] = [
        ("events:write", write),
        ("read", read),
        ("operate", operate),
        ("contacts", contacts),
        ("webhooks", webhooks),
    ]
    scopes = [scope for scope, given in asked if given]
    text, key = _run(lambda db: Keys(db).create(city, app, scopes=scopes, label=label))
    typer.echo(f"key {key.id} for {key.source}. Only this once, its text is:", err=True)
    typer.echo(text)


@keys_app.command("list")
def list_keys(city: Annotated[str | None, typer.Option(help="only this city")] = None) -> None:
    """List keys, without their secrets."""
    for key in _run(lambda db: Keys(db).list_keys(city)):
        state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}Z" if key.revoked_at else "active"
        typer.echo(f"{key.id}  {state:<24}  {key.source}  {','.join(key.scopes)}  {key.label}".rstrip())


@keys_app.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="the part between the underscores")]) -> None:
    """End a key; every gateway refuses it within 5 seconds."""
    key = _run(lambda db: Keys(db).revoke(key_id))
    typer.echo(f"key {key.id} of {key.source} is revoked")


@cities_app.command("add")
def add(
    *,
    city_id: Annotated[str, typer.Argument(metavar="ID", help="permanent short name, like new-york")],
    name: Annotated[str, typer.Option(help="as people write it")],
    timezone: Annotated[str, typer.Option(help="permanent, of the IANA database, like America/New_York")],
    country: Annotated[str | None, typer.Option(help="two letters")] = None,
    region: Annotated[str | None, typer.Option(help="its code by ISO 3166-2, like US-NY")] = None,
    lat: Annotated[float | None, typer.Option()] = None,
    long: Annotated[float | None, typer.Option()] = None,
    language: Annotated[list[str] | None, typer.Option(help="a tag like en; may be repeated")] = None,
    residents: Annotated[
        list[str] | None, typer.Option(help="a year and how many, like 2024:675647; may be repeated")
    ] = None,
) -> None:
    """Add a city, or bring its facts up to date. Its id and time zone never change."""
    try:
        city = City(
            id=city_id,
            name=name,
            timezone=timezone,
            country=country,
            region=region,
            lat=lat,
            long=long,
            languages=tuple(language or ()),
            residents=tuple(map(_residents, residents or ())),
        )
    except ValidationError as error:
        _fail(f"{in_words(error)}. Nothing was changed.")
    _run(lambda db: add_city(db, city))
    typer.echo(f"{city.id} is in the directory, on the clock of {city.timezone}")


@cities_app.command("list")
def list_all() -> None:
    """List the cities."""
    for city in _run(list_cities):
        typer.echo(f"{city.id}  {city.timezone}  {city.name}")


@cities_app.command("neighbourhoods")
def neighbourhoods(
    city_id: Annotated[str, typer.Argument(metavar="ID", help="the city's id in the directory")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="GeoJSON, areas with an id")],
) -> None:
    """Tell where a city's neighbourhoods are; those told before are replaced.

    The file is a FeatureCollection of polygons. Each has the property `neighbourhood_id`, as in the
    city's events, and may have a `name`.
    """
    try:
        found = read_neighbourhoods(file.read_bytes())
    except BadNeighbourhoods as error:
        _fail(f"{file} {error}. Nothing was changed.")
    _run(lambda db: set_neighbourhoods(db, city_id, found))
    typer.echo(f"{city_id} has {len(found.features)} neighbourhoods")


def _residents(told: str) -> Residents:
    year, colon, count = told.partition(":")
    if not (colon and year.isdecimal() and count.isdecimal()):
        _fail(f"{told!r} will not do: residents are told like 2024:675647. Nothing was changed.")
    return Residents(year=int(year), count=int(count))


def _run(work: Callable[[Database], Awaitable[_T]]) -> _T:
    async def connected() -> _T:
        async with connect(resolve(load(), kafka=False)) as db:
            return await work(db)

    try:
        return asyncio.run(connected())
    except ValueError as error:
        _fail(str(error))
    except PyMongoError as error:
        _fail(told("MongoDB", error))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
