"""What is published, cut into steps that have one outcome whoever plays them.

After each step everything that follows from it is waited for, up to the step's moment. Within one step
nothing may be told of a thing after something followed for it: the log would have them in no certain order.
Nor may two things follow whose order shows, as that of two visits does where one of them is the tenth.
Nor may somebody change how they wish to be told after they were to be told something.
"""

from dataclasses import dataclass
from datetime import datetime

from events.envelope import Event
from infra.contacts import Contact


@dataclass(frozen=True)
class Reached:
    """From now on a participant is reached here, or no longer. That is no event."""

    city: str
    participant: str
    contact: Contact | None


@dataclass(frozen=True)
class Step:
    """Note how people are reached, publish these events in this order, then let all happen that is due.

    All, that is, that must have happened by `moment`.
    """

    moment: datetime
    events: tuple[Event, ...]
    contacts: tuple[Reached, ...] = ()


class Steps:
    """Collects events, and cuts where it must."""

    def __init__(self) -> None:
        self._ready: list[Step] = []
        self._events: list[Event] = []
        self._contacts: list[Reached] = []
        self._told: set[str] = set()
        """What something is told of in this step."""
        self._touched: set[str] = set()
        self._latest: datetime | None = None
        self._wished = False
        """Whether somebody said how they wish to be told."""
        self._until: datetime | None = None
        """Where the last step ended."""

    def told(self, event: Event, now: datetime, *aggregates: str) -> None:
        """The event is published next; it is told of the first of these, and the others are to hear of it.

        What is told late is due at once. So whatever somebody said before of how they wish to be told must be
        known by then.
        """
        late = self._wished and self._until is not None and event.at <= self._until
        if self._latest is not None and (late or not self._touched.isdisjoint(aggregates)):
            self.cut(self._latest)
        self._wished |= aggregates[0].startswith("participant ")
        self._told.add(aggregates[0])
        self._events.append(event)
        self._latest = now

    def after(self, aggregate: str) -> None:
        """How this thing stands now decides what follows from what is told next, of another one."""
        if self._latest is not None and aggregate in self._told | self._touched:
            self.cut(self._latest)

    def reached(self, change: Reached, aggregate: str, now: datetime) -> None:
        """Somebody is reached in another way; what was due to them before was sent in the old one."""
        if self._latest is not None and aggregate in self._touched:
            self.cut(self._latest)
        self._contacts.append(change)
        self._latest = now

    def followed(self, aggregate: str, now: datetime) -> None:
        """Something follows for this aggregate."""
        self._touched.add(aggregate)
        self._latest = now

    def cut(self, moment: datetime) -> None:
        """A step ends here."""
        self._ready.append(Step(moment, tuple(self._events), tuple(self._contacts)))
        self._events, self._contacts = [], []
        self._told.clear()
        self._touched.clear()
        self._wished, self._until = False, moment

    def ready(self) -> list[Step]:
        """The steps that have ended since this was asked last."""
        ready, self._ready = self._ready, []
        return ready
