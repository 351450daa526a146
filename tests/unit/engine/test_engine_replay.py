"""What other code may count keeps its key waiting; after a mend all of it counts, in order, once."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from consumers.engine.batch import Batch
from consumers.engine.fold import Plan
from consumers.engine.memory import MemoryTopics
from consumers.engine.model import Fenced, Write
from consumers.engine.owned import Brake
from consumers.engine.replay import StillPoison, replay
from events.codec import encode
from events.envelope import Event
from projections.core import Document, Projection
from projections.registry import BY_NAME
from projections.views import ballots
from tests.support import build
from tests.support.engines import NOW, TroubledStore, Worker, all_partitions, assert_exact, home, publish

GOOD = replace(BY_NAME["participation"], documents=(ballots.VIEW,), document_tallies=())
KEY = build.ballot("a").key.encode()
PLACE = home(build.ballot("a"))


def _raising(document: Document | None, event: Event) -> Document | None:
    if event.data.model_dump()["choices"][0]["project_id"] == "boom":
        raise RuntimeError("planted")
    return ballots.evolve(document, event)


BROKEN = replace(GOOD, documents=(replace(ballots.VIEW, evolve=_raising),))


class Town:
    """A log with one voter's ballots, and a store."""

    def __init__(self) -> None:
        self.topics, self.store = MemoryTopics(), TroubledStore()

    async def drain(self, projection: Projection, *events: Event, most: int = 1_000) -> Worker:
        publish(self.topics, *events)
        worker = Worker(projection, self.topics, self.store)
        await worker.assign(all_partitions(projection))
        await worker.drain(most)
        return worker

    async def replay(self, projection: Projection, *, dropped: Sequence[bytes] = ()) -> None:
        claim = await self.store.claim(PLACE, "operator")
        entries = await self.store.quarantined(PLACE, KEY, 100)
        write = await replay(Plan(projection), self.store, claim, entries, NOW, dropped=dropped)
        await self.store.commit(write)

    def reasons(self) -> list[str]:
        return [items[0].reason for items in self.store.quarantine.values()]


def cast(*choices: str) -> Event:
    return build.ballot(*choices)


@pytest.mark.parametrize("most", [1, 1_000])
async def test_later_events_of_the_key_wait_and_others_go_on(most: int) -> None:
    town, other = Town(), build.ballot("a", by=build.BEN)
    first = cast("a")
    await town.drain(BROKEN, first, cast("boom"), cast("b"), other, most=most)
    assert_exact(town.store, GOOD, first, other)
    assert town.reasons() == ["fold_failed", "parked"]
    assert town.store.counts() == (2, 0, 2)


@pytest.mark.parametrize("most", [1, 1_000])
async def test_after_a_mend_everything_counts_in_the_order_of_the_log(most: int) -> None:
    town = Town()
    told = [cast("a"), cast("boom"), cast("b"), cast("c")]
    await town.drain(BROKEN, *told, most=most)
    await town.replay(GOOD)
    more = cast("d")
    await town.drain(GOOD, more)
    assert_exact(town.store, GOOD, *told, more)
    assert town.store.counts() == (5, 0, 0)
    assert not await town.store.waiting(PLACE)


async def test_what_is_not_mended_changes_nothing() -> None:
    town = Town()
    first = cast("a")
    await town.drain(BROKEN, first, cast("boom"), cast("b"))
    with pytest.raises(StillPoison, match="planted"):
        await town.replay(BROKEN)
    assert_exact(town.store, GOOD, first)
    assert await town.store.waiting(PLACE) == {KEY}


async def test_a_repeat_of_what_waits_counts_once() -> None:
    town = Town()
    bad, after = cast("boom"), cast("b")
    await town.drain(BROKEN, bad, after, bad, after)
    await town.replay(GOOD)
    await town.drain(GOOD, bad, after)
    assert_exact(town.store, GOOD, bad, after)
    assert town.store.counts() == (2, 4, 0)


async def test_a_conflict_with_what_waits_is_found_when_it_is_replayed() -> None:
    town = Town()
    bad = cast("boom")
    other = bad.model_copy(update={"data": cast("c").data})
    await town.drain(BROKEN, bad, other)
    await town.replay(GOOD)
    assert_exact(town.store, GOOD, bad)
    assert sorted(town.store.settled.values()) == ["conflict", "replayed"]
    assert town.store.counts() == (1, 0, 1)


async def test_what_is_given_up_never_counts_and_lets_the_rest_go_on() -> None:
    town = Town()
    bad, after = cast("boom"), cast("b")
    await town.drain(BROKEN, bad, after)
    (gone,) = [one.identity for one in await town.store.quarantined(PLACE, KEY, 9) if one.reason != "parked"]
    await town.replay(BROKEN, dropped=[gone])
    assert_exact(town.store, GOOD, after)
    assert town.store.counts() == (1, 0, 1)
    assert not await town.store.waiting(PLACE)
    await town.drain(GOOD, bad)
    assert_exact(town.store, GOOD, after)


async def test_an_event_of_a_type_from_the_future_keeps_its_key_waiting() -> None:
    town = Town()
    record = encode(cast("a"))
    headers = [(n, b"org.citiesofservice.picnic.held.v1" if n == "ce_type" else v) for n, v in record.headers]
    town.topics.append(record._replace(headers=headers))
    await town.drain(GOOD, cast("b"))
    assert town.reasons() == ["unknown_type", "parked"]


async def test_bytes_that_are_no_event_keep_nobody_waiting() -> None:
    town = Town()
    town.topics.append(encode(cast("a"))._replace(value=b"{"))
    after = cast("b")
    await town.drain(GOOD, after)
    assert_exact(town.store, GOOD, after)


async def test_who_replays_fences_the_owner_of_the_partition() -> None:
    town = Town()
    worker = await town.drain(BROKEN, cast("boom"))
    await town.replay(GOOD)
    publish(town.topics, cast("b"))
    with pytest.raises(Fenced):
        await town.store.commit(await _folded(worker, town))


async def _folded(worker: Worker, town: Town) -> Write:
    owned = worker.engine._owned[PLACE]
    records = {PLACE: [one for one in worker.fetch() if one.partition == PLACE.number]}
    return await Batch(Plan(GOOD), {PLACE: owned}, records).fold(town.store, NOW)


async def test_a_bad_deployment_halts_the_partition_and_empties_nothing_into_quarantine() -> None:
    town = Town()
    people = [f"voter-{n:04d}-pseudonym" for n in range(600)]
    told = [build.ballot("boom", by=person) for person in people]
    worker = await town.drain(BROKEN, *told)
    places = {home(event) for event in told}
    assert worker.engine.halted.keys() == places
    assert {one.kind for one in town.store.incidents} == {"too_much_poison"}
    assert len(town.store.quarantine) == 0
    await town.drain(GOOD)
    assert_exact(town.store, GOOD, *told)
    assert town.store.incidents == []


async def test_the_brake_counts_over_batches() -> None:
    town = Town()
    told = [build.ballot("boom", by=f"voter-{n:04d}-pseudonym") for n in range(600)]
    worker = await town.drain(BROKEN, *told, most=1)
    assert worker.engine.halted.keys() == {home(event) for event in told}
    assert {
        len([1 for place, _ in town.store.quarantine if place == one]) for one in worker.engine.halted
    } == {Brake.MOST}


async def test_an_operator_may_accept_that_much_turns_to_poison() -> None:
    town = Town()
    told = [build.ballot("boom", by=f"voter-{n:04d}-pseudonym") for n in range(600)]
    worker = await town.drain(BROKEN, *told)
    for place in worker.engine.halted:
        found = town.store._checkpoints[place]
        found.claim = replace(found.claim, epoch=found.claim.epoch + 1, poison_until=10_000)
    await worker.engine.inspect()
    await worker.drain()
    assert not worker.engine.halted
    assert len(town.store.quarantine) == 600


def test_the_brake_looks_at_the_last_events_only() -> None:
    brake = Brake()
    for number in range(10_000):
        brake = brake.seen(ours=number % 50 == 0)
        assert not brake.trips
    brake = brake.seen(ours=True).seen(ours=True)
    assert brake.trips
