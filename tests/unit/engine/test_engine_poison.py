"""What is no event goes to quarantine whole, in the same commit; everything else goes on."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from consumers.engine.memory import MemoryTopics
from consumers.engine.model import Partition, Quarantined
from events.codec import MAX_EVENT_BYTES, Record, encode
from events.envelope import Event
from projections.core import Cell, Document, DocumentView, Projection
from projections.registry import BY_NAME
from projections.views import ballots, pulse
from tests.support import build
from tests.support.engines import TroubledStore, Worker, all_partitions, assert_exact, home, publish

PARTICIPATION = BY_NAME["participation"]


def changed(record: Record, **headers: bytes) -> Record:
    """The record with other values in these CloudEvents headers."""
    new = [(name, headers.get(name.removeprefix("ce_"), value)) for name, value in record.headers]
    return record._replace(headers=new)


BALLOT = encode(build.ballot("a"))
POISON = {
    "not_json": BALLOT._replace(value=b'{"ballot_round_id": "2026", '),
    "bad_data": BALLOT._replace(value=b'{"ballot_round_id": 2026}'),
    "bad_envelope": changed(BALLOT, time=b"yesterday"),
    "unknown_type": changed(BALLOT, type=b"org.citiesofservice.street_party.held.v1"),
    "newer_version": changed(BALLOT, type=b"org.citiesofservice.priority_ballot.cast.v9"),
    "too_large": BALLOT._replace(value=b" " * (MAX_EVENT_BYTES + 1)),
    "wrong_key": encode(build.ballot("a", by=build.BEN))._replace(key=BALLOT.key),
}
STRANGE = {
    "no value": BALLOT._replace(value=None),  # type: ignore[arg-type]
    "no key": BALLOT._replace(key=None),  # type: ignore[arg-type]
    "no headers": BALLOT._replace(headers=[]),
    "a header that is no text": changed(BALLOT, subject=b"\xff\xfe"),
    "a header without value": changed(BALLOT, subject=None),  # type: ignore[arg-type]
    "a header twice": BALLOT._replace(headers=[*BALLOT.headers, ("ce_id", b"other")]),
    "a key that is no text": BALLOT._replace(key=b"\xff\xfe\x00"),
    "a huge header": changed(BALLOT, source=b"x" * 900_000),
    "a bomb": BALLOT._replace(value=b"[" * 100_000),
    "a number without end": BALLOT._replace(value=b'{"points": ' + b"9" * 5_000 + b"}"),
    "not a number": BALLOT._replace(value=b'{"points": NaN}'),
    "half a character": BALLOT._replace(value=b'{"ballot_round_id": "\\ud800"}'),
    "a key twice": BALLOT._replace(value=b'{"a": 1, "a": 2}'),
}


def entries(store: TroubledStore) -> list[Quarantined]:
    return [item for items in store.quarantine.values() for item in items]


async def drained(
    topics: MemoryTopics, store: TroubledStore, projection: Projection = PARTICIPATION, most: int = 1_000
) -> None:
    worker = Worker(projection, topics, store)
    await worker.assign(all_partitions(projection))
    await worker.drain(most)


@pytest.mark.parametrize("most", [1, 1_000])
@pytest.mark.parametrize("name", [*POISON, *STRANGE])
async def test_poison_is_kept_byte_for_byte_and_the_rest_goes_on(name: str, most: int) -> None:
    topics, store = MemoryTopics(), TroubledStore()
    before, after = build.ballot("a", by=build.BEN), build.ballot("b", by=build.BEN)
    bad = {**POISON, **STRANGE}[name]
    publish(topics, before)
    placed = topics.append_raw(home(before), bad.key, bad.value, bad.headers)
    publish(topics, after)
    await drained(topics, store, most=most)
    assert_exact(store, PARTICIPATION, before, after)
    assert store.counts() == (2, 0, 1)
    (entry,) = entries(store)
    assert entry.record == placed
    if name in POISON:
        assert entry.reason == name


async def test_poison_of_the_same_bytes_is_one_entry_and_each_record_is_counted() -> None:
    topics, store = MemoryTopics(), TroubledStore()
    for _ in range(3):
        topics.append(POISON["not_json"])
    await drained(topics, store, most=2)
    ((*same,),) = store.quarantine.values()
    assert [item.record.offset for item in same] == [0, 1, 2]
    assert store.counts() == (0, 0, 3)


async def test_unknown_events_that_differ_only_in_their_headers_are_all_kept() -> None:
    """Their identity stands in the headers: put together as one, the second would be lost."""
    topics, store = MemoryTopics(), TroubledStore()
    for number in (b"1", b"2"):
        topics.append(changed(POISON["unknown_type"], id=number))
    await drained(topics, store)
    assert len(store.quarantine) == 2


async def test_no_shift_of_bytes_between_key_and_value_makes_two_records_one() -> None:
    topics, store = MemoryTopics(), TroubledStore()
    here = Partition("townhall.ideas", 0)
    topics.append_raw(here, b"a\0b", b"c")
    topics.append_raw(here, b"a", b"b\0c")
    topics.append_raw(here, b"a", b"")
    topics.append_raw(here, b"a", None)
    await drained(topics, store)
    assert len(store.quarantine) == 4


async def test_a_record_in_another_partition_than_its_key_s_is_refused() -> None:
    """Else one aggregate would have two writers."""
    topics, store = MemoryTopics(), TroubledStore()
    event = build.ballot("a")
    record, place = encode(event), home(event)
    publish(topics, event)
    topics.append_raw(replace_number(place), record.key, record.value, record.headers)
    await drained(topics, store)
    assert_exact(store, PARTICIPATION, event)
    assert [item.reason for item in entries(store)] == ["wrong_partition"]


async def test_an_event_on_the_topic_of_another_family_is_refused() -> None:
    """Else it would count where a projection reads all topics, and nowhere else."""
    topics, store = MemoryTopics(), TroubledStore()
    event = build.ballot("a")
    record = encode(event)
    publish(topics, event)
    topics.append(record._replace(topic="townhall.requests"))
    await drained(topics, store, BY_NAME["pulse"])
    assert_exact(store, BY_NAME["pulse"], event)
    assert [item.reason for item in entries(store)] == ["wrong_topic"]


def replace_number(place: Partition) -> Partition:
    return place._replace(number=(place.number + 1) % 6)


def raising_evolve(document: Document | None, event: Event) -> Document | None:
    if event.data.model_dump()["choices"][0]["project_id"] == "a":
        raise RuntimeError("planted")
    return ballots.evolve(document, event)


def raising_cells(ballot: Document) -> Iterable[Cell]:
    yield Cell(("riverton", "2026", "never"), {"votes": 1})
    if ballot["choices"][0]["project_id"] == "a":
        raise RuntimeError("planted")


def unusable_key(ballot: Document) -> Iterable[Cell]:
    yield Cell(("riverton", "2026", "b"), {"votes": 1})
    if ballot["choices"][0]["project_id"] == "a":
        yield Cell(("riverton", ["2026"], "a"), {"votes": 1})  # type: ignore[arg-type]


def short_key(ballot: Document) -> Iterable[Cell]:
    yield Cell(("riverton", "2026", "b"), {"votes": 1})
    if ballot["choices"][0]["project_id"] == "a":
        yield Cell(("riverton",), {"votes": 1})


def unusable_amount(ballot: Document) -> Iterable[Cell]:
    amount: Any = "one" if ballot["choices"][0]["project_id"] == "a" else 1
    yield Cell(("riverton", "2026", "b"), {"votes": 1})
    yield Cell(("riverton", "2026", "b"), {"points": amount})


def raising_key(event: Event) -> str:
    if event.data.model_dump()["choices"][0]["project_id"] == "a":
        raise RuntimeError("planted")
    return event.key


def broken(evolve: Any = ballots.evolve, cells: Any = ballots.votes, key: Any = None) -> Projection:
    """Three views of ballots, the middle one as given."""
    first = replace(ballots.VIEW, name="first")
    view = replace(ballots.VIEW, evolve=evolve, key=key or ballots.VIEW.key)
    last = replace(ballots.VIEW, name="last")
    return replace(
        PARTICIPATION,
        documents=(first, view, last),
        document_tallies=(
            replace(ballots.BALLOTS, over=first),
            replace(ballots.VOTES, over=view, cells=cells),
        ),
        event_tallies=(pulse.PULSE,),
    )


FAULTS: dict[str, dict[str, Any]] = {
    "evolve raises": {"evolve": raising_evolve},
    "cells raise": {"cells": raising_cells},
    "a cell's key cannot be hashed": {"cells": unusable_key},
    "a cell's key is too short": {"cells": short_key},
    "an amount is no number": {"cells": unusable_amount},
    "the key raises": {"key": raising_key},
}


@pytest.mark.parametrize("most", [1, 1_000])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fold_that_raises_leaves_no_trace_in_any_view(fault: str, most: int) -> None:
    topics, store = MemoryTopics(), TroubledStore()
    before, bad = build.ballot("b"), build.ballot("a")
    after = build.ballot("c", by=build.BEN)
    publish(topics, before, bad, after)
    projection = broken(**FAULTS[fault])
    await drained(topics, store, projection, most)
    assert_exact(store, without_fault(projection, fault), before, after)
    assert store.counts() == (2, 0, 1)
    (entry,) = entries(store)
    assert entry.reason == "fold_failed"


def without_fault(projection: Projection, fault: str) -> Projection:
    """The same views for the events that do not trip the fault; its cells need no mending then."""
    first, view, last = projection.documents
    mended: DocumentView = replace(view, evolve=ballots.evolve, key=ballots.VIEW.key)
    count, votes = projection.document_tallies
    tallies = (count, replace(votes, over=mended, cells=FAULTS[fault].get("cells", ballots.votes)))
    return replace(projection, documents=(first, mended, last), document_tallies=tallies)
