"""The directory of cities and the API keys, in a real MongoDB, and their commands."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError
from typer import Typer
from typer.testing import CliRunner

from infra.directory import City, CityRefused, add_city, get_city, list_cities
from infra.embedded import Endpoints
from infra.keys import KeyRefused, Keys
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.http.cli import cities_app, keys_app

pytestmark = pytest.mark.servers
BOSTON = City(id="boston", name="Boston", timezone="America/New_York", country="US", population=675_647)


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
    grown = BOSTON.model_copy(update={"population": 700_000})
    await add_city(db, grown)
    with pytest.raises(CityRefused, match="lives by America/New_York"):
        await add_city(db, BOSTON.model_copy(update={"timezone": "Europe/Paris"}))
    assert await get_city(db, "boston") == grown


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
    servers: Endpoints, db: Database, monkeypatch: pytest.MonkeyPatch
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
    text = run("keys", "create", "--city", "boston", "--app", "lights").splitlines()[-1]
    _, key_id, secret = text.split("_", 2)
    listed = run("keys", "list")
    assert key_id in listed
    assert "active" in listed
    assert secret not in listed
    run("keys", "revoke", key_id)
    assert "revoked" in run("keys", "list", "--city", "boston")
    assert "no key" in run("keys", "revoke", "nothing", code=1)
