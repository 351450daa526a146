"""A batch is folded while the transaction of the one before is under way: the result stays exact."""

import asyncio
from collections.abc import Iterator

import pytest

from consumers.engine import engine as engine_module
from consumers.engine import owned as owned_module
from consumers.engine.memory import MemoryTopics
from events.envelope import Event
from projections.registry import BY_NAME
from tests.support import build
from tests.support.engines import TroubledStore, Worker, all_partitions, assert_exact, publish, refuse

PARTICIPATION = BY_NAME["participation"]
ALL = all_partitions(PARTICIPATION)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0)
    return iter(())


class Line:
    """One citizen's ballots in one partition, and a store whose first transaction waits for us."""

    def __init__(self) -> None:
        self.topics, self.store = MemoryTopics(), TroubledStore()
        self.go = asyncio.Event()
        self.fails = False
        self.worker = Worker(PARTICIPATION, self.topics, self.store)
        self.engine = self.worker.engine

    async def begun(self, *events: Event, most: int = 1) -> None:
        """The transaction of the first event or events is under way."""
        publish(self.topics, *events)
        await self.worker.assign(ALL)
        self.store.plant("before commit", self.held)
        await self.engine.take(self.worker.fetch(most))
        await asyncio.sleep(0)

    async def held(self) -> None:
        await self.go.wait()
        if self.fails:
            await refuse()

    async def ahead(self, most: int = 1) -> "asyncio.Task[None]":
        """The next batch, as far as it gets while the first waits."""
        following = asyncio.create_task(self.engine.take(self.worker.fetch(most)))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not following.done()
        return following

    async def finished(self) -> None:
        await self.engine.settled()
        await self.worker.drain()


def cast(choice: str, hour: int = 10) -> Event:
    return build.ballot(choice, at=f"2026-04-01T{hour:02d}:00:00-04:00")


async def test_the_checkpoint_is_told_as_stored() -> None:
    line = Line()
    first = cast("a")
    await line.begun(first)
    assert line.engine.busy
    assert set(line.engine.positions().values()) == {0}
    line.go.set()
    await line.engine.settled()
    assert not line.engine.busy
    assert set(line.engine.positions().values()) == {0, 1}
    assert_exact(line.store, PARTICIPATION, first)


@pytest.mark.parametrize("memory", [0, 6, 100_000])
async def test_the_second_follows_from_the_first(memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little the owner may remember: the store has not seen the first yet."""
    monkeypatch.setattr(owned_module, "MAX_DOCUMENTS", memory)
    line = Line()
    before, *votes = [cast("z"), cast("a"), cast("b"), cast("c")]
    publish(line.topics, before)
    await line.worker.assign(ALL)
    await line.worker.drain()
    await line.begun(*votes)
    following = await line.ahead()
    assert line.store.counts() == (1, 0, 0)
    line.go.set()
    await following
    await line.finished()
    assert_exact(line.store, PARTICIPATION, before, *votes)
    assert line.store.counts() == (4, 0, 0)


async def test_the_first_fails_and_both_are_read_again() -> None:
    line = Line()
    votes = [cast("a"), cast("b"), cast("c")]
    await line.begun(*votes)
    following = await line.ahead()
    line.fails = True
    line.go.set()
    await following
    assert not line.store.documents
    await line.finished()
    assert_exact(line.store, PARTICIPATION, *votes)
    assert line.store.counts() == (3, 0, 0)


@pytest.mark.parametrize("memory", [0, 6])
async def test_a_duplicate_of_what_is_under_way_is_found(
    memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little the owner may remember: the store cannot tell it yet."""
    monkeypatch.setattr(owned_module, "MAX_DOCUMENTS", memory)
    monkeypatch.setattr(owned_module, "MAX_IDENTITIES", memory)
    line = Line()
    first, other = cast("a"), cast("b", hour=12)
    await line.begun(first, other, first, other, most=2)
    following = await line.ahead(2)
    line.go.set()
    await following
    await line.finished()
    assert_exact(line.store, PARTICIPATION, first, other)
    assert line.store.counts() == (2, 2, 0)


async def test_taken_from_its_owner_meanwhile() -> None:
    line = Line()
    votes = [cast("a"), cast("b"), cast("c")]
    await line.begun(*votes)
    following = await line.ahead()
    thief = Worker(PARTICIPATION, line.topics, line.store, "thief")
    await thief.assign(ALL)
    line.go.set()
    await following
    await line.engine.settled()
    assert not line.store.documents
    await line.worker.assign([])
    await thief.assign(ALL)
    await thief.drain()
    assert_exact(line.store, PARTICIPATION, *votes)
    assert line.store.counts() == (3, 0, 0)


async def test_an_engine_that_closes_claims_nothing_more_and_waits_for_its_transaction() -> None:
    line = Line()
    await line.begun(build.ballot("a"))
    line.engine.assigned(ALL[1:])
    line.store.plant("before claim", *[refuse] * 1_000)
    closing = asyncio.create_task(line.engine.close())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not closing.done()
    line.go.set()
    await closing
    assert not line.engine.busy
    assert not line.engine._claiming
    assert line.engine.positions() == {}
    assert line.worker.failures == []
    assert line.store.counts()[0] == 1
