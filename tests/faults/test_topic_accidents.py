"""Topics and stores that are not what they were: refused with an incident, or exactly recovered."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import NewPartitions, RecordsToDelete
from aiokafka.errors import UnknownTopicOrPartitionError

from consumers import incidents
from events.envelope import Event
from events.partitioning import partition_of
from events.topics import IDEAS, TOPICS
from infra.embedded import EmbeddedServers
from infra.kafka import TopicPartition, admin, apply_topics
from infra.mongo import connect
from infra.settings import Settings
from producers.publisher import Publisher
from projections.registry import BY_NAME
from tests.faults.scene import Projector, Scene, wait_until
from tests.support import build

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(180, method="signal")]

PEOPLE = [f"voter-pseudonym-{number:05}" for number in range(300)]
TOLD = [build.ballot("a", by=person) for person in PEOPLE]
OTHERS = [build.ballot("z", by=f"other-{person}") for person in PEOPLE]
ALL = list(range(IDEAS.partitions))


@dataclass
class Town:
    """One scene for all: for each accident topics made anew and a database that nobody has used."""

    scene: Scene

    @property
    def settings(self) -> Settings:
        return self.scene.settings

    def begin(self, database: str) -> None:
        for projector in self.scene.running:
            projector.kill()
        self.scene.use(database)
        self.recreate()

    def recreate(self) -> None:
        asyncio.run(_recreate(self.settings))

    def publish(self, events: Sequence[Event]) -> None:
        asyncio.run(_publish(self.settings, events))

    def counted(self, events: Sequence[Event]) -> Projector:
        """These events published and applied."""
        self.publish(events)
        projector = self.scene.start_projector()
        self.scene.settle(60)
        return projector

    def halted(self, projection: str = "participation") -> dict[str, list[int]]:
        """The kinds of a projection's open incidents, each with its partitions."""
        kinds: dict[str, list[int]] = {}
        for row in self.scene.rows("incidents"):
            if row["status"] == "open" and row["group"] == BY_NAME[projection].group:
                kinds.setdefault(row["kind"], []).append(row["partition"])
        return {kind: sorted(numbers) for kind, numbers in kinds.items()}

    def wait_for(self, projection: str, halted: dict[str, list[int]]) -> None:
        wait_until(lambda: self.halted(projection) == halted, f"{projection} halted: {halted}", 60)

    def accept(self) -> None:
        """Every open incident: one as an operator does, the others without starting a process for each."""
        first, *others = [row["_id"] for row in self.scene.rows("incidents") if row["status"] == "open"]
        assert "goes on at" in self.command("incidents", "accept", first, "--yes")
        asyncio.run(_accept(self.settings, others))

    def ballots(self) -> set[str]:
        return {row["_id"] for row in self.scene.rows("ballots")}

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "townhall", *arguments],
            env=self.scene.environment,
            cwd=self.scene.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout


async def _recreate(settings: Settings) -> None:
    names = [topic.name for topic in TOPICS]
    async with admin(settings) as client:
        await client.delete_topics(names)
        async with asyncio.timeout(30):
            while set(names) & set(await client.list_topics()):  # noqa: ASYNC110 - there is no event
                await asyncio.sleep(0.1)
    async with asyncio.timeout(30):
        while True:
            try:
                await apply_topics(settings)
            except UnknownTopicOrPartitionError:  # the deletion still goes through the cluster
                await asyncio.sleep(0.2)
            else:
                return


async def _accept(settings: Settings, open_ones: Sequence[str]) -> None:
    async with connect(settings) as db:
        for one in open_ones:
            await incidents.accept(settings, db, one)


async def _publish(settings: Settings, events: Sequence[Event]) -> None:
    async with Publisher(settings, deadline=30) as publisher:
        await publisher.publish(events)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("accidents")
    servers = EmbeddedServers(folder / "home")
    try:
        with Scene(servers, folder) as scene:
            yield Town(scene)
    finally:
        servers.stop()


def shorter(town: Town) -> None:
    town.recreate()
    town.publish(OTHERS[:60])


def longer(town: Town) -> None:
    town.recreate()
    town.publish([*OTHERS, *TOLD, *OTHERS])


def equal(town: Town) -> None:
    """As many records in each partition, of the same people, with other votes."""
    town.recreate()
    town.publish([event.model_copy(update={"data": build.ballot("q").data}) for event in TOLD])


def cut_off(town: Town) -> None:
    town.recreate()
    town.publish(TOLD[:100])


def older_and_grown(town: Town) -> None:
    """A backup of the log, and what came since."""
    town.recreate()
    town.publish([*TOLD[:100], *OTHERS, *OTHERS])


Accident = Callable[[Town], None]
ACCIDENTS: dict[str, tuple[Accident, str]] = {
    "made anew, shorter": (shorter, "checkpoint_ahead"),
    "made anew, longer": (longer, "other_log"),
    "made anew, equal": (equal, "other_log"),
    "cut off": (cut_off, "checkpoint_ahead"),
    "restored from an older backup, and grown": (older_and_grown, "other_log"),
}


@pytest.mark.parametrize("name", ACCIDENTS)
def test_another_log_is_refused_until_an_operator_accepts_it(town: Town, name: str) -> None:
    """Accepted, it counts from its start: what was applied before is known and counts no more."""
    accident, kind = ACCIDENTS[name]
    town.begin(f"accident_{list(ACCIDENTS).index(name)}")
    town.counted(TOLD).kill()
    before = town.ballots()
    accident(town)
    town.scene.start_projector()
    for projection in ("participation", "pulse"):
        town.wait_for(projection, {kind: ALL})
    assert town.ballots() == before

    town.accept()
    later = [build.ballot("later", by=f"later-{person}") for person in PEOPLE[:20]]
    town.publish(later)
    town.scene.settle(90)
    assert town.halted() == {}
    assert before | {event.key for event in later} <= town.ballots()
    assert {row["reason"] for row in town.scene.rows("quarantine")} <= {"conflict"}


def test_a_topic_made_anew_under_a_projector_at_work_is_refused(town: Town) -> None:
    town.begin("accident_live")
    projector = town.counted(TOLD)
    longer(town)
    wait_until(lambda: town.halted() == {"other_log": ALL}, "an incident in every partition", 90)
    assert projector.running


def test_records_that_expired_before_they_were_applied_are_refused(town: Town) -> None:
    town.begin("accident_expired")
    town.counted(TOLD).kill()
    town.publish(OTHERS)
    asyncio.run(_expire(town.settings, 3))
    town.scene.start_projector()
    wait_until(lambda: town.halted() == {"expired": [3]}, "an incident", 60)
    others = {event.key for event in [*TOLD, *OTHERS] if _number(event) != 3}
    wait_until(lambda: others <= town.ballots(), "the other partitions go on", 60)
    assert town.ballots() == others | {event.key for event in TOLD}


async def _expire(settings: Settings, number: int) -> None:
    """Retention takes what was applied and five records more."""
    applied = sum(_number(event) == number for event in TOLD)
    async with admin(settings) as client:
        place = TopicPartition(IDEAS.name, number)
        await client.delete_records({place: RecordsToDelete(before_offset=applied + 5)})


def _number(event: Event) -> int:
    return partition_of(event.key.encode(), IDEAS.partitions)


def test_a_store_restored_from_an_older_backup_catches_up_exactly(town: Town) -> None:
    town.begin("accident_store")
    town.counted(TOLD).kill()
    backup = town.scene.dump()
    town.counted(OTHERS).kill()
    town.scene.restore(backup)
    assert len(town.ballots()) == len(TOLD)
    town.scene.start_projector()
    town.scene.settle(60)
    assert town.halted() == {}
    assert town.scene.differences() == []


def test_an_added_partition_is_refused_and_the_others_go_on(town: Town) -> None:
    town.begin("accident_added")
    town.counted(TOLD).kill()
    asyncio.run(_add_partition(town.settings))
    town.scene.start_projector()
    wait_until(lambda: town.halted() == {"undeclared_partition": [IDEAS.partitions]}, "an incident", 60)
    town.publish(OTHERS)
    wait_until(lambda: len(town.ballots()) == len(TOLD) + len(OTHERS), "the others go on", 60)


async def _add_partition(settings: Settings) -> None:
    async with admin(settings) as client:
        await client.create_partitions({IDEAS.name: NewPartitions(IDEAS.partitions + 1)})


def test_what_was_found_is_listed_and_shown(town: Town) -> None:
    town.begin("accident_listed")
    town.counted(TOLD).kill()
    shorter(town)
    town.scene.start_projector()
    wait_until(lambda: bool(town.halted()), "an incident", 60)
    first: dict[str, Any] = town.scene.rows("incidents")[0]
    assert first["_id"] in town.command("incidents", "list")
    shown = json.loads(town.command("incidents", "show", first["_id"]))
    assert shown["kind"] == "checkpoint_ahead"
    assert "the log ends at" in shown["detail"]
