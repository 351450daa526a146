"""What is so of a service request."""

from dataclasses import dataclass, field
from datetime import datetime

from events.envelope import Event
from events.stages import ResolutionCode, Stage
from events.types.requests import ServiceRequestOpened
from producers.simulate.reporting import Reporter


@dataclass(frozen=True)
class Change:
    """A line of a request's history."""

    stage: Stage
    label: str | None
    by: str
    notes: str | None
    event: Event
    by_rule: bool = False
    """It followed from the event."""


@dataclass
class Request:
    """What is so of one request."""

    city: str
    id: str
    opening: ServiceRequestOpened
    reporter: str | None
    hears: Reporter
    last_told: datetime
    history: list[Change] = field(default_factory=list)
    stage: Stage = "submitted"
    label: str | None = None
    agency: str | None = None
    notice: str | None = None
    expected: datetime | None = None
    first_response: datetime | None = None
    closed_at: datetime | None = None
    resolution: ResolutionCode | None = None
    duplicate_of: str | None = None
    followers: int = 0
    reopened: int = 0
    confirmed: int = 0
    disputed: int = 0
    updates: int = 0
    overdue: list[datetime] = field(default_factory=list)
    """Every time that was named by the city, and at which it was not done."""
    answer_by: datetime | None = None
    unanswered_at: datetime | None = None
    solved: bool = False
    """Whether the city says so, of it or of its original, and nobody found otherwise."""
    duplicates: list[str] = field(default_factory=list)
    joined: int = 0
    stands: tuple[str, str | None] | None = None
    """What those hear that are joined with it: stage and resolution."""
    way: tuple[str, ...] = ()
    """Through which requests that came here."""
    original_stage: str | None = None
    original_resolution: str | None = None

    @property
    def open(self) -> bool:
        return self.stage != "closed"

    def noted(self, at: datetime) -> None:
        """Something was told of it."""
        self.last_told = max(self.last_told, at)
