"""What a consumer remembers of a partition it claimed; forgotten whole when the claim ends."""

from dataclasses import dataclass, replace
from itertools import islice
from typing import ClassVar

from consumers.engine.ledger import Ledger, LedgerBatch
from consumers.engine.model import Advance, Claim
from projections.core import Document

Place = tuple[str, str]
"""Collection and id of a document."""

MAX_DOCUMENTS = 100_000
"""Documents that the owners of one projection in one process remember together."""
MAX_IDENTITIES = 2_000_000
"""Identities likewise (about 250 MB)."""


@dataclass(frozen=True)
class Brake:
    """The last events judged, one bit each: set for those that our own code failed on.

    A few are one rare bug. Many are a bad deployment, and that must not empty a topic into
    quarantine.
    """

    recent: int = 0

    EVENTS: ClassVar = 1_000
    MOST: ClassVar = 20

    def seen(self, *, ours: bool) -> "Brake":
        """With one event more."""
        if not ours and not self.recent:
            return self
        return Brake((self.recent << 1 | ours) & ((1 << self.EVENTS) - 1))

    @property
    def trips(self) -> bool:
        """Whether more than 20 of the last 1,000 could not be counted."""
        return self.recent.bit_count() > self.MOST


class Owned:
    """One claim with its memory: documents (one writer, so they are current) and identities."""

    def __init__(self, claim: Claim, *, among: int = 1) -> None:
        """`among` so many claims the memory is shared out."""
        self.claim = claim
        """As it is when the transaction under way holds."""
        self.stored = claim.next
        self.ledger = Ledger(claim.partition, MAX_IDENTITIES // among)
        self._most = MAX_DOCUMENTS // among
        self.documents: dict[Place, Document | None] = {}
        self.waiting: set[bytes] | None = None
        """Keys that wait for a record in quarantine; None until the store was asked."""
        self.brake = Brake()
        self.looked: tuple[int, int, int] | None = None
        """The log's bounds and the checkpoint when they were last found to be well."""

    @property
    def rested(self) -> bool:
        """Whether nothing was applied since the last look."""
        return self.looked is not None and self.looked[2] == self.claim.next

    def advanced(
        self, advance: Advance, judged: LedgerBatch, documents: dict[Place, Document | None]
    ) -> None:
        """Remember what the batch leaves behind; all of it: the store may not have it yet."""
        emitted = self.claim.outbox_n + advance.emitted
        self.claim = replace(self.claim, next=advance.next, last=advance.last, outbox_n=emitted)
        self.ledger.keep(judged)
        for place in documents:
            self.documents.pop(place, None)
        for place in list(islice(self.documents, max(0, len(self.documents) + len(documents) - self._most))):
            del self.documents[place]
        self.documents.update(documents)  # at the young end
