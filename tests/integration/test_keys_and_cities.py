"""The directory of cities and the API keys, in a real MongoDB, and their commands."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError
from typer import Typer
from typer.testing import CliRunner

from infra.directory import City, CityRefused, Residents, add_city, get_city, list_cities
from infra.embedded import Endpoints
from infra.keys import KeyRefused, Keys
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.http.cli import cities_app, keys_app

pytestmark = pytest.mark.servers
COUNTED = (Residents(year=2023, count=653_833), Residents(year=2020, count=675_647))
BOSTON = City(
    id="boston",
    name="Boston",
    timezone="America/New_York",
    country="US",
    languages=("en", "es"),
    residents=COUNTED,
)


@pytest.fixture
async def db(servers: Endpoints) -> AsyncIterator[Database]:
    name = f"test_{uuid4().hex[:12]}"
    async with connect(Settings(mongo=SecretStr(servers.mongo), mongo_database=name)) as db:
        yield db
        await db.client.drop_database(name)


async def test_adding_a_city_twice_is_adding_it_once(db: Database) -> None:
    await add_city(db, BOSTON)
    await add_city(db, BOSTON)
    assert await list_cities(db) == [BOSTON]
    assert await get_city(db, "boston") == BOSTON
    assert await get_city(db, "nowhere") is None


async def test_a_citys_facts_may_change_and_its_clock_may_not(db: Database) -> None:
    await add_city(db, BOSTON)
    grown = BOSTON.model_copy(update={"residents": (Residents(year=2025, count=700_000),)})
    await add_city(db, grown)
    with pytest.raises(CityRefused, match="lives by America/New_York"):
        await add_city(db, BOSTON.model_copy(update={"timezone": "Europe/Paris"}))
    assert await get_city(db, "boston") == grown


def test_residents_are_those_of_the_year_or_last_before_it() -> None:
    found = {year: BOSTON.residents_in(year) for year in (2019, 2020, 2022, 2023, 2030)}
    assert {year: one and one.year for year, one in found.items()} == {
        2019: 2020,
        2020: 2020,
        2022: 2020,
        2023: 2023,
        2030: 2023,
    }
    assert BOSTON.model_copy(update={"residents": ()}).residents_in(2020) is None
    with pytest.raises(ValidationError, match="told once"):
        City(id="x", name="X", timezone="UTC", residents=(COUNTED[0], COUNTED[0]))


@pytest.mark.parametrize("zone", ["", "EST", "localtime", "Mars/One", "../etc/passwd", "america/new_york"])
def test_a_time_zone_is_one_of_the_iana_database(zone: str) -> None:
    with pytest.raises(ValidationError):
        City(id="x", name="X", timezone=zone)


async def test_a_key_is_recognised_and_its_life_ends_with_its_revocation(db: Database) -> None:
    await add_city(db, BOSTON)
    keys = Keys(db)
    text, key = await keys.create("boston", "lights", scopes=["read"], label="kiosk")
    assert text.startswith(f"th_{key.id}_")
    assert await keys.authenticate(text) == key
    first = await keys.revoke(key.id)
    assert await keys.revoke(key.id) == first
    with pytest.raises(KeyRefused):
        await keys.authenticate(text)
    assert await keys.list_keys("boston") == [first]
    assert await keys.list_keys("warsaw") == []


async def test_only_the_whole_key_is_a_key(db: Database) -> None:
    await add_city(db, BOSTON)
    keys = Keys(db)
    text, key = await keys.create("boston", "lights")
    other, _ = await keys.create("boston", "lights")
    swapped = f"th_{key.id}_{other.split('_', 2)[2]}"
    for wrong in ("", "th_", text[:-1], text + "x", text.upper(), f"th_{key.id}_", swapped, text + "\n"):
        with pytest.raises(KeyRefused):
            await keys.authenticate(wrong)


async def test_guesses_fill_no_memory(db: Database) -> None:
    keys = Keys(db)
    for number in range(50):
        with pytest.raises(KeyRefused):
            await keys.authenticate(f"th_{number:012d}_{'x' * 43}")
    assert not keys._cache


@pytest.mark.parametrize(
    ("city", "app"), [("nowhere", "a"), ("boston", "A b"), ("boston", "a:b"), ("$ne", "a")]
)
async def test_keys_are_made_for_known_cities_and_plain_names_only(db: Database, city: str, app: str) -> None:
    await add_city(db, BOSTON)
    with pytest.raises(KeyRefused):
        await Keys(db).create(city, app)
    assert await Keys(db).list_keys() == []


def test_the_commands_do_it_all_and_show_a_key_once(
    servers: Endpoints, db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = Typer()
    app.add_typer(keys_app, name="keys")
    app.add_typer(cities_app, name="cities")
    monkeypatch.setenv("TOWNHALL_MONGO", servers.mongo)
    monkeypatch.setenv("TOWNHALL_MONGO_DATABASE", db.name)

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == code, result.output
        return str(result.output)

    boston = ("cities", "add", "boston", "--name", "Boston", "--timezone")
    assert "no city" in run("keys", "create", "--city", "boston", "--app", "lights", code=1).lower()
    run(*boston, "America/New_York")
    assert "never changes" in run(*boston, "Europe/Paris", code=1)
    assert "IANA" in run(*boston, "Mars/One", code=1)
    assert run("cities", "list") == "boston  America/New_York  Boston\n"
    counted = (*boston, "America/New_York", "--language", "en", "--language", "es", "--residents")
    run(*counted, "2020:675647", "--residents", "2023:653833")
    assert "2024:675647" in run(*counted, "many", code=1)
    assert "told once" in run(*counted, "2020:1", "--residents", "2020:2", code=1)
    areas = tmp_path / "areas.geojson"
    areas.write_text('{"type": "FeatureCollection", "features": []}')
    assert "boston has 0 neighbourhoods" in run("cities", "neighbourhoods", "boston", str(areas))
    assert "add it first" in run("cities", "neighbourhoods", "nowhere", str(areas), code=1)
    areas.write_text("[]")
    assert "Nothing was changed" in run("cities", "neighbourhoods", "boston", str(areas), code=1)
    text = run("keys", "create", "--city", "boston", "--app", "lights").splitlines()[-1]
    _, key_id, secret = text.split("_", 2)
    listed = run("keys", "list")
    assert key_id in listed
    assert "active" in listed
    assert secret not in listed
    run("keys", "revoke", key_id)
    assert "revoked" in run("keys", "list", "--city", "boston")
    assert "no key" in run("keys", "revoke", "nothing", code=1)
