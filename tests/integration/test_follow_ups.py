"""A deadline passes: one event on the log, whichever process dies at whichever step."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers import history as histories
from consumers.history import NotQuiet
from events.codec import encode
from events.partitioning import partition_of
from events.topics import REQUESTS
from infra.failpoints import FOLLOW_UP_STEPS
from infra.kafka import transactional
from tests.conftest import NewServers
from tests.support import build
from tests.support.deadlines import Scene, soon
from tests.support.scenes import opened

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(180)]

RUNNER_STEPS = {"after_outbox_insert", "after_timers", "after_audiences"}


@pytest.fixture
async def scene(embedded_servers: NewServers, tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(embedded_servers(), tmp_path, Scene) as found:
        yield found


async def test_a_follow_up_that_is_behind_may_hold_what_cancels_the_timer(scene: Scene) -> None:
    """So nothing fires until it has caught up: it was closed, and is not late."""
    with scene.running("relay"):
        await scene.publish(soon("behind", 3))
        with scene.running("follow-up"):
            await scene.until(lambda: scene.db["timers"].count_documents({}), 1)
        await scene.publish(build.closed("behind", at=datetime.now(UTC).isoformat()))
        await asyncio.sleep(5)
        assert await scene.db["timers"].count_documents({"due": {"$lt": datetime.now(UTC)}}) == 1
        with scene.running("follow-up"):
            await scene.publish(soon("other"))
            assert await scene.until_overdue("other") == {"other": 1}
            await scene.until(lambda: scene.db["timers"].count_documents({}), 0)


async def test_a_transaction_under_way_hides_what_cancels_the_timer(scene: Scene) -> None:
    """Readers see no end behind it, though what came later was acknowledged before the deadline."""
    with scene.running("relay"), scene.running("follow-up"):
        await scene.publish(soon("warm"))
        await scene.until_overdue("warm")
        due = datetime.now(UTC) + timedelta(seconds=10)
        await scene.publish(soon("hidden", 10))
        await scene.until(lambda: scene.db["timers"].count_documents({}), 1)
        closed = build.closed("hidden", at=datetime.now(UTC).isoformat())
        place = partition_of(encode(closed).key, REQUESTS.partitions)
        async with transactional(scene.settings, "somebody-else") as other:
            await other.begin_transaction()
            await other.send_and_wait(REQUESTS.name, b"{}", key=b"x", partition=place)
            await scene.publish(closed)
            assert datetime.now(UTC) < due, "too slow: nothing was tested"
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds() + 3)
            assert await scene.db["timers"].count_documents({"due": {"$lt": datetime.now(UTC)}}) == 1
            await other.abort_transaction()
        await scene.until(lambda: scene.db["timers"].count_documents({}), 0)
        await scene.until(lambda: scene.db["outbox"].count_documents({}), 0)
        assert await scene.overdue() == {"warm": 1}


async def test_one_event_whichever_process_dies_at_whichever_step(scene: Scene) -> None:
    relay_steps = [step for step in FOLLOW_UP_STEPS if step not in RUNNER_STEPS]
    requests = [f"dies-{step}" for step in FOLLOW_UP_STEPS]
    for step in RUNNER_STEPS:
        await scene.publish(soon(f"dies-{step}"))
        scene.dies("follow-up", step)
    with scene.running("follow-up"):
        for step in relay_steps:
            await scene.publish(soon(f"dies-{step}"))
            scene.dies("relay", step)
        with scene.running("relay"):
            assert await scene.until_overdue(*requests) == dict.fromkeys(requests, 1)
            await scene.until(lambda: scene.db["outbox"].count_documents({}), 0)
    assert await scene.db["timers"].count_documents({}) == 0
    assert await scene.overdue() == dict.fromkeys(requests, 1)
    assert await scene.wrong() == []
    await scene.db["request_deadlines.v1"].update_one({"request_id": requests[0]}, {"$set": {"open": False}})
    (difference,) = await scene.wrong()
    assert requests[0] in difference


async def test_a_history_finds_its_deadlines_when_it_comes_to_them(scene: Scene) -> None:
    """Published in a minute, all of them have long passed: one that was kept must not be told as missed."""
    told, promised = (datetime(2020, 3, day, 17, tzinfo=UTC) for day in (1, 2))
    kept, missed = (
        build.opened(request, at=told.isoformat(), expected_datetime=promised)
        for request in ("kept", "missed")
    )
    async with histories.opened(scene.settings, scene.db, ["riverton"]) as history:
        await history.hold(told)
        with (
            scene.running("project"),
            scene.running("follow-up"),
            scene.running("relay"),
            scene.running("mailer"),
        ):
            await scene.publish(kept, missed)
            await history.settle(promised - timedelta(seconds=1))
            assert await scene.overdue() == {}
            await scene.publish(build.closed("kept", at=(promised - timedelta(hours=1)).isoformat()))
            await history.settle(promised)
            assert await scene.overdue() == {"missed": 1}


async def test_a_history_that_nobody_follows_up_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.history.QUIET_SECONDS", 1.0)
    await scene.publish(soon("unseen"))
    async with histories.opened(scene.settings, scene.db, ["riverton"]) as history:
        with pytest.raises(NotQuiet, match="townhall follow-up"):
            await history.settle(datetime.now(UTC))
