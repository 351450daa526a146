"""What reporters are told when their request is closed: sent, tried again, given up, or not wanted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from events.envelope import Event
from events.types.followups import (
    FollowupFailed,
    FollowupQueued,
    FollowupSent,
    FollowupSuppressed,
)
from producers.simulate.agenda import Life
from producers.simulate.clock import moment_between
from producers.simulate.participants import Participant
from producers.simulate.people import Person
from producers.simulate.town import Town

MINUTE: Final = timedelta(minutes=1)
_MOST: Final = 3
"""How often a channel is tried."""


@dataclass
class Message:
    """What is so of one message."""

    city: str
    recipient: str
    about: dict[str, str]
    last_told: datetime
    lang: str | None = None
    queued_at: datetime | None = None
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    suppressed_at: datetime | None = None
    suppressed_because: str | None = None
    attempts: int = 0
    error: str | None = None


def tell_outcome(town: Town, person: Person, closed: Event) -> None:
    """Whoever reported it is told, unless they do not wish to be."""
    known = town.truth.kept(Participant).get(town.key(person.ref))
    if known is None or known.erasure_requested_at is not None:
        return
    consent = known.consents.get("updates")
    wishes = consent is not None and consent.granted
    town.begin(_Messenger(town, person, closed).life(wishes=wishes))


class _Messenger:
    """One message on its way."""

    def __init__(self, town: Town, person: Person, closed: Event) -> None:
        self.town = town
        self.person = person
        self.dice: Random = town.dice("message", closed.id)
        self.about = {
            "dedupe_key": f"closed/{closed.id}",
            "reason_event_id": closed.id,
            "about_kind": "service_request",
            "about_id": closed.subject,
            "kind": "outcome",
            "template": "request_closed",
            "channel": self.dice.choice(["email", "email", "sms", "push"]),
        }
        self.truth = Message(town.id, person.ref, self.about, closed.at)
        key = f"{town.key(person.ref)}/{self.about['dedupe_key']}"
        town.truth.kept(Message)[key] = self.truth

    def life(self, *, wishes: bool) -> Life:
        """From the decision to tell to what becomes of it."""
        yield self.town.now + moment_between(self.dice, MINUTE)
        if not wishes:
            self.truth.suppressed_at = self._tell(FollowupSuppressed, reason="no_consent")
            self.truth.suppressed_because = "no_consent"
            return
        self.truth.lang = self.person.lang
        self.truth.queued_at = self._tell(FollowupQueued, lang=self.person.lang)
        for attempt in range(1, _MOST + 1):
            yield self.town.now + attempt * attempt * MINUTE + moment_between(self.dice, MINUTE)
            self.truth.attempts = attempt
            if self.dice.random() < 0.93:
                self.truth.sent_at = self._tell(FollowupSent, lang=self.person.lang, attempts=attempt)
                return
            self._failed(attempt)

    def _failed(self, attempt: int) -> None:
        final, error = attempt == _MOST, self.dice.choice(["no_answer", "mailbox_full"])
        at = self._tell(FollowupFailed, error=error, attempts=attempt, final=final)
        self.truth.error = error
        self.truth.failed_at = at if final else None

    def _tell(self, kind: Any, **data: Any) -> datetime:
        event = self.town.tell(self.person.ref, kind(**self.about, **data), self.person.ref)
        self.truth.last_told = event.at
        return event.at
