"""What a consumer remembers of a partition it claimed; forgotten whole when the claim ends."""

from dataclasses import replace

from consumers.engine.ledger import Ledger, LedgerBatch
from consumers.engine.model import Claim
from projections.core import Document

Place = tuple[str, str]
"""Collection and id of a document."""

MAX_DOCUMENTS = 50_000


class Owned:
    """One claim with its memory: documents (one writer, so they are current) and identities."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.ledger = Ledger(claim.partition)
        self.documents: dict[Place, Document | None] = {}
        self._hole: int | None = None

    def continues(self, offset: int) -> bool:
        """Whether records starting here come right after the checkpoint.

        A gap may be records fetched before a seek, or records the client lost: aiokafka drops
        what it has gathered of all partitions when one of them cannot be read. A hole in the
        log (a transaction marker) looks the same. Met again after a seek, it is a hole.
        """
        if offset in (self.claim.next, self._hole):
            return True
        self._hole = offset
        return False

    def advanced(self, offset: int, judged: LedgerBatch, documents: dict[Place, Document | None]) -> None:
        """The store has it: remember what the batch left behind."""
        self.claim = replace(self.claim, next=offset)
        self._hole = None
        self.ledger.keep(judged)
        for place in documents:
            self.documents.pop(place, None)  # moves it to the young end
        self.documents.update(documents)
        for place in list(self.documents)[: max(0, len(self.documents) - MAX_DOCUMENTS)]:
            del self.documents[place]
