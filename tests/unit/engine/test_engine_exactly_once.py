"""Each event counts exactly once: duplicates near and far, conflicts, transactions of any size."""

from dataclasses import dataclass

import pytest

from consumers.engine import engine as engine_module
from consumers.engine import owned as owned_module
from consumers.engine.memory import MemoryTopics
from events.codec import encode
from events.envelope import Event
from projections.core import Projection
from projections.registry import BY_NAME
from tests.support import build
from tests.support.engines import (
    TroubledStore,
    Worker,
    all_partitions,
    assert_exact,
    cells,
    home,
    publish,
)

PARTICIPATION = BY_NAME["participation"]
REQUESTS = BY_NAME["requests"]
LATER = "2026-04-01T15:30:00-04:00"


@dataclass
class City:
    """One log and one store of a projection."""

    projection: Projection
    topics: MemoryTopics
    store: TroubledStore

    async def worker(self) -> Worker:
        made = Worker(self.projection, self.topics, self.store)
        await made.assign(all_partitions(self.projection))
        return made


def city(projection: Projection = PARTICIPATION) -> City:
    return City(projection, MemoryTopics(), TroubledStore())


def voices(count: int = 12) -> list[Event]:
    return [
        build.ballot("a", ("b", 2), by=f"citizen-{n:012d}", at=build.AT if n % 2 else LATER)
        for n in range(count)
    ]


HISTORY = {
    "requests": lambda: [
        build.opened("r1"),
        build.opened("r2", neighbourhood_id="north"),
        build.acknowledged("r1"),
        build.closed("r1", at=LATER),
        build.disputed("r1", at=LATER),
        build.reopened("r1", at=LATER),
        build.feedback("f1"),
    ],
    "participation": lambda: [
        build.submitted("i1"),
        build.supported("i1", by=build.ANN),
        build.supported("i1", by=build.BEN),
        build.support_withdrawn("i1", by=build.ANN, at=LATER),
        build.problem(),
        build.round_opened(),
        build.ballot("a", "b"),
        build.ballot("b", at=LATER),
        build.concluded(selected=["a"]),
    ],
    "pulse": lambda: [build.opened("r1"), build.submitted("i1"), build.ballot("a")],
}


@pytest.mark.parametrize("most", [1, 2, 1_000])
@pytest.mark.parametrize("name", HISTORY)
async def test_each_event_counts_once_in_batches_of_any_size(name: str, most: int) -> None:
    projection = BY_NAME[name]
    town = city(projection)
    worker = await town.worker()
    history = HISTORY[name]()
    publish(town.topics, *history)
    await worker.drain(most)
    assert_exact(town.store, projection, *history)
    assert town.store.counts() == (len(history), 0, 0)


@pytest.mark.parametrize("most", [1, 2, 1_000])
async def test_a_duplicate_counts_once_in_one_batch_and_across_batches(most: int) -> None:
    town = city()
    worker = await town.worker()
    first, other = build.ballot("a"), build.ballot("b", by=build.BEN)
    publish(town.topics, first, first, other, first)
    await worker.drain(most)
    assert_exact(town.store, PARTICIPATION, first, other)
    assert town.store.counts() == (2, 2, 0)


async def test_a_duplicate_much_later_in_the_log_finds_its_hour() -> None:
    town = city()
    worker = await town.worker()
    first = build.ballot("a")
    later = [build.ballot("b", at=f"2026-05-{day:02d}T10:00:00-04:00") for day in range(1, 29)]
    publish(town.topics, first, *later)
    await worker.drain(3)
    publish(town.topics, first, *later)
    await worker.drain(5)
    assert_exact(town.store, PARTICIPATION, first, *later)
    assert town.store.counts() == (29, 29, 0)


async def test_a_duplicate_is_found_by_an_owner_that_remembers_nothing() -> None:
    town = city()
    publish(town.topics, *(votes := voices()))
    await (await town.worker()).drain()
    publish(town.topics, *reversed(votes))
    await (await town.worker()).drain(5)
    assert_exact(town.store, PARTICIPATION, *votes)
    assert town.store.counts() == (12, 12, 0)


async def test_the_same_event_told_with_other_tracing_is_a_duplicate() -> None:
    town = city()
    worker = await town.worker()
    first = build.ballot("a")
    again = first.model_copy(update={"recordedtime": build.when(LATER), "traceparent": "00-1-1-01"})
    publish(town.topics, first, again)
    await worker.drain()
    assert town.store.counts() == (1, 1, 0)


@pytest.mark.parametrize("most", [1, 1_000])
async def test_the_same_identity_with_other_content_is_quarantined_and_the_first_stands(most: int) -> None:
    town = city()
    worker = await town.worker()
    first = build.ballot("a")
    other = build.ballot("b", id=first.id)
    publish(town.topics, first, other, first)
    await worker.drain(most)
    assert_exact(town.store, PARTICIPATION, first)
    assert town.store.counts() == (1, 1, 1)
    ((entry,),) = town.store.quarantine.values()
    assert (entry.reason, entry.record.value) == ("conflict", encode(other).value)


async def test_a_conflict_is_found_by_an_owner_that_remembers_nothing() -> None:
    town = city()
    first = build.ballot("a")
    publish(town.topics, first)
    await (await town.worker()).drain()
    publish(town.topics, build.ballot("b", id=first.id))
    await (await town.worker()).drain()
    assert_exact(town.store, PARTICIPATION, first)
    assert town.store.counts() == (1, 0, 1)


async def test_two_owners_in_turn_leave_what_one_would_leave() -> None:
    """The first comes back with its memory empty: it must see what the second wrote meanwhile."""
    town = city()
    first, second = (
        Worker(PARTICIPATION, town.topics, town.store),
        Worker(PARTICIPATION, town.topics, town.store),
    )
    history = [build.ballot(project, at=at) for project in ("a", "b", "c") for at in (build.AT, LATER)]
    for number, event in enumerate(history):
        now, then = (first, second) if number % 2 else (second, first)
        await then.assign([])
        await now.assign([home(event)])
        publish(town.topics, event)
        await now.drain()
    assert_exact(town.store, PARTICIPATION, *history)


async def test_transactions_split_by_size_stay_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MAX_TRANSACTION_BYTES", 300)
    town = city()
    worker = await town.worker()
    votes = voices()
    publish(town.topics, *votes, *votes)
    await worker.drain()
    assert_exact(town.store, PARTICIPATION, *votes)
    assert town.store.counts() == (12, 12, 0)


async def test_forgetting_documents_and_hours_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one document and one identity all is read again, and the result is the same."""
    roomy, tight = city(), city()
    votes = voices()
    history = [*votes, *(build.ballot("c", by=str(vote.participant)) for vote in votes), *votes]
    for town in (roomy, tight):
        publish(town.topics, *history)
    await (await roomy.worker()).drain(3)
    monkeypatch.setattr(owned_module, "MAX_DOCUMENTS", 1)
    monkeypatch.setattr(owned_module, "MAX_IDENTITIES", 1)
    await (await tight.worker()).drain(3)
    assert tight.store.documents == roomy.store.documents
    assert tight.store.cells == roomy.store.cells
    assert tight.store.counts() == (24, 12, 0)
    assert tight.store.reads > roomy.store.reads


async def test_a_tally_moves_by_difference_when_a_document_changes_hands() -> None:
    town = city(REQUESTS)
    publish(town.topics, build.opened("r1"), build.opened("r2"))
    await (await town.worker()).drain()
    publish(town.topics, build.closed("r1"))
    await (await town.worker()).drain()
    stages = cells(town.store, "requests_by_stage.v3")
    assert stages == {("riverton", "submitted"): {"count": 1}, ("riverton", "closed"): {"count": 1}}
