"""Thousands of timers due at one instant, while relays, follow-up, broker and mongod die and freeze."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from infra.embedded import EmbeddedServers
from producers.publisher import OutcomeUnknown
from tests.conftest import NewServers
from tests.support import build
from tests.support.deadlines import Scene
from tests.support.scenes import crew_of, opened

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(300)]

TIMERS = 3_000
AHEAD_SECONDS = 20.0
"""Until they are due: longer than it takes to publish and fold what starts and cancels them."""
BETWEEN = (0.2, 0.6)
PAUSE_SECONDS = 0.25
"""Between those that are closed: some before the deadline, some when its timer has fired."""
SEED = 31
CREW = {"relay-1": "relay", "relay-2": "relay", "follow-up": "follow-up"}


@pytest.fixture
def servers_of_own(embedded_servers: NewServers) -> EmbeddedServers:
    return embedded_servers()


@pytest.fixture
async def scene(servers_of_own: EmbeddedServers, tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(servers_of_own, tmp_path, Scene) as found:
        yield found


async def test_each_timer_has_one_outcome_whatever_dies_meanwhile(
    scene: Scene, servers_of_own: EmbeddedServers, capsys: pytest.CaptureFixture[str]
) -> None:
    """A third was closed in time and is never late, a third is closed just then, a third is late."""
    dice = random.Random(SEED)
    kept, racing, missed = (
        [f"{kind}-{number}" for number in range(TIMERS // 3)] for kind in ("kept", "racing", "missed")
    )
    due = datetime.now(UTC) + timedelta(seconds=AHEAD_SECONDS)
    now = datetime.now(UTC).isoformat()
    with crew_of(scene, CREW, dice) as crew:
        freeze = partial(crew.freeze, ["relay-1", "relay-2"])
        for at in range(0, TIMERS // 3, 250):
            asked = [one for all_ in (kept, racing, missed) for one in all_[at : at + 250]]
            await scene.publish(*(build.opened(one, at=now, expected_datetime=due) for one in asked))
        await scene.publish(*(build.closed(one, at=now) for one in kept))
        await scene.until(lambda: scene.db["timers"].count_documents({}), 2 * TIMERS // 3)
        assert datetime.now(UTC) < due, "too slow: nothing was tested"
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds() - 2)
        closing = asyncio.ensure_future(closed(scene, racing))
        await asyncio.sleep(2.5)
        for trouble in (crew.kill, freeze, crew.kill, freeze, crew.kill, crew.kill):
            await asyncio.sleep(dice.uniform(*BETWEEN))
            await trouble()
        for server in (servers_of_own.kafka, servers_of_own.mongo):
            server.kill()
            server.start()
            await asyncio.to_thread(server.wait_ready)
            crew.happened[f"{type(server).__name__} killed"] += 1
            await crew.kill()
        await closing
        await scene.until(lambda: scene.db["timers"].count_documents({}), 0)
        await scene.until_overdue(*missed)
        await scene.until(lambda: scene.db["outbox"].count_documents({}), 0)
        overdue = await scene.overdue()
        await scene.until_folded()
    late = Counter(one.partition("-")[0] for one in overdue)
    with capsys.disabled():
        print(f"\n  {dict(crew.happened)}, ended {dict(crew.ended)}; late {dict(late)}; seed {SEED}")
    assert 0 < late["racing"] < len(racing), "nothing met: nothing was tested"
    assert set(overdue.values()) == {1}
    assert set(overdue) >= set(missed)
    assert not set(overdue) & set(kept)
    assert await scene.wrong() == []


async def closed(scene: Scene, requests: list[str]) -> None:
    """One batch after the other, each until the log has taken it."""
    for at in range(0, len(requests), 50):  # in 6 seconds or so
        events = [build.closed(one, at=datetime.now(UTC).isoformat()) for one in requests[at : at + 50]]
        while True:
            try:
                await scene.publish(*events)
            except OutcomeUnknown:  # the broker is away; the same events, until they stand there
                await asyncio.sleep(0.2)
            else:
                break
        await asyncio.sleep(PAUSE_SECONDS)


async def test_after_a_day_s_outage_the_oldest_comes_first(scene: Scene) -> None:
    """Within a partition; and a new one does not hold up the old ones of others."""
    now = datetime.now(UTC)
    dice = random.Random(SEED)
    hours = {f"late-{number}": dice.uniform(0.5, 24) for number in range(400)}
    day = now - timedelta(days=2)
    events = [
        build.opened(one, at=day.isoformat(), expected_datetime=now - timedelta(hours=since))
        for one, since in hours.items()
    ]
    with scene.running("follow-up"):
        await scene.publish(*events)
        await scene.until(lambda: scene.db["timers"].count_documents({}), len(hours))
        with scene.running("relay"):
            assert await scene.until_overdue(*hours) == dict.fromkeys(hours, 1)
    for fired in (await scene.in_order()).values():
        assert fired == sorted(fired, key=lambda one: -hours[one])
