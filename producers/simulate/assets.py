"""What is so of a thing of the city: its facts, its stewards one after the other, and who waits for it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from events.types.stewardship import (
    AdoptionStarted,
    AssetRegistered,
    AssetRetired,
    AssetUpdated,
    StewardshipCheckedIn,
)

Ending = Literal["lapsed", "refused", "by_steward", "by_city", "asset_retired"]


def grace(cadence_days: int) -> timedelta:
    """A quarter of the cadence in whole days, a day at least and a week at most."""
    return timedelta(days=min(7, max(1, cadence_days // 4)))


@dataclass
class Adoption:
    """What is so of one adoption."""

    city: str
    asset: str
    id: str
    data: AdoptionStarted
    steward: str | None
    group: str | None
    started_at: datetime
    started_on: str
    cared_at: datetime
    counts_from: datetime
    last_told: datetime
    transferred: int = 0
    check_ins: int = 0
    minutes: int = 0
    due_told: list[datetime] = field(default_factory=list)
    overdue_told: int = 0
    missed: list[datetime] = field(default_factory=list)
    """Due dates missed in a row since somebody last took care."""
    misses: list[tuple[datetime, str]] = field(default_factory=list)
    """All due dates that were missed, with the month in which that was told."""
    months: dict[str, dict[str, int]] = field(default_factory=dict)
    ended_at: datetime | None = None
    ended_on: str | None = None
    ended_by: Ending | None = None
    retired_because: str | None = None

    @property
    def cadence(self) -> timedelta:
        return timedelta(days=self.data.cadence_days)

    @property
    def grace(self) -> timedelta:
        return grace(self.data.cadence_days)

    @property
    def next_due(self) -> datetime:
        """A cadence after somebody last took care, or after the last due date that was missed."""
        return max([self.cared_at, *self.missed]) + self.cadence

    def count(self, month: str, **more: int) -> None:
        """So much more in that month."""
        counts = self.months.setdefault(month, {"check_ins": 0, "kept": 0, "missed": 0})
        for name, number in more.items():
            counts[name] += number


@dataclass
class Entry:
    """One who waits for a thing."""

    city: str
    asset: str
    id: str
    participant: str
    joined_at: datetime
    last_told: datetime
    offered_at: datetime | None = None
    expires_at: datetime | None = None
    left_at: datetime | None = None
    left_because: str | None = None


@dataclass
class Visit:
    """One check-in."""

    at: datetime
    data: StewardshipCheckedIn


@dataclass
class Asset:
    """What is so of one thing."""

    city: str
    id: str
    data: AssetRegistered | AssetUpdated
    registered_at: datetime
    last_told: datetime
    revision: int = 1
    """How often the city told its facts or gave it up."""
    retired: AssetRetired | None = None
    retired_at: datetime | None = None
    adoption: Adoption | None = None
    adoptions: list[tuple[Adoption, int | None]] = field(default_factory=list)
    """Those that began, with the whole seconds for which the thing had been free."""
    free_since: datetime | None = None
    waiting: list[Entry] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Ids of adoptions and entries that ended, in order."""
    visits: list[Visit] = field(default_factory=list)
    seen: Visit | None = None
    """The last look at it since it was registered."""

    @property
    def free(self) -> bool:
        """Whether somebody may adopt it now."""
        may = self.data.not_adoptable_because is None and self.retired is None
        return may and self.adoption is None
