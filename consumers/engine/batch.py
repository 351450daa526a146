"""One batch on its way to one transaction: intake, load, fold, and what to remember after."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from consumers.engine.derive import Effects
from consumers.engine.fold import Fold, Plan
from consumers.engine.intake import Arrival, Intake, fingerprint, unhurried
from consumers.engine.ledger import LedgerBatch, hour_of
from consumers.engine.model import Advance, Mark, Outgoing, Partition, Record, Store, TooMuchPoison, Write
from consumers.engine.owned import Brake, Owned, Place
from events.codec import OURS, Decoded
from infra.failpoints import failpoint
from projections.core import Document

Refused = Mapping[tuple[Partition, int], str]


@dataclass
class Share:
    """One partition's part of a batch."""

    owned: Owned
    intake: Intake
    ledger: LedgerBatch
    places: set[Place] = field(default_factory=set)
    brake: Brake = field(default_factory=Brake)
    effects: Effects = field(default_factory=Effects)

    def refuse(self, refused: Refused) -> None:
        """The store cannot take what the fold makes of some records."""
        for place, one in enumerate(self.intake.arrivals):
            why = refused.get((self.intake.partition, one.record.offset))
            if why is not None and one.decoded:
                self.intake.arrivals[place] = Arrival(one.record, None, "fold_failed", why)

    def find_places(self, plan: Plan) -> None:
        """Which documents the events touch; an event whose key cannot be told cannot be folded."""
        told = []
        for one in self.intake.arrivals:
            arrival = one
            if one.decoded is not None:
                try:
                    self.places.update(plan.places(one.decoded.event))
                except MemoryError:
                    raise  # the process is at fault, not the event
                except Exception as error:  # noqa: BLE001 - a view's bug must not stop the city
                    arrival = Arrival(one.record, None, "fold_failed", _said(error))
            told.append(arrival)
        self.intake.arrivals = told

    async def fold(self, fold: Fold) -> None:
        """Judge and fold every record, in the order of the log."""
        self.brake = self.owned.brake
        async for piece in unhurried(self.intake.arrivals):
            for arrival in piece:
                self._judge(fold, arrival)

    def _judge(self, fold: Fold, arrival: Arrival) -> None:
        record, decoded, reason, detail = arrival
        if decoded is None:
            self.intake.reject(record, reason, detail)
            self._judged(record, ours=reason in OURS)
        elif self.intake.admit(self.ledger, record, decoded):
            self._judged(record, ours=not self._folded(fold, record, decoded))

    def _folded(self, fold: Fold, record: Record, decoded: Decoded) -> bool:
        try:
            failpoint("in_fold")
            fold.apply(self.intake.partition, decoded.event)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self.intake.reject(record, "fold_failed", _said(error))
            return False
        self.ledger.note(hour_of(decoded.event.time), decoded.identity, decoded.fingerprint)
        self.intake.applied += 1
        if fold.effects:
            silent = record.offset < self.owned.claim.gate
            self.effects.add(fold.effects, offset=record.offset, silent=silent)
            fold.effects.clear()
        return True

    def _judged(self, record: Record, *, ours: bool) -> None:
        self.brake = self.brake.seen(ours=ours)
        if self.brake.trips and record.offset >= self.owned.claim.poison_until:
            last = self.intake.quarantine[-1]
            said = f"more than {Brake.MOST} of {Brake.EVENTS} events cannot be counted, the last at offset"
            raise TooMuchPoison(
                self.intake.partition, f"{said} {record.offset}: {last.reason}, {last.detail}"
            )

    def advance(self) -> Advance:
        """How the partition moves; it stands still for records from before its checkpoint."""
        intake, claim = self.intake, self.owned.claim
        last = intake.records[-1]
        new = last.offset >= claim.next
        return Advance(
            claim=claim,
            next=last.offset + 1 if new else claim.next,
            last=Mark(last.offset, fingerprint(last)) if new else claim.last,
            applied=intake.applied,
            duplicates=intake.duplicates,
            quarantined=len(intake.quarantine),
            emitted=len(self.effects.outgoing),
        )

    def outgoing(self) -> list[Outgoing]:
        """The events that are to be published."""
        return self.effects.numbered(self.intake.partition, self.owned.claim.outbox_n)

    def keep(self, advance: Advance, documents: dict[Place, Document | None]) -> None:
        """The owner remembers what became of it."""
        mine = {place: documents[place] for place in self.places if place in documents}
        self.owned.brake = self.brake
        self.owned.waiting = self.intake.waiting
        self.owned.advanced(advance, self.ledger, mine)


class Batch:
    """The shares of all partitions in one transaction."""

    def __init__(
        self, plan: Plan, claims: dict[Partition, Owned], records: dict[Partition, list[Record]]
    ) -> None:
        self._plan = plan
        self._shares = [
            Share(claims[part], Intake(part, items), claims[part].ledger.batch())
            for part, items in records.items()
        ]
        self._after: dict[Place, Document | None] = {}

    async def fold(self, store: Store, at: datetime, *, refused: Refused = MappingProxyType({})) -> Write:
        """Everything the batch changes. Reads the store, writes nothing. Raises TooMuchPoison.

        `refused` are records whose outcome could not be stored, and why: they are poison.
        """
        for share in self._shares:
            await share.intake.decode()
            share.refuse(refused)
            failpoint("after_decode")
        before = await self._load(store)
        fold = Fold(self._plan, before)
        write = Write(at=at)
        for share in self._shares:
            await share.fold(fold)
            write.ledger += share.owned.ledger.entries(share.ledger)
            write.quarantine += share.intake.quarantine
            write.advances.append(share.advance())
            write.outbox += share.outgoing()
            write.notices += share.effects.notices
            write.memberships += share.effects.memberships
            write.announcements += share.effects.announcements
            write.timers |= share.effects.timers
            failpoint("amid_fold")
        for (collection, key), document in fold.documents.items():
            write.documents.setdefault(collection, {})[key] = document
            if document is not None and before[collection, key] is None:
                write.created.add((collection, key))
        write.cells = fold.cells
        self._after = fold.documents
        failpoint("after_fold")
        return write

    def keep(self, write: Write) -> None:
        """Its result becomes the memory of the owners."""
        for share, advance in zip(self._shares, write.advances, strict=True):
            share.keep(advance, self._after)
            failpoint("amid_keep")

    async def _load(self, store: Store) -> dict[Place, Document | None]:
        """What the batch needs that its owners do not remember."""
        failpoint("before_load")
        before: dict[Place, Document | None] = {}
        missing: dict[str, list[str]] = {}
        for share in self._shares:
            owned, partition = share.owned, share.intake.partition
            hours = owned.ledger.unknown(share.intake.hours())
            if hours:
                owned.ledger.remember(await store.identities(partition, hours), hours)
            known = owned.waiting if owned.waiting is not None else await store.waiting(partition)
            share.intake.waiting = set(known)
            share.find_places(self._plan)
            for place in share.places:
                before[place] = owned.documents.get(place)
                if place not in owned.documents:
                    missing.setdefault(place[0], []).append(place[1])
        failpoint("amid_load")
        for collection, ids in missing.items():
            for key, document in (await store.load(collection, ids)).items():
                before[collection, key] = document
        failpoint("after_load")
        return before


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
