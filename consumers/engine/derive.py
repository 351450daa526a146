"""Effects made into rows: whole events with ids that follow from their cause.

The same cause asks for the same rows, whoever derives them and however often.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from consumers.engine.effects import Announce, CancelTimer, Effect, Emit, Join, Leave, Notify, StartTimer
from consumers.engine.model import (
    Announcement,
    Membership,
    Notice,
    Outgoing,
    Partition,
    Timer,
    derived_id,
)
from events.codec import Record, encode
from events.envelope import DERIVED, Event
from events.registry import BY_PAYLOAD

Made = Record | Notice | Membership | Announcement | Timer | str
"""An event to publish, a notice, who belongs to an audience, a timer, or the id of one that is cancelled."""


@dataclass(frozen=True)
class Deriver:
    """Makes the rows of one process manager; its timers are this build's own, its events are not."""

    manager: str
    collection: str

    def made(
        self, partition: Partition, key: str, cause: Event, effects: Sequence[Effect]
    ) -> dict[str, Made]:
        """The rows by id. Raises ValueError where two effects are one row, or one is no event."""
        heard = cause.origin == "live"  # nobody is told of what was brought in long after
        rows = [
            self._row(partition, key, cause, effect)
            for effect in effects
            if heard or not isinstance(effect, Notify | Announce)
        ]
        found = dict(rows)
        if len(found) < len(rows):
            raise ValueError(f"{self.manager} asks twice for the same: give the effects rules of their own")
        return found

    def _row(self, partition: Partition, key: str, cause: Event, effect: Effect) -> tuple[str, Made]:
        match effect:
            case Emit():
                id_ = self._of(cause, effect.rule, *_whom(cause, effect))
                return id_, encode(_event(id_, cause, effect, cause.time))
            case Notify():
                id_ = self._of(cause, effect.rule, effect.recipient or "")
                return id_, _notice(id_, cause, effect.recipient, effect)
            case Announce():
                id_, parts = self._of(cause, effect.rule), (*_parts(cause), effect.rule)
                audience, notice = self._audience(key), _notice(id_, cause, None, effect)
                return id_, Announcement(audience, self.manager, parts, notice)
            case Join() | Leave():
                audience, joins = self._audience(key), isinstance(effect, Join)
                return f"{audience}/{effect.member}", Membership(audience, effect.member, joins)
            case StartTimer():
                told = Emit(effect.name, effect.data, effect.subject, effect.participant)
                # The offset of the city's clock is known from the cause only.
                event = _event(
                    self._id(key, effect.name), cause, told, effect.due.astimezone(cause.time.tzinfo)
                )
                timer = Timer(self._timer(key, effect.name), partition, cause.key, event.at, encode(event))
                return timer.id, timer
            case CancelTimer():
                return (id_ := self._timer(key, effect.name)), id_

    def _of(self, cause: Event, rule: str, *to: str) -> str:
        return self._id(*_parts(cause), rule, *to)

    def _id(self, *parts: str) -> str:
        return derived_id(self.manager, *parts)

    def _audience(self, key: str) -> str:
        return f"{self.collection}/{key}"

    def _timer(self, key: str, name: str) -> str:
        return f"{self.collection}/{key}/{name}"


def _parts(cause: Event) -> tuple[str, ...]:
    return cause.city, cause.source, cause.id, cause.subject


def _notice(id_: str, cause: Event, recipient: str | None, told: Notify | Announce) -> Notice:
    return Notice(
        id=id_,
        city=cause.city,
        recipient=recipient,
        template=told.template,
        about=told.about or cause.subject,
        fields=dict(told.fields),
        causationid=cause.id,
        correlationid=cause.correlationid or cause.id,
        at=cause.at,
    )


def _whom(cause: Event, told: Emit) -> tuple[str, ...]:
    subject = told.subject or cause.subject
    return (subject,) if told.city is None else (subject, told.city)


def _event(id_: str, cause: Event, told: Emit, time: datetime) -> Event:
    city = told.city or cause.city
    return Event(
        id=id_,
        source=f"urn:townhall:{city}:{DERIVED}",
        type=BY_PAYLOAD[type(told.data)].type,
        subject=told.subject or cause.subject,
        time=time,
        city=city,
        participant=told.participant,
        data=told.data,
        correlationid=cause.correlationid or cause.id,
        causationid=cause.id,
        origin=cause.origin,
    )


@dataclass
class Effects:
    """What the events of one partition in one batch have asked for."""

    outgoing: list[Record] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    timers: dict[str, Timer | None] = field(default_factory=dict)
    """By id; None where one was cancelled last."""

    def add(self, made: Iterable[Made], *, offset: int, silent: bool) -> None:
        """Where it is `silent` nobody hears of them: timers and audiences alone are state, and go on."""
        for one in made:
            match one:
                case Timer():
                    self.timers[one.id] = one
                case str():
                    self.timers[one] = None
                case Membership():
                    self.memberships.append(replace(one, offset=offset))
                case Notice() if not silent:
                    self.notices.append(one)
                case Announcement() if not silent:
                    self.announcements.append(replace(one, offset=offset))
                case Record() if not silent:
                    self.outgoing.append(one)

    def numbered(self, partition: Partition, last: int) -> list[Outgoing]:
        """The events with the numbers that follow `last`."""
        return [Outgoing(partition, n, record) for n, record in enumerate(self.outgoing, last + 1)]
