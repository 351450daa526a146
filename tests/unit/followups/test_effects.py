"""What process managers ask for stands or falls with its cause, and its ids follow from it."""

from collections.abc import Callable, Sequence

import pytest

from consumers.engine.effects import (
    Announce,
    CancelTimer,
    Effect,
    Emit,
    Join,
    Leave,
    Notify,
    Reaction,
    StartTimer,
    process_manager,
)
from consumers.engine.memory import MemoryTopics
from consumers.engine.memory_outbox import MemoryLeases, MemoryOutbox, spread
from consumers.engine.outbox import Lease, Numbered
from consumers.engine.relay import Relay
from events.codec import Record, decode
from events.envelope import Event
from events.topics import REQUESTS
from events.types.requests import ServiceRequestOverdue, ServiceRequestUpdatePosted
from projections.core import Document, Projection, types
from tests.support.build import ANN, BEN, acknowledged, closed, opened, when
from tests.support.engines import TroubledStore, Worker, all_partitions, home, publish

NOON = when("2026-04-01T12:00:00-04:00")
LATE = ServiceRequestOverdue(expected_datetime=NOON)
TOLD = ServiceRequestUpdatePosted(text_ref="t", author_kind="agency", is_public=True)


def follow_up(effects: Callable[[Event], Sequence[Effect]], version: int = 1) -> Projection:
    def react(state: Document | None, event: Event) -> Reaction:
        return {"n": 1 + (state["n"] if state else 0)}, effects(event)

    handles = types("service_request.opened", "service_request.closed")
    manager = process_manager("tested", "d", handles, react, {"n": "how many"})
    return Projection("tested", version, (REQUESTS,), documents=(manager,))


class Town:
    """A log, a store, and whoever follows up."""

    def __init__(self) -> None:
        self.topics, self.store = MemoryTopics(), TroubledStore()

    async def follow(self, one: Projection, *events: Event) -> "Town":
        publish(self.topics, *events)
        worker = Worker(one, self.topics, self.store)
        await worker.assign(all_partitions(one))
        await worker.drain()
        return self

    def rows(self, event: Event) -> list[tuple[int, Event]]:
        return [(n, read(record)) for n, record in sorted(self.store.outbox.get(home(event), {}).items())]


def read(record: Record) -> Event:
    return decode(record.key, record.value, record.headers).event


async def outcome(effects: Sequence[Effect], cause: Event) -> list[Event]:
    town = await Town().follow(follow_up(lambda _: effects), cause)
    return [event for _, event in town.rows(cause)]


async def test_an_event_follows_from_its_cause() -> None:
    cause = opened("r1", at="2026-04-01T09:00:00-04:00")
    (event,) = await outcome([Emit("rule", TOLD, subject="r2")], cause)
    assert (event.city, event.subject, event.time, event.data) == (cause.city, "r2", cause.time, TOLD)
    assert (event.causationid, event.correlationid, event.origin) == (cause.id, cause.id, "live")
    (same,) = await outcome([Emit("rule", TOLD, subject="r2")], cause)
    assert same == event


@pytest.mark.parametrize(
    "other",
    [
        lambda cause: (Emit("other rule", TOLD), cause),
        lambda cause: (Emit("rule", TOLD, subject="r2"), cause),
        lambda cause: (Emit("rule", TOLD), cause.model_copy(update={"id": "other"})),
        lambda cause: (Emit("rule", TOLD), cause.model_copy(update={"source": "urn:other"})),
        lambda cause: (Emit("rule", TOLD, subject="r1"), cause.model_copy(update={"subject": "r3"})),
    ],
    ids=["rule", "whom it tells", "id", "source", "subject"],
)
async def test_another_cause_or_rule_is_another_id(other: Callable[[Event], tuple[Emit, Event]]) -> None:
    cause = opened("r1")
    emit, changed = other(cause)
    (first,), (second,) = await outcome([Emit("rule", TOLD)], cause), await outcome([emit], changed)
    assert first.id != second.id


async def test_what_crosses_to_another_city_is_an_event_of_that_city_and_names_no_person() -> None:
    cause = opened("r1")
    there, here = await outcome([Emit("r", TOLD, "r2", city="easton"), Emit("r", TOLD, "r2")], cause)
    assert (there.key, there.source) == ("easton/r2", "urn:townhall:easton:follow-ups")
    assert (there.causationid, here.key) == (cause.id, "riverton/r2")
    assert there.id != here.id
    with pytest.raises(ValueError, match="another city"):
        Emit("r", TOLD, participant=ANN, city="easton")


async def test_a_timer_s_event_names_whom_it_counts_for() -> None:
    town = await Town().follow(follow_up(lambda _: [StartTimer("t", NOON, LATE, "r2", ANN)]), opened("r1"))
    (timer,) = town.store.timers.values()
    event = read(timer.record)
    assert (event.key, event.participant) == ("riverton/r2", ANN)


async def test_every_version_of_a_manager_derives_the_same_ids() -> None:
    cause, effects = closed("r1"), [Emit("rule", TOLD)]
    first = await Town().follow(follow_up(lambda _: effects, 1), cause)
    second = await Town().follow(follow_up(lambda _: effects, 2), cause)
    assert first.rows(cause) == second.rows(cause) != []


async def test_a_chain_keeps_its_correlation() -> None:
    cause = opened("r1").model_copy(update={"correlationid": "the-first-of-all", "origin": "import"})
    (event,) = await outcome([Emit("rule", TOLD)], cause)
    assert (event.correlationid, event.causationid, event.origin) == ("the-first-of-all", cause.id, "import")


async def test_numbers_have_no_gaps_over_batches_and_owners() -> None:
    town, one = Town(), follow_up(lambda event: [Emit("a", TOLD), Emit("b", TOLD, subject="r9")])
    events = [closed("r1") for _ in range(5)]
    for event in events:
        await town.follow(one, event, event)
    assert [n for n, _ in town.rows(events[0])] == list(range(1, 11))
    assert [event.causationid for _, event in town.rows(events[0])][::2] == [event.id for event in events]


@pytest.mark.parametrize(
    "effects",
    [
        [Emit("same", TOLD), Emit("same", TOLD)],
        [StartTimer("t", NOON, LATE), CancelTimer("t")],
        [Emit("fine", TOLD), Emit("no reference", TOLD, subject="not a reference!")],
    ],
    ids=["two of one rule", "started and cancelled", "no event"],
)
async def test_effects_that_cannot_be_put_their_cause_into_quarantine_and_nothing_into_the_outbox(
    effects: Sequence[Effect],
) -> None:
    cause = opened("r1")
    town = await Town().follow(follow_up(lambda _: effects), cause, acknowledged("r1"))
    assert [items[0].reason for items in town.store.quarantine.values()] == ["fold_failed", "parked"]
    assert (town.store.outbox, town.store.timers) == ({}, {})
    assert town.store.documents == {}


async def test_the_last_word_on_a_timer_counts_within_a_batch_and_beyond() -> None:
    def effects(event: Event) -> Sequence[Effect]:
        return [StartTimer("t", NOON, LATE) if event.type.endswith("opened.v1") else CancelTimer("t")]

    one, town = follow_up(effects), Town()
    await town.follow(one, opened("r1"), closed("r1"))
    assert town.store.timers == {}
    await town.follow(one, closed("r1"), opened("r1"))
    assert list(town.store.timers) == ["tested.v1/riverton/r1/t"]
    await town.follow(one, closed("r1"))
    assert town.store.timers == {}


async def test_a_timer_is_its_manager_its_aggregate_and_its_name() -> None:
    one = follow_up(lambda _: [StartTimer("a", NOON, LATE), StartTimer("b", NOON, LATE)])
    town = await Town().follow(one, opened("r1"), opened("r2"))
    events = [read(timer.record) for timer in town.store.timers.values()]
    assert len({event.id for event in events}) == 4
    assert {event.time.isoformat() for event in events} == {"2026-04-01T12:00:00-04:00"}


async def test_a_notice_is_queued_once_for_each_person_and_cause() -> None:
    one = follow_up(lambda _: [Notify("r", ANN, "hello", {"name": "x"}), Notify("r", BEN, "hello")])
    cause = opened("r1")
    town = await Town().follow(one, cause, cause, opened("r1"))
    told = [(one.recipient, one.template, one.fields) for one in town.store.notices.values()]
    assert told == [(ANN, "hello", {"name": "x"}), (BEN, "hello", {})] * 2


async def test_nobody_is_told_of_what_was_brought_in_long_after() -> None:
    one = follow_up(lambda _: [Notify("r", ANN, "hello"), Announce("all", "hello"), Join(ANN)])
    town = await Town().follow(one, opened("r1").model_copy(update={"origin": "import"}))
    assert (town.store.notices, town.store.announcements) == ({}, {})
    assert list(town.store.audiences) == ["tested.v1/riverton/r1"]


async def test_an_announcement_reaches_who_was_there_when_it_was_made() -> None:
    """Whoever joins later, or has left, is not told; who leaves later is, and who comes back."""
    story: dict[str, list[Effect]] = {
        "one": [Join(ANN), Join(BEN)],
        "two": [Leave(ANN), Join(ANN + "x")],
        "three": [Announce("r", "hello")],
        "four": [Join(ANN), Leave(BEN)],
        "five": [Announce("r", "again")],
    }
    one, town = follow_up(lambda event: story[event.id]), Town()
    await town.follow(one, *(opened("r1").model_copy(update={"id": name}) for name in story))
    while spread(town.store):
        pass
    told = {(one.recipient, one.template) for one in town.store.notices.values()}
    assert told == {(BEN, "hello"), (ANN + "x", "hello"), (ANN + "x", "again"), (ANN, "again")}


async def test_whoever_is_told_by_name_is_not_told_again_as_one_of_many() -> None:
    story: dict[str, list[Effect]] = {
        "one": [Join(ANN), Join(BEN)],
        "two": [Announce("r", "to_all"), Notify("r", ANN, "to_ann")],
    }
    one, town = follow_up(lambda event: story[event.id]), Town()
    await town.follow(one, *(opened("r1").model_copy(update={"id": name}) for name in story))
    while spread(town.store):
        pass
    told = [(one.recipient, one.template) for one in town.store.notices.values()]
    assert told == [(ANN, "to_ann"), (BEN, "to_all")]


async def test_before_the_gate_events_and_notices_are_silent_and_timers_run() -> None:
    """An earlier version has told of all that; its timers are not these."""
    one = follow_up(lambda event: [Emit("r", TOLD), Notify("n", ANN, "t"), StartTimer(event.id, NOON, LATE)])
    events = [closed("r1") for _ in range(4)]
    town = Town()
    town.store.gates[home(events[0])] = 3
    await town.follow(one, *events)
    assert [(n, event.causationid) for n, event in town.rows(events[0])] == [(1, events[3].id)]
    assert [one.causationid for one in town.store.notices.values()] == [events[3].id]
    assert len(town.store.timers) == 4


async def test_the_relay_stops_before_a_number_that_is_missing() -> None:
    """It was written before those behind it, so it will be seen: a reader of an index may pass it."""
    records = [Record("townhall.requests", b"riverton/r1", b"%d" % n, []) for n in range(5)]
    shown = [Numbered(n, records[n]) for n in (1, 2, 4)]

    class Hasty(MemoryOutbox):
        async def after(self, shard: str, n: int, most: int) -> list[Numbered]:
            return [one for one in shown if one.n > n]

    class Printer:
        def __init__(self) -> None:
            self.sent: list[bytes] = []

        async def open(self) -> int:
            return 0

        async def publish(self, sent: Sequence[Record], upto: int) -> None:
            assert upto == len(self.sent) + len(sent)
            self.sent += [record.value for record in sent]

        async def close(self) -> None: ...

    leases, printer = MemoryLeases(), Printer()
    lease = await leases.take("relay/x")
    assert isinstance(lease, Lease)
    relay = Relay("x", lease, Hasty(TroubledStore(), leases), printer)
    await relay.open()
    assert [await relay.step(), await relay.step(), printer.sent] == [True, False, [b"1", b"2"]]
    shown.insert(2, Numbered(3, records[3]))
    assert [await relay.step(), printer.sent] == [True, [b"1", b"2", b"3", b"4"]]
