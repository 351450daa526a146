"""The log is not what the checkpoint counts in any more: the partition halts, and nothing is missed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from consumers.engine.memory import MemoryTopics
from consumers.engine.model import Partition
from projections.registry import BY_NAME
from tests.support import build
from tests.support.engines import TroubledStore, Worker, all_partitions, assert_exact, home, publish

PARTICIPATION = BY_NAME["participation"]
ALL = all_partitions(PARTICIPATION)
EVENTS = [build.ballot("a", by=f"voter-{n:04d}-pseudonym") for n in range(60)]
PLACE = home(EVENTS[0])
Accident = Callable[[MemoryTopics, Partition], None]


def shorter(topics: MemoryTopics, place: Partition) -> None:
    topics.records[place] = topics.records[place][:2]


def made_anew_longer(topics: MemoryTopics, place: Partition) -> None:
    held = len(topics.records[place])
    topics.records[place] = []
    others = [build.ballot("z", by=f"other-{n:04d}-pseudonym") for n in range(40 * held)]
    publish(topics, *(event for event in others if home(event) == place))
    assert len(topics.records[place]) > held


def made_anew_equal(topics: MemoryTopics, place: Partition) -> None:
    held = len(topics.records[place])
    made_anew_longer(topics, place)
    del topics.records[place][held:]


def expired(topics: MemoryTopics, place: Partition) -> None:
    topics.first[place] = len(topics.records[place]) + 2
    publish(topics, *(build.ballot("y", by=EVENTS[0].participant or "") for _ in range(4)))


ACCIDENTS: dict[str, tuple[Accident, str]] = {
    "cut off": (shorter, "checkpoint_ahead"),
    "made anew, longer": (made_anew_longer, "other_log"),
    "made anew, equal": (made_anew_equal, "other_log"),
    "expired": (expired, "expired"),
}


class Town:
    """All events applied by one worker."""

    def __init__(self) -> None:
        self.topics, self.store = MemoryTopics(), TroubledStore()

    async def started(self) -> Worker:
        worker = Worker(PARTICIPATION, self.topics, self.store)
        await worker.assign(ALL)
        return worker

    async def full(self) -> Worker:
        publish(self.topics, *EVENTS)
        worker = await self.started()
        await worker.drain()
        return worker


@pytest.mark.parametrize("name", ACCIDENTS)
async def test_it_is_found_at_the_next_claim_and_the_others_go_on(name: str) -> None:
    accident, kind = ACCIDENTS[name]
    town = Town()
    await town.full()
    accident(town.topics, PLACE)
    worker = await town.started()
    assert {place: one.kind for place, one in worker.engine.halted.items()} == {PLACE: kind}
    assert [one.kind for one in town.store.incidents] == [kind]
    assert worker.engine.positions().keys() == set(ALL) - {PLACE}
    before = town.store.counts()
    await worker.drain()
    assert town.store.counts() == before


@pytest.mark.parametrize("name", ACCIDENTS)
async def test_it_is_found_while_the_projector_runs(name: str) -> None:
    accident, kind = ACCIDENTS[name]
    town = Town()
    worker = await town.full()
    accident(town.topics, PLACE)
    if name in ("cut off", "expired"):
        await worker.step()  # the client starts again at the first record there is
    await worker.engine.inspect()
    assert {place: one.kind for place, one in worker.engine.halted.items()} == {PLACE: kind}
    await worker.drain()
    assert_exact(town.store, PARTICIPATION, *EVENTS)


async def test_where_nothing_moves_a_log_made_anew_of_the_same_length_is_found_at_the_sixth_look() -> None:
    town = Town()
    worker = await town.full()
    await worker.engine.inspect()
    made_anew_equal(town.topics, PLACE)
    for _ in range(4):
        await worker.engine.inspect()
        assert not worker.engine.halted
    await worker.engine.inspect()
    assert worker.engine.halted.keys() == {PLACE}


async def test_after_a_rest_a_log_made_anew_is_found_before_its_next_record_counts() -> None:
    town = Town()
    worker = await town.full()
    await worker.engine.inspect()
    before = town.store.counts()
    made_anew_equal(town.topics, PLACE)
    publish(town.topics, EVENTS[0].model_copy(update={"id": "one more"}))
    await worker.drain()
    assert worker.engine.halted.keys() == {PLACE}
    assert town.store.counts() == before


async def test_records_that_expired_after_they_were_applied_are_not_missed() -> None:
    town = Town()
    await town.full()
    town.topics.first[PLACE] = len(town.topics.records[PLACE])
    more = build.ballot("y", by=EVENTS[0].participant or "")
    publish(town.topics, more)
    worker = await town.started()
    await worker.drain()
    assert not worker.engine.halted
    assert_exact(town.store, PARTICIPATION, *EVENTS, more)


async def test_another_cluster_is_refused_whatever_it_holds() -> None:
    town = Town()
    await town.full()
    town.topics.cluster = "another"
    worker = await town.started()
    held = {place for place in ALL if town.store._checkpoints[place].claim.cluster == "memory"}
    assert worker.engine.halted.keys() == held
    assert {one.kind for one in town.store.incidents} == {"other_cluster"}


async def test_a_partition_that_was_added_is_refused_and_the_others_go_on() -> None:
    town = Town()
    added = Partition(PLACE.topic, 6)
    town.topics.append_raw(added, b"k", b"v")
    worker = Worker(PARTICIPATION, town.topics, town.store)
    await worker.assign([*ALL, added])
    assert worker.engine.halted.keys() == {added}
    publish(town.topics, *EVENTS)
    await worker.drain()
    assert_exact(town.store, PARTICIPATION, *EVENTS)


async def test_a_store_restored_from_a_backup_catches_up() -> None:
    """Its checkpoints lie behind: what came since is read again."""
    town = Town()
    publish(town.topics, *EVENTS[:30])
    worker = await town.started()
    await worker.drain()
    backup = {
        name: {key: dict(value) if isinstance(value, dict) else value for key, value in held.items()}
        for name, held in town.store.documents.items()
    }
    import copy

    saved = copy.deepcopy((town.store.cells, town.store._checkpoints, town.store._ledger))
    publish(town.topics, *EVENTS[30:])
    await worker.drain()
    town.store.documents = backup
    town.store.cells, town.store._checkpoints, town.store._ledger = saved
    again = await town.started()
    await again.drain()
    assert not again.engine.halted
    assert_exact(town.store, PARTICIPATION, *EVENTS)


async def test_a_log_that_is_mended_goes_on_and_the_incident_has_passed() -> None:
    town = Town()
    await town.full()
    whole = list(town.topics.records[PLACE])
    shorter(town.topics, PLACE)
    await town.started()
    assert town.store.incidents
    town.topics.records[PLACE] = whole
    worker = await town.started()
    assert not worker.engine.halted
    assert town.store.incidents == []


async def test_an_operator_lets_a_halted_partition_go_on_without_a_restart() -> None:
    """What the new log says from its start counts; what was applied before is known and counts no more."""
    town = Town()
    await town.full()
    shorter(town.topics, PLACE)
    worker = await town.started()
    found = town.store._checkpoints[PLACE]
    found.claim = replace(found.claim, epoch=found.claim.epoch + 1, next=0, last=None)
    more = build.ballot("y", by=EVENTS[0].participant or "")
    publish(town.topics, more)
    await worker.engine.inspect()
    await worker.drain()
    assert not worker.engine.halted
    assert_exact(town.store, PARTICIPATION, *EVENTS, more)


async def test_halting_fences_a_batch_that_is_under_way() -> None:
    town = Town()
    worker = await town.full()
    made_anew_longer(town.topics, PLACE)
    epoch = town.store._checkpoints[PLACE].claim.epoch
    await worker.engine.inspect()
    assert town.store._checkpoints[PLACE].claim.epoch == epoch + 1
