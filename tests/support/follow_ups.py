"""Given events, a clock and what passes meanwhile, then effects: a process manager with its own log.

It runs through the real fold, so ids, events and the rules of a state document are the engine's. What is
published goes back into the log, and so comes to the manager as everything else does.
"""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from consumers.engine.derive import Effects
from consumers.engine.fold import Fold, Plan
from consumers.engine.model import Announcement, Membership, Notice, Partition, Timer
from consumers.messages.texts import write
from events.codec import Record, decode
from events.envelope import Event, Payload
from projections.core import Document, Projection
from tests.support.spec import assert_storable

SOMEWHERE = Partition("townhall.requests", 0)


@dataclass
class Story:
    """What has happened so far to one follow-up, at a time that the test says."""

    follow_up: Projection
    now: datetime = datetime(2026, 4, 1, tzinfo=UTC)
    published: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    timers: dict[str, Timer] = field(default_factory=dict)
    _documents: dict[tuple[str, str], Document | None] = field(default_factory=dict)
    _seen: set[tuple[str, str, str]] = field(default_factory=set)

    def told(self, *events: Event) -> "Story":
        """The events come, in this order; of one that comes again nobody takes notice."""
        for event in events:
            if (event.city, event.source, event.id) not in self._seen:
                self._seen.add((event.city, event.source, event.id))
                self._tell(event)
        return self

    def until(self, at: str) -> "Story":
        """The clock goes on, and timers fire when they are due: the oldest first."""
        self.now = datetime.fromisoformat(at)
        while due := sorted((one.due, one.id) for one in self.timers.values() if one.due <= self.now):
            self._publish(self.timers.pop(due[0][1]).record)
        return self

    @property
    def state(self) -> Document:
        """The only state."""
        (only,) = self._documents.values()
        assert only is not None
        return only

    @property
    def data(self) -> list[Payload]:
        """What the published events say."""
        return [event.data for event in self.published]

    def due(self) -> list[str]:
        """When the timers that run will fire, the soonest first."""
        return [one.due.isoformat() for one in sorted(self.timers.values(), key=lambda one: one.due)]

    def _tell(self, event: Event) -> None:
        (manager,) = self.follow_up.documents
        plan = Plan(self.follow_up)
        before = {place: self._documents.get(place) for place in plan.places(event)}
        untouched = copy.deepcopy((before, event))
        fold, again = Fold(plan, before), Fold(plan, before)
        for one in (fold, again):
            one.apply(SOMEWHERE, event)
        assert (before, event) == untouched, f"{manager.name} changed what it was given"
        assert (fold.documents, fold.effects) == (again.documents, again.effects)
        for document in fold.documents.values():
            assert_storable(document and dict(document))
            assert document is None or set(document) == set(manager.fields)
        self._documents.update(fold.documents)
        effects = Effects()
        effects.add(fold.effects, offset=len(self._seen), silent=False)
        self.announcements += effects.announcements
        self.memberships += effects.memberships
        self.notices += effects.notices
        for notice in [*effects.notices, *(one.notice for one in effects.announcements)]:
            _assert_writable(notice)
        for id_, timer in effects.timers.items():
            self.timers.pop(id_, None)
            if timer is not None:
                self.timers[id_] = timer
        for record in effects.outgoing:
            self._publish(record)

    def _publish(self, record: Record) -> None:
        event = decode(record.key, record.value, record.headers).event
        self.published.append(event)
        self.told(event)


def _assert_writable(notice: Notice) -> None:
    """There are words for it, and it gives the values that they ask for."""
    usual = {
        "city": "Riverton",
        "title": "a title",
        "link": "https://riverton.example/x",
        "answer_link": "https://riverton.example/answer/x",
    }
    assert write(notice.template, "en", {**usual, **notice.fields}).subject


@dataclass
class Logged(Story):
    """A story that keeps the whole log: what was told and what was published, in order."""

    log: list[Event] = field(default_factory=list)

    def _tell(self, event: Event) -> None:
        self.log.append(event)
        super()._tell(event)
