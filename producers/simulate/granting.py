"""What is so of calls, applications, reviews and awards."""

from dataclasses import dataclass, field
from datetime import datetime

from events.envelope import Event
from events.types.applications import ApplicationSubmitted, DeterminationMade, ReviewSubmitted
from events.types.awards import AwardGranted, GrantReportDeadlineExtended, GrantReportSubmitted
from events.types.grants import GrantCallClosed, GrantCallDeadlineExtended, GrantCallOpened, GrantCallRanked


@dataclass
class Call:
    """One call; `deadline` is the one that holds."""

    city: str
    id: str
    data: GrantCallOpened
    opened_at: datetime
    deadline: datetime
    last_told: datetime
    extensions: list[tuple[GrantCallDeadlineExtended, datetime]] = field(default_factory=list)
    closed_at: datetime | None = None
    cancelled: tuple[GrantCallClosed, datetime] | None = None
    ranked: tuple[GrantCallRanked, Event] | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None and self.cancelled is None


@dataclass
class Query:
    """A question to the applicant, and the answer."""

    id: str
    text_ref: str
    due_at: datetime | None
    asked_at: datetime
    answer_ref: str | None = None
    answered_at: datetime | None = None


@dataclass
class Application:
    """One application."""

    city: str
    id: str
    data: ApplicationSubmitted
    applicant: str | None
    """Who sent it, where they gave a name."""
    submitted_at: datetime
    last_told: datetime
    queries: list[Query] = field(default_factory=list)
    withdrawn_at: datetime | None = None
    determined: tuple[DeterminationMade, datetime] | None = None
    award: str | None = None
    """The award made for it, once anything came of that."""


@dataclass
class Review:
    """All that one reviewer said of one application."""

    city: str
    application: str
    reviewer: str
    last_told: datetime
    submissions: list[tuple[str, ReviewSubmitted, datetime]] = field(default_factory=list)
    """Event id, data and time of those that were not refused."""
    refusals: list[tuple[str, str]] = field(default_factory=list)
    """Event id and reason."""
    conflict: str | None = None
    recused: bool = False

    @property
    def counts(self) -> ReviewSubmitted | None:
        """What counts of it, if anything does."""
        if self.conflict is not None or self.recused or not self.submissions:
            return None
        return self.submissions[-1][1]


@dataclass
class Payment:
    """What was paid of an instalment."""

    thousandths: int
    paid_on: str
    times: int


@dataclass
class Report:
    """A report that is owed."""

    id: str
    first_day: str
    last_day: str
    due_at: datetime
    due_on: str
    extensions: list[tuple[GrantReportDeadlineExtended, datetime]] = field(default_factory=list)
    due_told: datetime | None = None
    overdue_told: list[datetime] = field(default_factory=list)
    came: tuple[GrantReportSubmitted, datetime] | None = None

    @property
    def missed(self) -> bool:
        """Whether it had not come when it was told overdue; what is extended is extended before."""
        return any(self.came is None or self.came[1] > due for due in self.overdue_told)

    @property
    def on_time(self) -> bool | None:
        """Whether it came by when it was due, and had missed no date."""
        return None if self.came is None else self.came[1] <= self.due_at and not self.missed


@dataclass
class Award:
    """One award."""

    city: str
    id: str
    data: AwardGranted
    granted_at: datetime
    granted_on: str
    last_told: datetime
    due_on: dict[str, str] = field(default_factory=dict)
    """The day on which each instalment is due, on the city's calendar."""
    paid: dict[str, Payment] = field(default_factory=dict)
    payments: list[tuple[int, str]] = field(default_factory=list)
    """Each payment in thousandths, and its day."""
    reports: dict[str, Report] = field(default_factory=dict)
    regranted: dict[tuple[str, str], "Award"] = field(default_factory=dict)
    """What was made of it, by city and id."""
