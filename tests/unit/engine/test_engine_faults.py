"""Crashes, fences, rebalances and silence at every wait of the engine: the result stays exact."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from consumers.engine import engine as engine_module
from consumers.engine import intake as intake_module
from consumers.engine.memory import MemoryTopics
from consumers.engine.model import Partition, Unavailable, Unstorable, Write
from events.envelope import Event
from projections.registry import BY_NAME
from tests.support import build
from tests.support.engines import (
    TroubledStore,
    Worker,
    all_partitions,
    assert_exact,
    home,
    publish,
    refuse,
)

PARTICIPATION = BY_NAME["participation"]
ALL = all_partitions(PARTICIPATION)
WAITS = [f"{when} {call}" for call in ("identities", "load", "commit") for when in ("before", "after")]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0)
    return iter(())


class Town:
    """A log with ten ballots, recast in part, a store, and workers that start when asked."""

    def __init__(self) -> None:
        self.topics, self.store = MemoryTopics(), TroubledStore()
        people = [f"citizen-{n:012d}" for n in range(10)]
        self.votes = [build.ballot("a", by=person) for person in people]
        self.votes += [build.ballot("b", by=person) for person in people[:5]]
        publish(self.topics, *self.votes)

    def worker(self, name: str = "worker") -> Worker:
        return Worker(PARTICIPATION, self.topics, self.store, name)

    async def started(self, name: str = "worker") -> Worker:
        worker = self.worker(name)
        await worker.assign(ALL)
        return worker

    def add(self) -> None:
        more = [build.ballot("c", by=f"citizen-{n:012d}") for n in range(4, 12)]
        publish(self.topics, *more)
        self.votes += more

    def assert_exact(self, duplicates: int = 0) -> None:
        assert_exact(self.store, PARTICIPATION, *self.votes)
        assert self.store.counts() == (len(self.votes), duplicates, 0)


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("wait", WAITS)
async def test_a_store_that_does_not_answer_costs_nothing_but_time(wait: str, times: int) -> None:
    """Before the effect of a commit or after it: nothing is lost, nothing counts twice."""
    town = Town()
    worker = await town.started()
    town.store.plant(wait, *[refuse] * times)
    await worker.drain(4)
    town.assert_exact()
    town.add()
    await worker.drain()
    town.assert_exact()


@pytest.mark.parametrize("read", ["before read", "after read"])
async def test_a_checkpoint_that_cannot_be_read_is_read_again(read: str) -> None:
    town = Town()
    worker = await town.started()
    town.store.plant("after commit", refuse)
    town.store.plant(read, refuse, refuse)
    await worker.drain(4)
    town.assert_exact()


@pytest.mark.parametrize("claim", ["before claim", "after claim"])
async def test_a_claim_that_fails_is_taken_again(claim: str) -> None:
    town = Town()
    town.store.plant(claim, refuse, refuse)
    await (await town.started()).drain(4)
    town.assert_exact()


class Killed(BaseException):
    """The process dies here."""


async def kill() -> None:
    raise Killed


@pytest.mark.parametrize("wait", WAITS)
async def test_a_process_that_dies_at_any_wait_is_followed_by_one_that_goes_on(wait: str) -> None:
    town = Town()
    worker = await town.started("first")
    town.store.plant(wait, kill)
    with pytest.raises(Killed):
        await worker.drain(4)
    town.add()
    await (await town.started("second")).drain(4)
    town.assert_exact()


@pytest.mark.parametrize("wait", WAITS)
async def test_a_rebalance_to_another_at_any_wait(wait: str) -> None:
    """The first is told; the batch it has under way is fenced, or was committed before."""
    town = Town()
    first, second = await town.started("first"), town.worker("second")

    async def rebalance() -> None:
        await first.assign([])
        await second.assign(ALL)
        await second.drain(3)

    town.store.plant(wait, rebalance)
    await first.drain(4)
    town.add()
    await second.drain(4)
    town.assert_exact()
    assert first.engine.positions() == {}


@pytest.mark.parametrize("wait", WAITS)
async def test_a_rebalance_to_itself_at_any_wait(wait: str) -> None:
    town = Town()
    worker = await town.started()
    town.store.plant(wait, lambda: worker.assign(ALL))
    await worker.drain(4)
    town.add()
    await worker.drain(4)
    town.assert_exact()


@pytest.mark.parametrize("wait", WAITS)
async def test_one_that_nobody_told_of_its_end_writes_nothing_more(wait: str) -> None:
    """A zombie: frozen at this wait while another claimed and worked."""
    town = Town()
    zombie, other = await town.started("zombie"), town.worker("other")
    commits: list[dict[Partition, int]] = []

    async def frozen() -> None:
        await other.assign(ALL)
        await other.drain(3)
        commits.append({partition: await town.store.next(partition) for partition in ALL})

    town.store.plant(wait, frozen)
    await zombie.step(4)
    assert commits == [{partition: await town.store.next(partition) for partition in ALL}]
    town.assert_exact()


async def test_the_outcome_is_unknown_and_another_has_claimed() -> None:
    """Committed, the answer lost, another owner since: the first may not write what it remembers."""
    town = Town()
    first, other = await town.started("first"), town.worker("other")

    async def lost() -> None:
        await other.assign(ALL)
        await other.step(2)
        raise Unavailable("planted")

    town.store.plant("after commit", lost)
    under_way = first.fetch(4)
    await first.engine.handle(under_way)
    assert not first.engine.positions().keys() & {Partition(one.topic, one.partition) for one in under_way}
    await other.drain(3)
    town.assert_exact()


async def test_a_commit_that_arrives_after_its_checkpoint_was_read_again() -> None:
    """Cancelling a wait does not stop the server: the write lands late, and is not made twice."""
    town = Town()
    worker = await town.started()
    held: list[Write] = []

    class Late(TroubledStore):
        async def commit(self, write: Write) -> None:
            if not held:
                held.append(write)
                raise Unavailable("still under way")
            if len(held) == 1:
                held.append(write)
                await super().commit(held[0])
            await super().commit(write)

    town.store.__class__ = Late
    await worker.drain(4)
    town.assert_exact()


async def test_revoked_while_the_checkpoint_is_read_again() -> None:
    town = Town()
    first, other = await town.started("first"), town.worker("other")

    async def rebalance() -> None:
        await first.assign([])
        await other.assign(ALL)

    town.store.plant("after commit", refuse)
    town.store.plant("after read", rebalance)
    await first.step(4)
    assert first.engine.positions() == {}
    await other.drain(4)
    town.assert_exact()


async def test_fenced_but_still_assigned_it_claims_again_after_the_lease() -> None:
    town = Town()
    worker = await town.started()
    other = town.worker("other")
    await other.assign(ALL)
    other.engine.revoked()  # it claimed, and is gone before it worked
    await worker.step()
    assert town.store.counts() == (0, 0, 0)
    assert worker.fetch() == []
    async with asyncio.timeout(5):
        while worker.engine.positions().keys() != set(ALL):
            await asyncio.sleep(0)
            await worker.step(4)
    await worker.drain(4)
    town.assert_exact()


async def test_a_claim_after_the_lease_is_given_up_with_the_assignment() -> None:
    town = Town()
    worker, other = await town.started(), town.worker("other")
    await other.assign(ALL)
    await worker.step()
    await worker.assign([])
    for _ in range(5):
        await asyncio.sleep(0)
    await other.drain()
    town.assert_exact()
    assert other.engine.positions().keys() == set(ALL)


async def test_records_fetched_before_a_seek_are_not_taken_for_the_next_ones() -> None:
    town = Town()
    worker = await town.started()
    await worker.step(4)
    worker.fetch(5)
    stale = worker.fetch(5)
    await worker.assign(ALL)
    await worker.engine.handle(stale)
    await worker.drain(4)
    town.assert_exact()


async def test_records_that_the_client_lost_are_read_again() -> None:
    """The position has moved: aiokafka drops what it has of all partitions where one cannot be read."""
    town = Town()
    worker = await town.started()
    await worker.step(4)
    assert worker.fetch(5)
    await worker.drain(4)
    town.add()
    await worker.drain(4)
    town.assert_exact()


async def test_records_of_before_the_checkpoint_are_passed_over() -> None:
    """Not even counted as duplicates: they were counted when they were applied."""
    town = Town()
    worker = await town.started()
    stale = worker.fetch()
    await worker.engine.handle(stale)
    await worker.engine.handle(stale)
    await worker.assign(ALL)
    await worker.engine.handle(stale)
    town.assert_exact()


async def test_records_of_a_partition_that_is_not_claimed_are_left_alone() -> None:
    town = Town()
    worker = await town.started()
    stale = worker.fetch()
    await worker.assign([])
    await worker.engine.handle(stale)
    assert town.store.counts() == (0, 0, 0)


def _events(count: int) -> list[Event]:
    return [build.ballot("a", at=f"2026-04-01T{n:02d}:00:00-04:00") for n in range(count)]


@pytest.mark.parametrize("most", [1, 2, 3, 100])
@pytest.mark.parametrize("holes", [{0}, {0, 1, 2}, {2}, {2, 3, 5}, {6}, {0, 3, 6}], ids=str)
async def test_holes_in_the_log_stop_nothing(holes: set[int], most: int) -> None:
    """Transaction markers use up offsets: at the start, in the middle, at the end, after a seek."""
    topics, store = MemoryTopics(), TroubledStore()
    events = _events(7)
    for number, event in enumerate(events):
        if number in holes:
            topics.append_hole(home(event))
        publish(topics, event)
    topics.append_hole(home(events[0]))
    worker = Worker(PARTICIPATION, topics, store)
    await worker.assign(ALL)
    for _ in events:
        await worker.step(most)
        await worker.assign(ALL)
    await worker.drain(most)
    assert_exact(store, PARTICIPATION, *events)
    assert store.counts() == (7, 0, 0)
    assert await store.next(home(events[0])) == 7 + len(holes)


async def test_a_gap_after_a_seek_is_not_skipped_though_the_log_has_holes() -> None:
    topics, store = MemoryTopics(), TroubledStore()
    events = _events(4)
    place = home(events[0])
    topics.append_hole(place)
    publish(topics, events[0])
    topics.append_hole(place)
    publish(topics, *events[1:])
    worker = Worker(PARTICIPATION, topics, store)
    await worker.assign(ALL)
    worker.fetch(2)
    stale = worker.fetch(2)
    await worker.assign(ALL)
    await worker.engine.handle(stale)
    await worker.drain(1)
    assert_exact(store, PARTICIPATION, *events)


async def test_a_checkpoint_outside_the_log_halts_that_partition_only() -> None:
    """A log that was made anew holds less than was applied: going on would miss events silently."""
    town = Town()
    await (await town.started()).drain()
    lost = home(town.votes[0])
    anew = MemoryTopics()
    anew.records = {place: list(held) for place, held in town.topics.records.items() if place != lost}
    worker = Worker(PARTICIPATION, anew, town.store)
    await worker.assign(ALL)
    assert worker.engine.halted.keys() == {lost}
    assert worker.engine.positions().keys() == set(ALL) - {lost}
    before = town.store.counts()
    more = [build.ballot("c", by=f"citizen-elsewhere-{n:02d}") for n in range(9)]
    publish(anew, *more)
    await worker.drain()
    elsewhere = [event for event in more if home(event) != lost]
    assert 0 < len(elsewhere) < len(more)
    assert town.store.counts() == (before[0] + len(elsewhere), 0, 0)


async def test_a_log_that_begins_after_the_checkpoint_halts_the_partition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Retention took what comes next."""
    town = Town()
    worker = town.worker()

    async def bounds(partition: Partition) -> tuple[int, int]:
        return (1, 9) if partition == ALL[0] else (0, 9)

    monkeypatch.setattr(worker.log, "bounds", bounds)
    await worker.assign(ALL)
    assert worker.engine.halted.keys() == {ALL[0]}
    await worker.assign(ALL[1:])
    assert not worker.engine.halted


@pytest.mark.parametrize("wait", WAITS)
async def test_transactions_split_by_size_survive_a_fault_between_them(
    wait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "MAX_TRANSACTION_BYTES", 300)

    async def fine() -> None: ...

    town = Town()
    worker = await town.started()
    town.store.plant(wait, fine, refuse, fine, refuse)
    await worker.drain()
    town.assert_exact()


async def test_a_transaction_the_store_cannot_take_is_tried_in_smaller_ones() -> None:
    """Too large or too slow as a whole: the engine comes down to single records, and up again."""
    town = Town()
    sizes: list[int] = []

    class Small(TroubledStore):
        async def commit(self, write: Write) -> None:
            sizes.append(sum(len(items) for items in write.documents.values()))
            if sizes[-1] > 1:
                raise Unavailable("the transaction is too large")
            await super().commit(write)

    town.store.__class__ = Small
    worker = await town.started()
    async with asyncio.timeout(5):
        await worker.drain()
    town.assert_exact()
    town.store.__class__ = TroubledStore
    town.add()
    await worker.drain()
    town.assert_exact()


async def test_a_decoder_s_own_fault_is_poison_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RecursionError("planted")

    topics, store = MemoryTopics(), TroubledStore()
    event = build.ballot("a")
    publish(topics, event)
    worker = Worker(PARTICIPATION, topics, store)
    await worker.assign(ALL)
    with monkeypatch.context() as patch:
        patch.setattr(intake_module, "decode", crash)
        await worker.drain()
    assert store.counts() == (0, 0, 1)
    publish(topics, build.ballot("a", by=build.BEN))
    await worker.drain()
    assert store.counts() == (1, 0, 1)
    assert await store.waiting(home(event)) == {event.key.encode()}


async def test_what_the_client_loses_again_and_again_is_never_taken_for_a_hole() -> None:
    """The client drops what it has of all partitions when one cannot be read, at every try."""
    town = Town()
    worker = await town.started()
    for _ in range(4):
        worker.fetch(3)  # lost
        await worker.engine.handle(worker.fetch(1_000))
    for partition, checkpoint in worker.engine.positions().items():
        worker.log.seek(partition, checkpoint)  # what was lost at the end, the watchdog reads again
    await worker.drain()
    town.assert_exact()


async def test_an_event_whose_outcome_cannot_be_stored_is_poison_and_the_rest_goes_on() -> None:
    town = Town()
    bad = town.votes[3]
    store = UnstorableStore(unstorable=bad.key)
    worker = Worker(PARTICIPATION, town.topics, store)
    await worker.assign(ALL)
    await worker.drain()
    assert_exact(store, PARTICIPATION, *(event for event in town.votes if event.key != bad.key))
    assert next(items[0].reason for items in store.quarantine.values()) == "fold_failed"
    assert await store.waiting(home(bad)) == {bad.key.encode()}


@dataclass
class UnstorableStore(TroubledStore):
    """Refuses any write of one document, as MongoDB refuses what it cannot hold."""

    unstorable: str = ""

    async def commit(self, write: Write) -> None:
        if any(self.unstorable in documents for documents in write.documents.values()):
            raise Unstorable("planted")
        await super().commit(write)


async def test_running_out_of_memory_is_no_poison(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    town = Town()
    worker = await town.started()
    monkeypatch.setattr(intake_module, "decode", exhausted)
    with pytest.raises(MemoryError):
        await worker.step()
    assert town.store.counts() == (0, 0, 0)
