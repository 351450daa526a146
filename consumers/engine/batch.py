"""One batch on its way to one transaction: intake, load, fold, and what to remember after."""

from dataclasses import dataclass, field
from datetime import datetime

from consumers.engine.fold import Fold, Plan
from consumers.engine.intake import Intake, fingerprint
from consumers.engine.ledger import LedgerBatch, hour_of
from consumers.engine.model import Advance, Partition, Record, Store, Write
from consumers.engine.owned import Owned, Place
from projections.core import Document


@dataclass
class Share:
    """One partition's part of a batch."""

    owned: Owned
    intake: Intake
    places: set[Place] = field(default_factory=set)
    judged: LedgerBatch | None = None

    def find_places(self, plan: Plan) -> None:
        """Which documents the events touch; an event whose key cannot be told is quarantined."""
        told = []
        for record, decoded in self.intake.decoded:
            try:
                self.places.update(plan.places(decoded.event))
            except Exception as error:  # noqa: BLE001 - a view's bug must not stop the city
                self.intake.reject(record, "fold_failed", f"{type(error).__name__}: {error}")
            else:
                told.append((record, decoded))
        self.intake.decoded = told

    def keep(self, write: Write, documents: dict[Place, Document | None]) -> None:
        """The transaction was committed."""
        advance = next(a for a in write.advances if a.claim.partition == self.intake.partition)
        if self.judged is None:
            raise AssertionError("kept before it was folded")
        mine = {place: documents[place] for place in self.places if place in documents}
        self.owned.advanced(advance.next, self.judged, mine)


class Batch:
    """The shares of all partitions in one transaction."""

    def __init__(
        self, plan: Plan, claims: dict[Partition, Owned], records: dict[Partition, list[Record]]
    ) -> None:
        self._plan = plan
        self._shares = [Share(claims[part], Intake(part, items)) for part, items in records.items()]
        self._after: dict[Place, Document | None] = {}

    async def fold(self, store: Store, at: datetime) -> Write:
        """Everything the batch changes. Reads the store, writes nothing."""
        for share in self._shares:
            share.intake.decode()
        fold = Fold(self._plan, await self._load(store))
        write = Write(at=at)
        for share in self._shares:
            self._fold_share(share, fold, write)
        for (collection, key), document in fold.documents.items():
            write.documents.setdefault(collection, {})[key] = document
        write.cells = fold.cells
        self._after = fold.documents
        return write

    def keep(self, write: Write) -> None:
        """The transaction was committed: its result is the memory of the owners."""
        for share in self._shares:
            share.keep(write, self._after)

    def _fold_share(self, share: Share, fold: Fold, write: Write) -> None:
        intake, owned = share.intake, share.owned
        ledger = owned.ledger.batch()
        for record, decoded in intake.decoded:
            if not intake.admit(ledger, record, decoded):
                continue
            try:
                fold.apply(intake.partition, decoded.event)
            except Exception as error:  # noqa: BLE001 - a view's bug must not stop the city
                intake.reject(record, "fold_failed", f"{type(error).__name__}: {error}")
                continue
            ledger.note(hour_of(decoded.event.time), decoded.identity, decoded.fingerprint)
            intake.applied += 1
        share.judged = ledger
        write.ledger += owned.ledger.entries(ledger)
        write.quarantine += intake.quarantine
        write.advances.append(_advance(share))

    async def _load(self, store: Store) -> dict[Place, Document | None]:
        """Documents and identities the batch needs that their owner does not remember."""
        before: dict[Place, Document | None] = {}
        missing: dict[str, list[str]] = {}
        for share in self._shares:
            ledger, known = share.owned.ledger, share.owned.documents
            hours = ledger.unknown(share.intake.hours())
            if hours:
                ledger.remember(await store.identities(share.intake.partition, hours), hours)
            share.find_places(self._plan)
            for place in share.places:
                before[place] = known.get(place)
                if place not in known:
                    missing.setdefault(place[0], []).append(place[1])
        for collection, ids in missing.items():
            for key, document in (await store.load(collection, ids)).items():
                before[collection, key] = document
        return before


def _advance(share: Share) -> Advance:
    intake, claim = share.intake, share.owned.claim
    last = intake.records[-1]
    if intake.records[0].offset < claim.next:
        raise AssertionError("a batch may not start before its checkpoint")
    return Advance(
        claim=claim,
        next=last.offset + 1,
        last_offset=last.offset,
        last_fingerprint=fingerprint(last),
        applied=intake.applied,
        duplicates=intake.duplicates,
        quarantined=len(intake.quarantine),
    )
