"""The random histories are worth something: each bug that is planted here is found by them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from consumers.engine import engine as engine_module
from consumers.engine import fold as fold_module
from consumers.engine import guard as guard_module
from consumers.engine import memory as memory_module
from consumers.engine.batch import Share
from consumers.engine.engine import Engine
from consumers.engine.fold import Fold
from consumers.engine.intake import Intake
from consumers.engine.ledger import Ledger, LedgerBatch, hour_of
from consumers.engine.memory import MemoryStore
from consumers.engine.model import Claim, Partition, Unavailable, Write
from consumers.engine.owned import Owned
from consumers.engine.replay import replay as right_replay
from tests.support import simulator

MOST = 3_000
"""Histories after which a bug that was not found counts as not found."""

Patch = pytest.MonkeyPatch
BUGS: dict[str, Callable[[Patch], None]] = {}


def bug(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
    """A function that plants a bug, named for what is wrong."""
    BUGS[plant.__name__.replace("_", " ")] = plant
    return plant


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: Patch) -> Iterator[None]:
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0)
    return iter(())


@bug
def no_fence_at_all(patch: Patch) -> None:
    patch.setattr(MemoryStore, "_holds", lambda *_: True)


@bug
def the_fence_looks_at_the_offset_only(patch: Patch) -> None:
    def holds(store: MemoryStore, advance: Any) -> bool:
        found = store._checkpoints.get(advance.claim.partition)
        return found is not None and found.claim.next == advance.claim.next

    patch.setattr(MemoryStore, "_holds", holds)


@bug
def the_fence_looks_at_the_epoch_only(patch: Patch) -> None:
    def holds(store: MemoryStore, advance: Any) -> bool:
        found = store._checkpoints.get(advance.claim.partition)
        return found is not None and found.claim.epoch == advance.claim.epoch

    patch.setattr(MemoryStore, "_holds", holds)


@bug
def a_duplicate_in_the_same_batch_is_missed(patch: Patch) -> None:
    def judge(batch: LedgerBatch, hour: int, identity: bytes, fingerprint: bytes) -> str:
        seen = batch._known[hour].get(identity)
        return "new" if seen is None else "duplicate" if seen == fingerprint else "conflict"

    patch.setattr(LedgerBatch, "judge", judge)


@bug
def a_duplicate_from_before_the_claim_is_missed(patch: Patch) -> None:
    async def identities(*_: Any) -> dict[int, dict[bytes, bytes]]:
        return {}

    patch.setattr(MemoryStore, "identities", identities)


@bug
def a_duplicate_of_the_batch_before_is_missed(patch: Patch) -> None:
    patch.setattr(Ledger, "keep", lambda *_: None)


@bug
def a_conflict_counts_as_a_duplicate(patch: Patch) -> None:
    right = LedgerBatch.judge
    patch.setattr(LedgerBatch, "judge", lambda *a: "duplicate" if right(*a) == "conflict" else right(*a))


@bug
def a_conflict_is_counted(patch: Patch) -> None:
    right = LedgerBatch.judge
    patch.setattr(LedgerBatch, "judge", lambda *a: "new" if right(*a) == "conflict" else right(*a))


@bug
def what_was_owned_is_remembered_over_a_rebalance(patch: Patch) -> None:
    kept: dict[tuple[int, Partition], Owned] = {}
    right = Engine._start

    def start(engine: Engine, claim: Claim) -> None:
        right(engine, claim)
        fresh = engine._owned[claim.partition]
        old = kept.setdefault((id(engine), claim.partition), fresh)
        fresh.documents, fresh.ledger = old.documents, old.ledger

    patch.setattr(Engine, "_start", start)


@bug
def the_checkpoint_is_written_before_the_rest(patch: Patch) -> None:
    """Acknowledged first: whoever dies in between has lost the batch."""
    right = MemoryStore.commit

    async def commit(store: MemoryStore, write: Write) -> None:
        if not store_dies(store):
            return await right(store, write)
        return await right(store, Write(advances=write.advances, at=write.at))

    patch.setattr(MemoryStore, "commit", commit)


@bug
def the_checkpoint_is_written_after_the_rest(patch: Patch) -> None:
    """Outside of the transaction: whoever dies in between counts the batch twice."""
    right = MemoryStore.commit

    async def commit(store: MemoryStore, write: Write) -> None:
        await right(store, write)
        if store_dies(store):
            for advance in write.advances:
                found = store._checkpoints[advance.claim.partition]
                found.claim = replace(found.claim, next=advance.claim.next, last=advance.claim.last)

    patch.setattr(MemoryStore, "commit", commit)


def store_dies(store: MemoryStore) -> bool:
    """Whether somebody dies between the two halves of this commit: every fifth time."""
    count = getattr(store, "commits", 0) + 1
    store.commits = count  # type: ignore[attr-defined]
    return count % 5 == 0


@bug
def an_unanswered_commit_is_sent_again_whatever_happened(patch: Patch) -> None:
    right = Engine._apply

    async def apply(engine: Engine, claims: Any, records: Any) -> bool:
        store, commit = engine._store, engine._store.commit

        async def again(write: Write) -> None:
            try:
                await commit(write)
            except Unavailable:
                here = {a.claim.partition: await store.read(a.claim.partition) for a in write.advances}
                moved = [replace(a, claim=here[a.claim.partition]) for a in write.advances]
                await MemoryStore.commit(store, replace(write, advances=moved))  # type: ignore[arg-type]

        store.commit = again  # type: ignore[method-assign]
        try:
            return await right(engine, claims, records)
        finally:
            store.commit = commit  # type: ignore[method-assign]

    patch.setattr(Engine, "_apply", apply)


@bug
def a_claim_does_not_seek(patch: Patch) -> None:
    patch.setattr(memory_module.MemoryLog, "seek", lambda *_: None)


@bug
def every_gap_is_taken_for_a_hole(patch: Patch) -> None:
    async def follows(*_: Any) -> bool:
        return True

    patch.setattr(guard_module, "follows", follows)


@bug
def the_next_offset_is_that_of_the_last_record(patch: Patch) -> None:
    right = Share.advance
    patch.setattr(Share, "advance", lambda share: replace(right(share), next=share.intake.records[-1].offset))


@bug
def the_next_offset_skips_one(patch: Patch) -> None:
    right = Share.advance
    patch.setattr(Share, "advance", lambda share: replace(right(share), next=right(share).next + 1))


@bug
def nothing_waits_behind_poison(patch: Patch) -> None:
    patch.setattr(Intake, "waiting", property(lambda _: set(), lambda *_: None), raising=False)


@bug
def a_new_owner_does_not_know_what_waits(patch: Patch) -> None:
    async def waiting(*_: Any) -> set[bytes]:
        return set()

    patch.setattr(memory_module.MemoryStore, "waiting", waiting)


@bug
def poison_is_dropped(patch: Patch) -> None:
    right = Intake.reject

    def reject(intake: Intake, record: Any, reason: Any, detail: str) -> None:
        right(intake, record, reason, detail)
        if reason != "parked":
            intake.quarantine.pop()

    patch.setattr(Intake, "reject", reject)


@bug
def poison_is_remembered_as_applied(patch: Patch) -> None:
    right = Share._folded

    def folded(share: Share, fold: Any, record: Any, decoded: Any) -> bool:
        done = right(share, fold, record, decoded)
        share.ledger.note(hour_of(decoded.event.time), decoded.identity, decoded.fingerprint)
        return done

    patch.setattr(Share, "_folded", folded)


@bug
def a_fold_that_raises_leaves_half_of_itself_behind(patch: Patch) -> None:
    right = Fold.apply

    def apply(fold: Fold, partition: Partition, event: Any) -> None:
        try:
            right(fold, partition, event)
        except Exception:
            for step in fold._plan.steps(event.type):
                place = (step.collection, step.key(event))
                old = fold.documents.get(place, fold._before[place])
                fold.documents[place] = step.evolve(old, event)
            raise

    patch.setattr(Fold, "apply", apply)


@bug
def what_a_document_added_before_is_not_taken_back(patch: Patch) -> None:
    def add(fold: Fold, collection: str, partition: Partition, cell: Any, sign: int) -> None:
        sums = fold.cells.setdefault(collection, {}).setdefault((partition, cell.key), {})
        for measure, amount in cell.add.items():
            sums[measure] = sums.get(measure, 0) + (amount if sign > 0 else 0)

    patch.setattr(fold_module.Fold, "_add", add)


@bug
def a_replay_does_not_end_its_claim(patch: Patch) -> None:
    async def replay(*arguments: Any, **options: Any) -> Write:
        write = await right_replay(*arguments, **options)
        write.advances = [replace(one, last_of_claim=False) for one in write.advances]
        return write

    patch.setattr(simulator, "replay", replay)


@bug
def a_replay_takes_the_newest_first(patch: Patch) -> None:
    right = MemoryStore.quarantined

    async def quarantined(*arguments: Any) -> Any:
        return list(reversed(await right(*arguments)))

    patch.setattr(MemoryStore, "quarantined", quarantined)


@bug
def what_was_replayed_still_waits(patch: Patch) -> None:
    right = MemoryStore.commit

    async def commit(store: MemoryStore, write: Write) -> None:
        await right(store, replace(write, releases=[]))

    patch.setattr(MemoryStore, "commit", commit)


@bug
def what_is_put_aside_is_not_part_of_the_transaction(patch: Patch) -> None:
    right = MemoryStore.commit

    async def commit(store: MemoryStore, write: Write) -> None:
        for item in write.quarantine:
            place = Partition(item.record.topic, item.record.partition)
            store.quarantine.setdefault((place, item.identity), []).append(item)
        await right(store, replace(write, quarantine=[]))

    patch.setattr(MemoryStore, "commit", commit)


@pytest.mark.parametrize("name", BUGS)
async def test_it_is_found(name: str, monkeypatch: Patch) -> None:
    BUGS[name](monkeypatch)
    for seed in range(MOST):
        with suppress(Exception):
            await simulator.simulate(seed)
            continue
        return
    pytest.fail(f"not found in {MOST} histories: {name}")


def test_there_are_enough_of_them() -> None:
    assert len(BUGS) >= 25
