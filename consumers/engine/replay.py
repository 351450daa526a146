"""Quarantined records looked at again, after a mend: all that wait of one key, in order, or none.

Whoever replays has claimed the partition, so its usual owner is fenced meanwhile. A crash before
the commit leaves everything waiting; after it, the records count and wait no more. Each replay
uses up its claim: it moves no offset, so nothing else would keep it from being applied twice.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from consumers.engine.batch import Batch
from consumers.engine.fold import Plan
from consumers.engine.intake import arrival_of
from consumers.engine.ledger import hour_of
from consumers.engine.model import (
    Advance,
    Claim,
    Fate,
    LedgerEntry,
    Partition,
    Quarantined,
    Release,
    Store,
    Write,
)
from consumers.engine.owned import Owned
from infra.failpoints import failpoint


class StillPoison(Exception):
    """A record cannot be counted yet: nothing was changed."""

    def __init__(self, found: Quarantined) -> None:
        self.found = found
        record = found.record
        super().__init__(f"offset {record.offset} of {record.topic}/{record.partition}: {found.detail}")


async def replay(
    plan: Plan,
    store: Store,
    claim: Claim,
    entries: Sequence[Quarantined],
    at: datetime,
    *,
    dropped: Container[bytes] = (),
) -> Write:
    """What counting these records changes; those whose identity is in `dropped` are given up.

    `entries` are of one key, in the order of the log. Raises StillPoison for the first that
    cannot be counted.
    """
    owned = Owned(claim)
    owned.waiting = set()
    kept = [one for one in entries if one.identity not in dropped]
    gone = [one for one in entries if one.identity in dropped]
    failpoint("before_replay_fold")
    write = Write(at=at, advances=[Advance(claim, claim.next, claim.last, 0, 0, 0)])
    if kept:
        batch = Batch(plan, {claim.partition: owned}, {claim.partition: [one.record for one in kept]})
        write = await batch.fold(store, at)
    conflicts = {one.identity for one in write.quarantine if one.reason == "conflict"}
    for one in write.quarantine:
        if one.identity not in conflicts:
            raise StillPoison(one)
    write.quarantine.clear()
    counted = sum(one.count for one in kept if one.identity not in conflicts)
    still = write.advances[0]
    write.advances = [
        replace(still, duplicates=counted - still.applied, quarantined=-counted, last_of_claim=True)
    ]
    write.ledger += _settled(claim.partition, gone)
    fates: dict[bytes, Fate] = {one.identity: "replayed" for one in kept}
    fates.update(dict.fromkeys(conflicts, "conflict"))
    fates.update({one.identity: "dropped" for one in gone})
    write.releases = [Release(claim.partition, identity, fate) for identity, fate in fates.items()]
    failpoint("after_replay_fold")
    return write


def _settled(partition: Partition, gone: Iterable[Quarantined]) -> list[LedgerEntry]:
    """An event that was given up is known: sent again it is a duplicate."""
    events = [decoded for one in gone if (decoded := arrival_of(one.record).decoded)]
    return [
        LedgerEntry(partition, hour_of(one.event.time), {one.identity: one.fingerprint}) for one in events
    ]
