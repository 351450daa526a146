"""What becomes of everything that people must hear: not sent and why, or sent, when and in which language.

A message is looked at twice, as somebody at a desk would do it: when there is something to tell, and when
the time has come to send it. In between people change their minds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Literal

from infra.contacts import Contact
from infra.directory import City
from producers.simulate.agenda import Agenda
from producers.simulate.clock import Clock
from producers.simulate.says import SAYS, Says
from producers.simulate.steps import Steps
from producers.simulate.truth import Notice, Truth
from producers.simulate.wishes import Participant

WRITTEN: Final = ("en", "es")
"""The languages that there are words in."""
DAY: Final = timedelta(days=1)
Why = Literal["outdated", "erased", "no_consent", "no_contact"]


@dataclass
class Message:
    """What is so of one message."""

    city: str
    notice: Notice
    says: Says
    looked_at: datetime
    """The last moment at which something was done about it, or the next one that it waits for."""
    way: Literal["page", "address"] | None = None
    """Where it can be read; None where nobody can be reached."""
    lang: str | None = None
    on_monday: bool = False
    queued_at: datetime | None = None
    sent_at: datetime | None = None
    suppressed_at: datetime | None = None
    suppressed_because: Why | None = None


class Post:
    """Takes what people must hear, and sends it when they wish it."""

    def __init__(self, agenda: Agenda, truth: Truth, steps: Steps) -> None:
        self._agenda = agenda
        self._truth = truth
        self._steps = steps

    def take(self, city: City, notice: Notice) -> None:
        """There is this to tell, now or at a later moment."""
        kept = self._truth.kept(Message)
        message = Message(city.id, notice, SAYS[notice.template], looked_at=notice.at)
        kept[f"{city.id}/{len(kept)}"] = message
        look = partial(self._looked_at, city, message)
        again = notice.at if notice.at > self._agenda.now else look()
        if again is not None:
            self._agenda.once(look, again)

    def _looked_at(self, city: City, message: Message) -> datetime | None:
        """What is done about it; when it is looked at again."""
        reader = _Reader(self._truth, city, message.notice.recipient)
        self._steps.followed(f"participant {reader.key}", self._agenda.now)
        at = message.looked_at
        if message.queued_at is None:
            message.way = reader.way
        if (why := _against(message, reader, at)) is not None:
            message.suppressed_at, message.suppressed_because = at, why
            return None
        if message.queued_at is None:
            message.queued_at, message.lang = at, reader.lang
        elif message.on_monday or _when(message, reader, at) == at:
            message.sent_at = at
            return None
        message.looked_at = _when(message, reader, at)
        message.on_monday = _on_monday(message, reader)
        return message.looked_at


class _Reader:
    """Whom it is for, as they are at this moment."""

    def __init__(self, truth: Truth, city: City, ref: str | None) -> None:
        self.key = f"{city.id}/{ref or 'nobody'}"
        self.named = ref is not None
        self.wishes = truth.kept(Participant).get(self.key) or Participant(city.id, ref or "nobody")
        self.contact = truth.kept(Contact).get(self.key)
        self.clock = Clock(self.contact.zone(city.zone) if self.contact else city.zone, south=False)
        tongues = [self.wishes.lang, *city.languages]
        self.lang = next((one for one in tongues if one in WRITTEN), WRITTEN[0])

    @property
    def way(self) -> Literal["page", "address"] | None:
        if not self.named:
            return "page"
        return "address" if self.contact else None

    def awake(self, at: datetime) -> datetime:
        """The moment, or the end of the night, or of the nap, that it falls into."""
        if self.contact is None or self.contact.quiet_from == self.contact.quiet_to:
            return at
        begins, ends = (
            [int(part) for part in of.split(":")] for of in (self.contact.quiet_from, self.contact.quiet_to)
        )
        for day in (self.clock.day(at) - DAY, self.clock.day(at)):
            asleep = self.clock.at(day, *begins)
            awake = self.clock.at(day if begins < ends else day + DAY, *ends)
            if asleep <= at < awake:
                return awake
        return at

    def monday(self, at: datetime) -> datetime:
        """Nine o'clock on the first Monday that is still to come."""
        mornings = (self.clock.at(self.clock.day(at) + days * DAY, 9) for days in range(9))
        return next(one for one in mornings if one > at and self.clock.day(one).weekday() == 0)


def _against(message: Message, reader: _Reader, at: datetime) -> Why | None:
    """Why it is not sent, of several reasons the first."""
    wishes, needs, until = reader.wishes, message.says.consent, message.notice.fields.get("until_at")
    if until is not None and at >= datetime.fromisoformat(until):
        return "outdated"
    if not reader.named:
        return None
    if wishes.erasure_requested_at is not None:
        return "erased"
    if needs is not None and not wishes.allows(needs):
        return "no_consent"
    return "no_contact" if reader.contact is None else None


def _on_monday(message: Message, reader: _Reader) -> bool:
    return reader.named and message.says.waits == "till Monday" and reader.wishes.allows("weekly_digest")


def _when(message: Message, reader: _Reader, at: datetime) -> datetime:
    if _on_monday(message, reader):
        return reader.monday(at)
    return at if message.says.waits == "not" or not reader.named else reader.awake(at)
