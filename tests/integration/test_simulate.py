"""`townhall simulate` against real servers: added to the directory, published once, gone on with."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import httpx2
import pytest

from events.envelope import Event
from events.positions import Position
from infra.directory import City, add_city, list_cities
from infra.embedded import Endpoints
from infra.kafka import apply_topics
from infra.mongo import connect
from infra.settings import Settings, load
from producers.publisher import Publisher
from producers.simulate.playing import Played, Progress, play
from producers.simulate.simulation import Simulation
from tests.support.all_in_one import Town, running
from tests.support.data import REPOSITORY

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]
SEED = "4711"


@pytest.fixture
def settings(servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A database of this test's own."""
    monkeypatch.setenv("TOWNHALL_KAFKA", servers.kafka)
    monkeypatch.setenv("TOWNHALL_MONGO", servers.mongo)
    monkeypatch.setenv("TOWNHALL_MONGO_DATABASE", f"simulate_{tmp_path.name[-8:].strip('_').lower()}")
    monkeypatch.setenv("TOWNHALL_HOME", str(tmp_path / "home"))
    return load()


@pytest.fixture(autouse=True)
async def topics(settings: Settings) -> None:
    """All of them."""
    await apply_topics(settings)


async def simulate(*words: str) -> tuple[int | None, str]:
    """The exit code of the command, as its own process, and what it says."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "townhall", "simulate", "--seed", SEED, *words],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


class Cut:
    """A publisher that fails after so many publications: there the run is cut off."""

    def __init__(self, publisher: Publisher, after: int) -> None:
        self.events: list[Event] = []
        self._publisher = publisher
        self._left = after

    async def publish(self, events: Sequence[Event]) -> list[Position]:
        self._left -= 1
        if self._left < 0:
            raise ConnectionError("cut off")
        self.events += events
        return await self._publisher.publish(events)


def test_the_cities_are_added_and_the_same_command_again_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "home") as town:
        two = ("simulate", "--seed", SEED, "--cities", "2", "--days")
        town.run(*two, "1")
        cities = {one["id"]: one for one in httpx2.get(f"{town.url}/v1/cities").json()["cities"]}
        assert {f"alderford-{SEED}", f"castle-ferry-{SEED}", f"coalition-{SEED}"} <= set(cities)
        places = httpx2.get(f"{town.url}/v1/cities/alderford-{SEED}/neighbourhoods").json()
        assert len(places["features"]) == 7
        applied = counted(town)
        town.run(*two, "1")
        assert counted(town) == applied
        town.run(*two, "2")
        assert counted(town) > applied
        town.run("simulate", "--seed", SEED, "--cities", "1", "--days", "2", code=1)
        stands = json.loads(town.run("status", "--json"))["histories"]
        assert {at[:10] for at in stands.values()} == {"2025-01-03"}


def counted(town: Town) -> int:
    """Everything that the read models have counted."""
    rows = json.loads(town.run("status", "--json"))["projections"]
    return sum(row["applied"] + row["waiting"] for row in rows if row["projection"] == "pulse")


async def test_a_city_of_that_id_with_another_clock_is_left_alone(settings: Settings) -> None:
    other = City(id=f"castle-ferry-{SEED}", name="Castle Ferry", timezone="Asia/Tokyo")
    async with connect(settings) as db:
        await add_city(db, other)
        code, said = await simulate("--cities", "2", "--days", "2")
        assert (code, "lives by Asia/Tokyo, not by Europe/London" in said) == (1, True), said
        assert await list_cities(db) == [other]
        assert await db["simulations"].count_documents({}) == 0


async def test_a_run_that_was_cut_off_goes_on_with_the_step_it_was_in(settings: Settings) -> None:
    times: list[datetime] = []
    befores: list[int] = []

    async def advance(moment: datetime) -> None:
        times.append(moment)

    async def played(after: int) -> tuple[Played | None, list[Event]]:
        simulation = Simulation(cities=1, days=4, seed=4712)
        async with connect(settings) as db, Publisher(settings) as publisher:
            cut, progress = Cut(publisher, after), Progress(db, simulation)
            await progress.begin()
            befores.append(progress.steps)
            try:
                done = await play(simulation, progress, cut, advance, lambda _: None)
            except ConnectionError:
                return None, cut.events
            return done, cut.events

    every = list(Simulation(cities=1, days=4, seed=4712).steps())
    nothing, first = await played(after=3)
    done, rest = await played(after=1_000)
    assert nothing is None
    assert done is not None
    assert first + rest == [event for step in every for event in step.events]
    assert times == [step.moment for step in every]
    assert (befores[1] + done.steps, done.events) == (len(every), len(rest))
