"""Any split into batches, any repetition, any interleaving of aggregates gives the same documents.

Histories are made of the golden examples of a projection's topics, moved among few aggregates, days and
participants so that they meet; they go through the real engine.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import ValidationError

from consumers.engine.effects import ProcessManager
from consumers.engine.memory import MemoryTopics
from consumers.followups.registry import FOLLOW_UPS
from events.codec import decode
from events.envelope import Event
from events.registry import EVENT_TYPES, EventType
from projections.core import DocumentView, Projection
from projections.registry import PROJECTIONS
from tests.support.contract import EXAMPLES, STRUCTURED, as_bytes, key_of
from tests.support.engines import TroubledStore, Worker, all_partitions, assert_exact, publish

HOURS = ("2026-04-01T09:30:00-04:00", "2026-04-03T18:00:00-04:00", "2026-06-30T23:30:00-04:00")
EVERYONE = (*PROJECTIONS, *FOLLOW_UPS)
PAIRS = [
    (one, view, entry)
    for one in EVERYONE
    for view in one.documents
    for entry in EVENT_TYPES
    if entry.type in view.handles
]


def examples(entry: EventType) -> list[Event]:
    return [decode(key_of(one), as_bytes(one), STRUCTURED).event for one in EXAMPLES[entry.type]]


def read_by(projection: Projection) -> list[EventType]:
    return [entry for entry in EVENT_TYPES if entry.topic in projection.topics]


def moved(event: Event, subject: str, at: str, number: int) -> Event:
    """The event, told of another aggregate at another time; a subject that its data demand stays."""
    changes = {"time": at, "id": f"moved-{number}", "city": "riverton"}
    plain = {name: getattr(event, name) for name in Event.model_fields}
    try:
        return Event(**{**plain, **changes, "subject": subject})
    except ValidationError:
        return Event(**{**plain, **changes})


def histories(projection: Projection) -> st.SearchStrategy[list[Event]]:
    known = [event for entry in read_by(projection) for event in examples(entry)]
    one = st.tuples(st.sampled_from(known), st.sampled_from(["x1", "x2", "x3"]), st.sampled_from(HOURS))
    return st.lists(one, min_size=1, max_size=30).map(
        lambda drawn: [moved(*parts, number) for number, parts in enumerate(drawn)]
    )


def interleaved(events: Sequence[Event], dice: random.Random) -> list[Event]:
    """The same order within each aggregate, any order between them."""
    lines: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        lines[event.key].append(event)
    order = [key for key, line in lines.items() for _ in line]
    dice.shuffle(order)
    return [lines[key].pop(0) for key in order]


def repeated(events: Sequence[Event], dice: random.Random) -> list[Event]:
    """Some come again, at once or much later."""
    told = list(events)
    for event in dice.sample(events, k=dice.randint(0, len(events))):
        told.insert(dice.randint(told.index(event) + 1, len(told)), event)
    return told


async def counted(projection: Projection, events: Iterable[Event], dice: random.Random) -> TroubledStore:
    topics, store = MemoryTopics(), TroubledStore()
    publish(topics, *events)
    worker = Worker(projection, topics, store)
    await worker.assign(all_partitions(projection))
    await worker.drain(dice.randint(1, 9))
    return store


@pytest.mark.parametrize("projection", EVERYONE, ids=lambda one: one.name)
@for_any(data=st.data(), seed=st.integers(0, 2**16))
@settings(max_examples=25, deadline=None)
async def test_the_same_documents_however_it_is_cut_repeated_and_interleaved(
    projection: Projection, data: st.DataObject, seed: int
) -> None:
    history, dice = data.draw(histories(projection)), random.Random(seed)
    store = await counted(projection, repeated(interleaved(history, dice), dice), dice)
    assert_exact(store, projection, *history)
    assert store.quarantine == {}


@pytest.mark.parametrize(
    ("projection", "view", "entry"), PAIRS, ids=[f"{view.name}-{entry.name}" for _, view, entry in PAIRS]
)
async def test_twice_is_once(projection: Projection, view: DocumentView, entry: EventType) -> None:
    events = [event for event in examples(entry) for _ in range(2)]
    store = await counted(projection, [*events, *events], random.Random(1))
    assert_exact(store, projection, *examples(entry))
    kept = store.documents.get(projection.collection(view))
    assert kept or isinstance(view, ProcessManager)  # which may keep nothing, and only tell
