"""Random histories: whatever happens, each derived fact stands in the log once; and planted bugs are found.

TOWNHALL_TEST_FOLLOW_UPS asks for more histories, or fewer; a failure names its seed.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import structlog

from consumers.engine import engine as engine_module
from consumers.engine.derive import Deriver, Effects
from consumers.engine.memory import MemoryStore
from consumers.engine.memory_outbox import MemoryBroker, MemoryOutbox, MemoryOutlet, MemoryTimers
from consumers.engine.model import Outgoing, Write
from consumers.engine.owned import Owned
from consumers.engine.relay import Relay
from consumers.engine.sweeper import Sweeper
from tests.support import follow_up_simulator as simulator

HISTORIES = int(os.environ.get("TOWNHALL_TEST_FOLLOW_UPS", "250"))
MOST = 400
"""Histories after which a bug that was not found counts as not found."""

Patch = pytest.MonkeyPatch
BUGS: dict[str, Callable[[Patch], None]] = {}


def bug(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
    """A function that plants a bug, named for what is wrong."""
    BUGS[plant.__name__.replace("_", " ")] = plant
    return plant


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: Patch) -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0)
    yield
    structlog.configure(**before)


@pytest.mark.timeout(300)
async def test_each_derived_fact_stands_in_the_log_once(capsys: pytest.CaptureFixture[str]) -> None:
    happened: Counter[str] = Counter()
    for seed in range(HISTORIES):
        happened += await simulator.simulate(seed)
    with capsys.disabled():
        print(f"\n  {dict(happened.most_common())}")
    assert happened["overdue"] >= HISTORIES
    assert happened["emitted"] >= HISTORIES
    assert happened["worked"] >= HISTORIES
    assert min(happened[f"office {why}"] for why in ("Unavailable", "Killed", "Fenced"))


@bug
def effects_are_not_part_of_the_transaction(patch: Patch) -> None:
    """Written first: a batch that is turned away has had its effects."""
    right = MemoryStore.commit

    async def commit(store: MemoryStore, write: Write) -> None:
        store._take_effects(write)
        await right(store, replace(write, outbox=[], timers={}, notices=[]))

    patch.setattr(MemoryStore, "commit", commit)


@bug
def effects_are_written_after_the_transaction(patch: Patch) -> None:
    """Whoever dies in between has lost them."""
    right, count = MemoryStore.commit, 0

    async def commit(store: MemoryStore, write: Write) -> None:
        nonlocal count
        count += 1
        dies = count % 5 == 0
        await right(store, replace(write, outbox=[], timers={}, notices=[]) if dies else write)

    patch.setattr(MemoryStore, "commit", commit)


@bug
def a_batch_forgets_how_many_were_emitted(patch: Patch) -> None:
    right = Owned.advanced

    def advanced(owned: Owned, advance: Any, *rest: Any) -> None:
        right(owned, replace(advance, emitted=0), *rest)

    patch.setattr(Owned, "advanced", advanced)


@bug
def a_claim_begins_to_count_anew(patch: Patch) -> None:
    right = Effects.numbered

    def numbered(effects: Effects, partition: Any, last: int) -> list[Outgoing]:
        return right(effects, partition, 0 if last > 2 else last)

    patch.setattr(Effects, "numbered", numbered)


@bug
def cancelling_does_nothing(patch: Patch) -> None:
    right = Effects.add

    def add(effects: Effects, made: Any, **how: Any) -> None:
        right(effects, [one for one in made if not isinstance(one, str)], **how)

    patch.setattr(Effects, "add", add)


@bug
def ids_are_not_derived_from_the_rule(patch: Patch) -> None:
    right = Deriver._id
    patch.setattr(Deriver, "_id", lambda self, *parts: right(self, *parts[:3]))


@bug
def the_relay_does_not_ask_kafka_where_it_stood(patch: Patch) -> None:
    right = MemoryOutlet.open

    async def open_(outlet: MemoryOutlet) -> int:
        return min(0, await right(outlet))

    patch.setattr(MemoryOutlet, "open", open_)


@bug
def the_relay_takes_from_the_outbox_before_it_has_published(patch: Patch) -> None:
    async def step(relay: Relay) -> bool:
        rows = await relay._outbox.after(relay._shard, relay._at, 200)
        if rows:
            await relay._outbox.published(relay._lease, relay._shard, rows[-1].n)
            await relay._outlet.publish([row.record for row in rows], rows[-1].n)
            relay._at = rows[-1].n
        return bool(rows)

    patch.setattr(Relay, "step", step)


@bug
def the_place_is_not_in_the_transaction_of_the_events(patch: Patch) -> None:
    right = MemoryOutlet.publish

    async def publish(outlet: MemoryOutlet, records: Any, upto: int) -> None:
        before = outlet._broker.positions.get(outlet._line, 0)
        await right(outlet, records, upto)
        outlet._broker.positions[outlet._line] = before

    patch.setattr(MemoryOutlet, "publish", publish)


@bug
def a_later_producer_ends_nobody(patch: Patch) -> None:
    async def publish(outlet: MemoryOutlet, records: Any, upto: int) -> None:
        broker: MemoryBroker = outlet._broker
        for record in records:
            broker.topics.append(record)
        broker.positions[outlet._line] = upto

    patch.setattr(MemoryOutlet, "publish", publish)


@bug
def timers_fire_though_the_follow_up_is_behind(patch: Patch) -> None:
    async def folded(_: Sweeper, end: int) -> int:
        return 0

    patch.setattr(Sweeper, "_folded", folded)


@bug
def timers_fire_though_their_key_waits(patch: Patch) -> None:
    async def waiting(_: MemoryTimers) -> set[bytes]:
        return set()

    patch.setattr(MemoryTimers, "_waiting", waiting)


@bug
def a_timer_that_has_fired_is_kept(patch: Patch) -> None:
    right = MemoryTimers.fire

    async def fire(timers: MemoryTimers, *arguments: Any) -> int:
        before = dict(timers._store.timers)
        fired = await right(timers, *arguments)
        timers._store.timers.update(before)
        return min(fired or 0, 1)

    patch.setattr(MemoryTimers, "fire", fire)


@bug
def a_timer_is_gone_before_its_event_stands_in_the_outbox(patch: Patch) -> None:
    right, count = MemoryTimers.fire, 0

    async def fire(timers: MemoryTimers, *arguments: Any) -> int | None:
        nonlocal count
        count += 1
        fired = await right(timers, *arguments)
        if count % 5 == 0:
            timers._outbox.fired.clear()
        return fired

    patch.setattr(MemoryTimers, "fire", fire)


@bug
def what_was_published_stays_and_the_place_is_forgotten(patch: Patch) -> None:
    async def published(_: MemoryOutbox, *__: Any) -> None: ...

    async def open_(outlet: MemoryOutlet) -> int:
        outlet._epoch = outlet._broker.epochs[outlet._line] = outlet._broker.epochs.get(outlet._line, 0) + 1
        return 0

    patch.setattr(MemoryOutbox, "published", published)
    patch.setattr(MemoryOutlet, "open", open_)


@pytest.mark.parametrize("name", BUGS)
async def test_a_planted_bug_is_found(name: str, monkeypatch: Patch) -> None:
    BUGS[name](monkeypatch)
    for seed in range(MOST):
        with suppress(Exception):
            await simulator.simulate(seed)
            continue
        return
    pytest.fail(f"not found in {MOST} histories: {name}")
