"""What is published, cut into steps that have one outcome whoever plays them.

After each step everything that follows from it is waited for, up to the step's moment. Within one step
nothing may be told of a thing after something followed for it: the log would have them in no certain order.
Nor may two things follow whose order shows, as that of two visits does where one of them is the tenth.
"""

from dataclasses import dataclass
from datetime import datetime

from events.envelope import Event


@dataclass(frozen=True)
class Step:
    """Publish these events in this order, then let all happen that must have happened by `moment`."""

    moment: datetime
    events: tuple[Event, ...]


class Steps:
    """Collects events, and cuts where it must."""

    def __init__(self) -> None:
        self._ready: list[Step] = []
        self._events: list[Event] = []
        self._touched: set[str] = set()
        self._latest: datetime | None = None

    def told(self, event: Event, now: datetime, *aggregates: str) -> None:
        """The event is published next; it is told of the first of these, and the others are to hear of it."""
        if self._latest is not None and not self._touched.isdisjoint(aggregates):
            self.cut(self._latest)
        self._events.append(event)
        self._latest = now

    def followed(self, aggregate: str, now: datetime) -> None:
        """Something follows for this aggregate."""
        self._touched.add(aggregate)
        self._latest = now

    def cut(self, moment: datetime) -> None:
        """A step ends here."""
        self._ready.append(Step(moment, tuple(self._events)))
        self._events = []
        self._touched.clear()

    def ready(self) -> list[Step]:
        """The steps that have ended since this was asked last."""
        ready, self._ready = self._ready, []
        return ready
