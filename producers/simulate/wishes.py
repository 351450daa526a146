"""What is so of a participant besides what they did: what they allow, how they wish to be addressed."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Consent:
    """What was said last of one purpose."""

    granted: bool
    at: datetime
    notice: str | None


@dataclass
class Participant:
    """One participant, from the first thing on that they said of themselves."""

    city: str
    ref: str
    consents: dict[str, Consent] = field(default_factory=dict)
    lang: str | None = None
    lang_at: datetime | None = None
    erasure_requested_at: datetime | None = None
    erasure_due_at: datetime | None = None
    erased_at: datetime | None = None

    def allows(self, purpose: str) -> bool:
        """Whether they may be written to for this."""
        return purpose in self.consents and self.consents[purpose].granted
