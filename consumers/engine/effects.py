"""What a process manager is, and the effects it asks for: data, and nothing happens while it decides.

A process manager is pure: a state and an event in, the new state and effects out. Its effects are
written in the transaction of the batch, so they stand or fall with the event that caused them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from events.envelope import Event, Payload
from projections.core import Document, DocumentView


@dataclass(frozen=True)
class Emit:
    """Publish an event that follows from this one, at the same time of day.

    Its id is derived from the cause and `rule`, the permanent name of the reason in this manager, so
    that a repeat is a duplicate. `subject` is the aggregate it is told of; without it the own one. In
    another `city` no person is named: nobody is linked across cities.
    """

    rule: str
    data: Payload
    subject: str | None = None
    participant: str | None = None
    city: str | None = None

    def __post_init__(self) -> None:
        if self.city is not None and self.participant is not None:
            raise ValueError(f"{self.rule}: what crosses to another city names no participant")


@dataclass(frozen=True)
class Notify:
    """Tell somebody. The id is derived as that of an event; of what was not told live nobody is told.

    Without a `recipient` it is for whoever sent the aggregate and gave no name: they come back with its
    tracking code. `fields` hold ids, numbers, times and codes, never anybody's words: those are looked up
    when the message is written, so that what was hidden or erased meanwhile is not in it.
    """

    rule: str
    recipient: str | None
    template: str
    fields: Mapping[str, str] = field(default_factory=dict)
    about: str | None = None
    """The id of what it is about; without it that of the aggregate."""


@dataclass(frozen=True)
class Join:
    """From here on somebody belongs to the audience of this aggregate."""

    member: str


@dataclass(frozen=True)
class Leave:
    """From here on they no longer do."""

    member: str


@dataclass(frozen=True)
class Announce:
    """Tell everybody who belongs to the audience at this point of the log, page by page.

    Whoever is notified under the same `rule` by the same event is not told a second time.
    """

    rule: str
    template: str
    fields: Mapping[str, str] = field(default_factory=dict)
    about: str | None = None


@dataclass(frozen=True)
class StartTimer:
    """Publish an event when the time has come, unless the timer is cancelled before.

    `name` is unique in the manager's aggregate and holds whatever makes this moment another one, as in
    `overdue@2026-04-08T15:00:00Z`: each name becomes one event at most. Started again it is replaced.
    """

    name: str
    due: datetime
    data: Payload
    subject: str | None = None
    participant: str | None = None


@dataclass(frozen=True)
class CancelTimer:
    """It never fires, unless it has fired. No timer of this name is no fault."""

    name: str


Effect = Emit | Notify | Join | Leave | Announce | StartTimer | CancelTimer
Reaction = tuple[Document | None, Sequence[Effect]]


def _nothing(state: Document | None, _: Event) -> Reaction:
    return state, ()


@dataclass(frozen=True)
class ProcessManager(DocumentView):
    """A document for each aggregate, as a view keeps one, that asks for effects whenever it changes."""

    react: Callable[[Document | None, Event], Reaction] = _nothing


def process_manager(
    name: str,
    description: str,
    handles: frozenset[str],
    react: Callable[[Document | None, Event], Reaction],
    fields: Mapping[str, str],
) -> ProcessManager:
    """The manager of this permanent name: one state for each aggregate of these events."""
    return ProcessManager(
        name, description, handles, _aggregate, lambda state, event: react(state, event)[0], fields, (), react
    )


def _aggregate(event: Event) -> str:
    return event.key
