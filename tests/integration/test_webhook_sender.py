"""The sender on a real MongoDB, with real receivers and a clock of the test's own."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook

from consumers.mongo_commands import Commands
from consumers.webhooks import deliveries
from consumers.webhooks.addresses import networks
from consumers.webhooks.deliveries import COLLECTION, Deliveries, Row
from consumers.webhooks.dial import Dial
from consumers.webhooks.endpoints import Endpoint, Endpoints
from consumers.webhooks.fanout import Share
from consumers.webhooks.messages import Message
from consumers.webhooks.schedule import DELAYS
from consumers.webhooks.sender import Sender
from infra.directory import City, add_city
from infra.embedded import Endpoints as Servers
from infra.mongo import Database, connect
from infra.settings import Settings
from tests.support import receivers
from tests.support.receivers import Receiver, Script, receiving

pytestmark = pytest.mark.servers
LOOPBACK = networks("127.0.0.0/8")
SECONDS = 0.6


@dataclass
class Office:
    """A sender, its database, its receivers; time passes when a test says so."""

    db: Database
    stack: ExitStack
    offset: timedelta = timedelta()
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.endpoints = Endpoints(self.db, LOOPBACK)
        self.deliveries = Deliveries(self.db)
        self.dial = Dial(LOOPBACK, seconds=SECONDS)
        self.sender = Sender(self.db, self.dial, self.now, allowed=LOOPBACK, chance=lambda: 0.0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    async def receiver(self, script: Script = receivers.well) -> tuple[Endpoint, Receiver]:
        receiver = self.stack.enter_context(receiving(script))
        endpoint, secret = await self.endpoints.create("riverton", receiver.url, ["all"], self.now())
        self.secrets[endpoint.id] = secret
        return endpoint, receiver

    async def add(self, *endpoints: Endpoint, messages: int = 1) -> list[str]:
        """Messages for these endpoints, as the fan-out writes them; their ids."""
        made = [
            Message(f"msg_{secrets.token_hex(16)}", "idea.submitted", b'{"n":%d}' % n)
            for n in range(messages)
        ]
        now, share = self.now(), Share()
        for one in made:
            share.messages[one.id] = deliveries.message_statement(one, now)
            share.deliveries += [deliveries.delivery_statement(to, one, now) for to in endpoints]
        async with await self.db.client.start_session() as session, session.start_transaction():
            commands = Commands(self.db, session)
            await commands.update(deliveries.MESSAGES, list(share.messages.values()))
            await commands.update(COLLECTION, share.deliveries)
        return [one.id for one in made]

    async def row(self, endpoint: Endpoint, message: str) -> Row:
        return await self.deliveries.find(endpoint, message)

    async def look(self, endpoint: Endpoint) -> Endpoint:
        return await self.endpoints.find(endpoint.id)


@pytest.fixture
async def office(servers: Servers) -> AsyncIterator[Office]:
    settings = Settings(mongo=servers.mongo, mongo_database=f"test_{secrets.token_hex(8)}")
    async with connect(settings) as db:
        await deliveries.prepare(db)
        await add_city(db, City(id="riverton", name="Riverton", timezone="America/New_York"))
        with ExitStack() as stack:
            one = Office(db, stack)
            yield one
            await one.dial.close()
        await db.client.drop_database(db.name)


def outcomes(row: Row) -> Sequence[tuple[Any, Any]]:
    return [(one.get("outcome"), one.get("status")) for one in row["tried"]]


async def test_what_is_sent_is_signed_once_and_noted(office: Office) -> None:
    endpoint, receiver = await office.receiver()
    (message,) = await office.add(endpoint)
    await office.sender.drained()
    await office.sender.drained()
    (got,) = receiver.got
    assert got.id == message
    assert got.headers["content-type"] == "application/json"
    assert Webhook(office.secrets[endpoint.id]).verify(got.body, dict(got.headers)) == {"n": 0}
    row = await office.row(endpoint, message)
    assert (row["status"], row["next_at"], row["attempts"]) == ("delivered", None, 1)
    assert outcomes(row) == [("delivered", 200)]


async def test_the_same_event_again_is_the_same_delivery(office: Office) -> None:
    endpoint, receiver = await office.receiver()
    message = Message("msg_same", "idea.submitted", b"{}")
    one = deliveries.delivery_statement(endpoint, message, office.now())
    body = deliveries.message_statement(message, office.now())
    for _ in range(3):
        await office.db[deliveries.MESSAGES].update_one(body["q"], body["u"], upsert=True)
        await office.db[COLLECTION].update_one(one["q"], one["u"], upsert=True)
        await office.sender.drained()
    assert receiver.ids == ["msg_same"]


async def test_a_receiver_that_fails_gets_ten_attempts_with_one_id_and_fresh_times(office: Office) -> None:
    endpoint, receiver = await office.receiver(receivers.status(500))
    (message,) = await office.add(endpoint)
    for number, delay in enumerate(DELAYS):
        office.offset += timedelta(seconds=delay)
        if delay > 1:
            office.offset -= timedelta(seconds=1)
            await office.sender.drained()
            assert len(receiver.got) == number, "too early"
            office.offset += timedelta(seconds=1)
        await office.sender.drained()
        assert len(receiver.got) == number + 1
    row = await office.row(endpoint, message)
    assert (row["status"], row["next_at"], row["attempts"]) == ("exhausted", None, 10)
    assert set(receiver.ids) == {message}
    times = [int(one.headers["webhook-timestamp"]) for one in receiver.got]
    assert [later - sooner for sooner, later in pairwise(times)] == pytest.approx(DELAYS[1:], abs=2)
    office.offset += timedelta(days=30)
    await office.sender.drained()
    assert len(receiver.got) == 10


async def test_what_ran_out_is_sent_again_when_somebody_asks(office: Office) -> None:
    endpoint, receiver = await office.receiver(receivers.status(500))
    first, second = await office.add(endpoint, messages=2)
    for delay in DELAYS:
        office.offset += timedelta(seconds=delay + 1)
        await office.sender.drained()
    receiver.script = receivers.well
    await office.deliveries.replay(endpoint, first, office.now())
    await office.sender.drained()
    assert (await office.row(endpoint, first))["status"] == "delivered"
    assert (await office.row(endpoint, second))["status"] == "exhausted"
    assert receiver.ids.count(first) == 11

    receiver.script = receivers.status(500)
    start = office.now() - timedelta(days=29)
    assert await office.deliveries.replay_between(endpoint, start, office.now(), office.now()) == 2
    await office.sender.drained()
    row = await office.row(endpoint, first)
    assert (row["status"], row["attempts"], row["round"]) == ("pending", 12, 11)
    assert row["next_at"] - office.now() <= timedelta(seconds=5), "all attempts anew"
    assert await office.deliveries.replay_between(endpoint, start, start, office.now()) == 0


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (receivers.status(302, location="http://127.0.0.1:1/"), ("refused", 302)),
        (receivers.status(404), ("refused", 404)),
        (receivers.hanging(2), ("timeout", None)),
        (receivers.dripping(30, 0.1), ("timeout", None)),
        (receivers.closing, ("broken", None)),
        (receivers.noise, ("broken", None)),
    ],
)
async def test_a_failure_of_any_kind_is_tried_again(
    office: Office, script: Script, outcome: tuple[str, int | None]
) -> None:
    endpoint, receiver = await office.receiver(script)
    (message,) = await office.add(endpoint)
    await office.sender.drained()
    row = await office.row(endpoint, message)
    assert (row["status"], outcomes(row)) == ("pending", [outcome])
    assert (await office.look(endpoint)).failing_since is not None
    receiver.script = receivers.well
    office.offset += timedelta(seconds=6)
    await office.sender.drained()
    assert (await office.row(endpoint, message))["status"] == "delivered"
    assert receiver.ids == [message, message]
    assert (await office.look(endpoint)).failing_since is None


async def test_410_disables_the_endpoint_and_enabled_again_it_gets_what_waits(office: Office) -> None:
    endpoint, receiver = await office.receiver(receivers.status(410))
    messages = await office.add(endpoint)
    await office.sender.drained()
    gone = await office.look(endpoint)
    assert (gone.enabled, gone.disabled_because) == (False, "gone")
    messages += await office.add(endpoint)  # written before anybody knew
    office.offset += timedelta(hours=1)
    await office.sender.drained()
    assert len(receiver.got) == 1
    receiver.script = receivers.well
    await office.deliveries.now(await office.endpoints.enable(endpoint), office.now())
    await office.sender.drained()
    assert sorted(receiver.ids[1:]) == sorted(messages)
    assert (await office.look(endpoint)).disabled_because is None


async def test_a_receiver_that_asks_for_time_gets_it_for_everything(office: Office) -> None:
    endpoint, receiver = await office.receiver(receivers.status(429, retry_after="120"))
    first = await office.add(endpoint)
    await office.sender.drained()
    second = await office.add(endpoint)
    receiver.script = receivers.well
    office.offset += timedelta(seconds=110)
    await office.sender.drained()
    assert receiver.ids == first
    office.offset += timedelta(seconds=11)
    await office.sender.drained()
    assert sorted(receiver.ids[1:]) == sorted(first + second)
    assert (await office.look(endpoint)).paused_until is None


async def test_five_days_without_success_disable_the_endpoint(office: Office) -> None:
    endpoint, receiver = await office.receiver(receivers.status(500))
    days = 0.0
    while (await office.look(endpoint)).enabled:
        assert days < 7
        await office.add(endpoint)
        for _ in range(4):
            await office.sender.drained()
            office.offset += timedelta(hours=3)
        days += 0.5
    assert days >= 5
    assert (await office.look(endpoint)).disabled_because == "failing"
    seen = len(receiver.got)
    office.offset += timedelta(days=1)
    await office.sender.drained()
    assert len(receiver.got) == seen


async def test_one_failure_after_days_of_silence_disables_nothing(office: Office) -> None:
    endpoint, receiver = await office.receiver(receivers.status(500))
    await office.add(endpoint)
    for delay in DELAYS:
        office.offset += timedelta(seconds=delay + 1)
        await office.sender.drained()
    office.offset += timedelta(days=9)
    await office.add(endpoint)
    await office.sender.drained()
    assert len(receiver.got) == 11
    assert (await office.look(endpoint)).enabled


async def test_receivers_that_are_dead_delay_no_others(office: Office) -> None:
    """Twenty that never answer, with twenty messages each, beside one that is well."""
    dead = [await office.receiver(receivers.hanging(30)) for _ in range(20)]
    await office.add(*(endpoint for endpoint, _ in dead), messages=20)
    running = asyncio.create_task(office.sender.run())
    await asyncio.sleep(SECONDS / 2)  # they hang now
    endpoint, receiver = await office.receiver()
    took = []
    for _ in range(5):
        started = time.monotonic()
        await office.add(endpoint)
        seen = len(receiver.got)
        while len(receiver.got) == seen:
            assert time.monotonic() - started < 5
            await asyncio.sleep(0.01)
        took.append(time.monotonic() - started)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert max(took) < 1.5
    assert all(len(one.got) >= 1 for _, one in dead)


async def test_at_most_four_at_once_and_one_while_it_fails(office: Office) -> None:
    under_way = most = 0

    def counting(handler: receivers.Handler) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.05)
        under_way -= 1
        handler.reply(500 if failing else 200)

    failing = False
    endpoint, receiver = await office.receiver(counting)
    await office.add(endpoint, messages=20)
    await office.sender.drained()
    assert (most, len(receiver.got)) == (4, 20)
    failing = True
    await office.add(endpoint)
    await office.sender.drained()
    most = 0
    await office.add(endpoint, messages=5)
    await office.sender.drained()
    assert most == 1


async def test_after_a_rotation_both_secrets_verify_for_a_day(office: Office) -> None:
    endpoint, receiver = await office.receiver()
    new = await office.endpoints.rotate(endpoint, office.now())
    await office.add(endpoint)
    await office.sender.drained()
    (got,) = receiver.got
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    for secret in (office.secrets[endpoint.id], new):
        Webhook(secret).verify(got.body, dict(got.headers))
    office.offset += timedelta(hours=25)
    await office.add(endpoint)
    await office.sender.drained()
    assert len(receiver.got[1].headers["webhook-signature"].split(" ")) == 1


async def test_an_attempt_that_nobody_ended_is_made_again_with_its_id(office: Office) -> None:
    endpoint, receiver = await office.receiver()
    (message,) = await office.add(endpoint)
    due = await office.deliveries.begin(f"{endpoint.id}/{message}", office.now())
    assert due is not None
    await office.sender.drained()
    assert receiver.got == []  # somebody may be at it
    office.offset += timedelta(seconds=21)
    await office.sender.drained()
    assert receiver.ids == [message]
    row = await office.row(endpoint, message)
    assert (row["status"], outcomes(row)) == ("delivered", [(None, None), ("delivered", 200)])


async def test_a_delivery_of_an_endpoint_that_is_gone_is_deleted(office: Office) -> None:
    endpoint, receiver = await office.receiver()
    await office.endpoints.delete(endpoint)
    await office.add(endpoint)
    await office.sender.drained()
    assert receiver.got == []
    assert await office.db[COLLECTION].count_documents({}) == 0


async def test_what_an_operator_allows_no_longer_is_blocked(office: Office) -> None:
    endpoint, receiver = await office.receiver()
    (message,) = await office.add(endpoint)
    dial = Dial(())
    await Sender(office.db, dial, office.now).drained()
    await dial.close()
    assert receiver.got == []
    assert outcomes(await office.row(endpoint, message)) == [("blocked", None)]


async def test_finding_who_waits_looks_at_few_index_entries_however_many_wait(office: Office) -> None:
    pairs = [await office.receiver() for _ in range(3)]
    await office.add(*(endpoint for endpoint, _ in pairs), messages=500)
    command = {"distinct": COLLECTION, "key": "webhook", "query": {"status": "pending"}}
    plan = await office.db.command("explain", command, verbosity="executionStats")
    stats = orjson.dumps(plan["executionStats"], default=str).decode()
    assert plan["executionStats"]["totalKeysExamined"] < 20, stats
    assert plan["executionStats"]["totalDocsExamined"] == 0
