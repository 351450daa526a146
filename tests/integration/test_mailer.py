"""People are told, once each, whichever process dies at whichever step: with a real mail server."""

import asyncio
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events.codec import decode
from events.envelope import Event
from events.topics import FOLLOWUPS
from infra.contacts import Contact, delete_contact, put_contact
from infra.directory import City, add_city
from infra.failpoints import MESSAGE_STEPS, VARIABLE
from infra.kafka import TopicPartition, apply_topics, reader
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.publisher import Publisher
from projections import builds
from projections.registry import PROJECTIONS
from tests.conftest import NewServers
from tests.support import build
from tests.support.build import ANN, BEN
from tests.support.builders.participants import consent
from tests.support.forked import Child
from tests.support.mailbox import Mailbox, mail_server
from tests.support.processes import environment

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(240)]
SECONDS = 60.0
LEASE_MS = 1_000
CREW = ("project", "follow-up", "relay")
CAT = "cat-pseudonym-0003"
NAMES = {ANN: "ann@riverton.example", BEN: "ben@riverton.example", CAT: "cat@riverton.example"}


@dataclass
class Scene:
    """Servers of the test's own, a mail server, and the processes that it starts."""

    settings: Settings
    db: Database
    folder: Path
    mailbox: Mailbox

    @contextmanager
    def running(self, command: str, *, dies_at: str | None = None) -> Iterator[Child]:
        """A process, killed at the end whatever it does; `dies_at` names the step of its own death."""
        variables = environment(self.settings) | {
            "TOWNHALL_SESSION_TIMEOUT_MS": str(LEASE_MS),
            "TOWNHALL_SMTP_HOST": "127.0.0.1",
            "TOWNHALL_SMTP_PORT": str(self.mailbox.port),
            "TOWNHALL_SMTP_SECURITY": "none",
            "TOWNHALL_MAIL_FROM": "city@riverton.example",
            "TOWNHALL_PUBLIC_URL": "https://riverton.example",
            VARIABLE: f"{dies_at}=kill" if dies_at else "",
        }
        log = self.folder / f"{command}.log"
        child = Child("townhall", [command], environment=variables, folder=self.folder, log=log)
        try:
            yield child
        finally:
            child.kill()
            child.wait(10)

    @contextmanager
    def all_running(self) -> Iterator[None]:
        with self.running(CREW[0]), self.running(CREW[1]), self.running(CREW[2]):
            yield

    async def publish(self, *events: Event) -> None:
        async with Publisher(self.settings, deadline=30) as publisher:
            await publisher.publish(events)

    async def log(self, number: int) -> list[Event]:
        """What is told of messages: so many events. Kafka ends a transaction soon after it says so."""
        deadline = time.monotonic() + SECONDS
        while len(found := await self._log()) < number:
            assert time.monotonic() < deadline
        return found

    async def _log(self) -> list[Event]:
        consumer, found = reader(self.settings), list[Event]()
        await consumer.start()
        try:
            places = [TopicPartition(FOLLOWUPS.name, number) for number in range(FOLLOWUPS.partitions)]
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [decode(one.key, one.value, one.headers).event for one in records]
        finally:
            await consumer.stop()
        return found

    async def until(self, found: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not found():
            assert time.monotonic() < deadline, self.mailbox.told()
            await asyncio.sleep(0.1)

    async def until_notices(self, wanted: dict[str, Any], number: int) -> None:
        deadline = time.monotonic() + SECONDS
        while await self.db["notifications"].count_documents(wanted) != number:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)

    async def until_quiet(self) -> None:
        """Nothing is left to be written or published."""
        deadline = time.monotonic() + SECONDS
        open_ = {"status": {"$in": ["new", "queued"]}}
        while await self.db["notifications"].find_one(open_) or await self.db["outbox"].find_one({}):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)


@pytest.fixture
async def scene(embedded_servers: NewServers, tmp_path: Path) -> AsyncIterator[Scene]:
    servers = embedded_servers().start()
    settings = Settings(
        kafka=servers.kafka,
        mongo=servers.mongo,
        mongo_database=f"test_{secrets.token_hex(8)}",
        session_timeout_ms=LEASE_MS,
        home=tmp_path,
    )
    await apply_topics(settings)
    with mail_server() as mailbox:
        async with connect(settings) as db:
            await builds.prepare(db, PROJECTIONS)
            await add_city(db, City(id="riverton", name="Riverton", timezone="UTC", languages=("en",)))
            for who, email in NAMES.items():
                never = Contact(email=email, quiet_from="00:00", quiet_to="00:00")
                await put_contact(db, "riverton", who, never)
            yield Scene(settings, db, tmp_path, mailbox)


def at() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def idea(name: str) -> list[Event]:
    """Ann has an idea, Ben and Cat support it, the city accepts it."""
    submitted = build.submitted(name, title=f"A bench for {name}", at=at())
    return [
        submitted.model_copy(update={"participant": ANN}),
        build.supported(name, by=BEN, at=at()),
        build.supported(name, by=CAT, at=at()),
        build.answered(name, at=at()),
    ]


def step(event: Event) -> str:
    """As in `sent`."""
    return event.type.split(".")[3]


def told_of(name: str) -> Counter[tuple[str, str]]:
    title = f"A bench for {name}"
    return Counter(
        [
            (NAMES[ANN], f"We received your idea “{title}”"),
            (NAMES[ANN], f"Riverton has answered your idea “{title}”"),
            (NAMES[BEN], f"Riverton has answered “{title}”, an idea you support"),
            (NAMES[CAT], f"Riverton has answered “{title}”, an idea you support"),
        ]
    )


async def agree(scene: Scene) -> None:
    await scene.publish(*(consent(who, purpose="updates", at=at()) for who in NAMES))


async def test_everybody_is_told_once_whichever_step_the_mailer_dies_at(scene: Scene) -> None:
    await agree(scene)
    expected = Counter[tuple[str, str]]()
    with scene.all_running():
        for place in MESSAGE_STEPS:
            await scene.publish(*idea(place))
            expected += told_of(place)
            with scene.running("mailer", dies_at=place) as child:
                assert child.wait(SECONDS) == -signal.SIGKILL, place
        with scene.running("mailer"):
            await scene.until(lambda: scene.mailbox.told() == expected)
            await scene.until_quiet()
    assert scene.mailbox.told() == expected
    log = await scene.log(2 * expected.total())
    assert Counter(step(event) for event in log) == {"queued": expected.total(), "sent": expected.total()}
    assert len({(step(event), getattr(event.data, "dedupe_key", "")) for event in log}) == len(log)
    letter = scene.mailbox.letters[0]
    assert letter["From"] == "city@riverton.example"
    assert letter.get_body(("plain",)) is not None
    assert letter.get_body(("html",)) is not None


async def test_what_somebody_took_back_is_obeyed_at_the_moment_of_sending(scene: Scene) -> None:
    """It was queued for the morning; in the night the consent ended, another left no address."""
    await agree(scene)
    asleep = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    start, end = (f"{moment:%H:%M}" for moment in asleep)
    for who, email in NAMES.items():
        await put_contact(scene.db, "riverton", who, Contact(email=email, quiet_from=start, quiet_to=end))
    with scene.all_running(), scene.running("mailer"):
        await scene.publish(*idea("night"))
        queued = {"status": "queued", "template": {"$ne": "idea_received"}}
        await scene.until_notices(queued, 3)
        await scene.publish(consent(ANN, granted=False, purpose="updates", at=at()))
        await delete_contact(scene.db, "riverton", BEN)
        never = Contact(email=NAMES[CAT], quiet_from="00:00", quiet_to="00:00")
        await put_contact(scene.db, "riverton", CAT, never)
        await scene.db["notifications"].update_many(queued, {"$set": {"look_at": datetime.now(UTC)}})
        await scene.until_quiet()
    told = [subject for address, subject in scene.mailbox.told() if address == NAMES[CAT]]
    assert told == ["Riverton has answered “A bench for night”, an idea you support"]
    assert len(scene.mailbox.letters) == 2
    reasons = [getattr(event.data, "reason", None) for event in await scene.log(8)]
    assert Counter(reasons) == {None: 6, "no_consent": 1, "no_contact": 1}


async def test_an_address_that_is_refused_is_given_up_and_a_server_that_is_away_is_asked_again(
    scene: Scene,
) -> None:
    await agree(scene)
    busy = {"ann": True}

    def refuse(address: str) -> str | None:
        if address == NAMES[BEN]:
            return "550 no such mailbox"
        return "451 come again" if address == NAMES[ANN] and busy["ann"] else None

    scene.mailbox.refuse = refuse
    with scene.all_running(), scene.running("mailer"):
        await scene.publish(*idea("refused"))
        tried = {"status": "queued", "tries": 1, "look_at": {"$gt": datetime.now(UTC)}}
        await scene.until_notices(tried, 2)
        busy["ann"] = False
        await scene.db["notifications"].update_many(tried, {"$set": {"look_at": datetime.now(UTC)}})
        await scene.until_quiet()
    assert scene.mailbox.told() == told_of("refused") - Counter(
        [(NAMES[BEN], "Riverton has answered “A bench for refused”, an idea you support")]
    )
    names = Counter((step(event), event.participant) for event in await scene.log(10))
    assert names["failed", ANN] == 2
    assert names["sent", ANN] == 2
    assert names["failed", BEN] == 1
    assert names["sent", BEN] == 0
