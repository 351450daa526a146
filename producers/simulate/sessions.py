"""What is so of a session: its terms, who has a place, who waits, who came, who did not."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from events.types.volunteering import CheckMethod, SessionCancelled, SessionChanged, SessionScheduled


@dataclass
class Signup:
    """One who said that they would come."""

    id: str
    participant: str
    at: datetime
    waitlisted: bool
    promoted_at: datetime | None = None
    promoted_by: Literal["rule", "organiser"] | None = None
    cancelled_at: datetime | None = None
    cancelled_by: Literal["participant", "organiser"] | None = None
    notice_hours: int | None = None
    missed: datetime | None = None
    """The end of the session by which they had not come, where that was told."""
    came_at: datetime | None = None
    last_told: datetime | None = None

    @property
    def placed(self) -> bool:
        """Whether they have a place."""
        return self.cancelled_at is None and (not self.waitlisted or self.promoted_at is not None)

    @property
    def waits(self) -> bool:
        """Whether they are on the waiting list."""
        return self.cancelled_at is None and self.waitlisted and self.promoted_at is None


@dataclass
class Attendance:
    """One who was there."""

    id: str
    participant: str | None
    signup: str | None
    method_in: CheckMethod
    came: datetime
    told_in: datetime
    went: datetime | None = None
    method_out: CheckMethod | None = None
    told_out: datetime | None = None

    @property
    def minutes(self) -> int | None:
        """Whole minutes between coming and going."""
        return None if self.went is None else int((self.went - self.came).total_seconds() // 60)


@dataclass
class Session:
    """What is so of one session."""

    city: str
    id: str
    terms: SessionScheduled | SessionChanged
    scheduled_at: datetime
    last_told: datetime
    terms_told_at: datetime
    """When its start was last told, for the first time or anew."""
    organiser: str | None = None
    """Who scheduled it, where they gave a name."""
    changes: int = 0
    cancelled: SessionCancelled | None = None
    cancelled_at: datetime | None = None
    coming_up: datetime | None = None
    risk: dict[str, Any] | None = None
    signups: dict[str, Signup] = field(default_factory=dict)
    attendances: dict[str, Attendance] = field(default_factory=dict)

    @property
    def placed(self) -> list[Signup]:
        """Everyone with a place."""
        return [one for one in self.signups.values() if one.placed]

    @property
    def waiting(self) -> list[Signup]:
        """Everyone who waits, the first of them first."""
        return [one for one in self.signups.values() if one.waits]

    @property
    def standing(self) -> list[Signup]:
        """Everyone with a place or on the waiting list."""
        return [one for one in self.signups.values() if one.cancelled_at is None]

    def holds(self, starts_at: datetime) -> bool:
        """Whether it takes place and still starts then."""
        return self.cancelled is None and self.terms.starts_at == starts_at

    @property
    def free(self) -> int:
        """How many places there are still."""
        capacity = self.terms.capacity
        return 1_000_000 if capacity is None else max(0, capacity - len(self.placed))
