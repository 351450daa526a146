"""Who waits for a thing: offered to the first of them when it is free, then to the next."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from events.types.stewardship import AdoptionWaitlistJoined, AdoptionWaitlistLeft
from producers.simulate.assets import Asset, Entry
from producers.simulate.clock import moment_between
from producers.simulate.people import Person
from producers.simulate.town import Town

OFFER: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)


class Queue:
    """The waiting list of one thing."""

    def __init__(self, town: Town, thing: Asset, adopt: Callable[[Person, str], None]) -> None:
        self._town = town
        self._thing = thing
        self._adopt = adopt
        self._people: dict[str, Person] = {}
        self._dice = town.dice(thing.id, "queue")
        self._offered: Entry | None = None

    def joined(self, person: Person) -> None:
        """The person would take care of it too."""
        thing, number = self._thing, len(self._thing.gone) + len(self._thing.waiting) + 1
        id_ = f"entry-{thing.id}-{number}"
        event = self._town.tell(thing.id, AdoptionWaitlistJoined(entry_id=id_), person.ref)
        entry = Entry(thing.city, thing.id, id_, person.ref, event.at, event.at)
        self._town.truth.kept(Entry)[f"{event.key}/{id_}"] = entry
        self._people[id_] = person
        thing.waiting.append(entry)
        self._hears(entry, "adoption_waiting", event.at, position=str(len(thing.waiting)))
        thing.last_told = max(thing.last_told, event.at)
        self.reconsidered(event.at)
        if self._dice.random() < 0.15:
            soon = self._town.now + moment_between(self._dice, 40 * DAY)
            self._town.once(soon, self._leaves, entry, "withdrawn")

    def reconsidered(self, at: datetime) -> None:
        """Where the thing is free and not offered to the first who waits, it is now."""
        first = self._thing.waiting[0] if self._thing.free and self._thing.waiting else None
        if first is self._offered:
            return
        self._offered = first
        if first is not None:
            first.offered_at, first.expires_at = at, at + OFFER
            first.last_told = max(first.last_told, at)
            said: dict[str, Any] = {"entry_id": first.id, "expires_at": at + OFFER}
            self._town.follows("adoption.waitlist_offered", self._thing.id, at, first.participant, **said)
            expires = (at + OFFER).isoformat()
            self._hears(first, "adoption_offered", at, expires_at=expires, until_at=expires)
            self._answers(first, at + OFFER)

    def _answers(self, entry: Entry, expires: datetime) -> None:
        """Within days they take it or not; some do not read it."""
        self._town.once(expires, self._expired, entry)
        answer = self._dice.random()
        day = self._town.today + timedelta(days=self._dice.randint(1, 5))
        moment = self._town.clock.waking(day, self._dice)
        if answer < 0.65:
            self._town.once(moment, self._takes_it, entry)
        elif answer < 0.8:
            self._town.once(moment, self._leaves, entry, "declined")

    def _takes_it(self, entry: Entry) -> None:
        if self._offered is entry:
            self._adopt(self._people[entry.id], entry.id)

    def _leaves(self, entry: Entry, reason: Any) -> None:
        if entry not in self._thing.waiting or (reason == "declined" and self._offered is not entry):
            return
        data = AdoptionWaitlistLeft(entry_id=entry.id, reason=reason)
        at = self._town.tell(self._thing.id, data, entry.participant).at
        self._left(entry, at, reason)
        self.reconsidered(at)

    def _expired(self, entry: Entry) -> None:
        if self._offered is entry and entry.expires_at is not None:
            self._follows(entry, entry.expires_at, "offer_expired")
            self.reconsidered(entry.expires_at)

    def served(self, at: datetime) -> None:
        """The thing was adopted: by the first who waits, where anybody does."""
        self._offered = None
        if self._thing.waiting:
            self._follows(self._thing.waiting[0], at, "adopted")

    def dissolved(self, at: datetime) -> None:
        """There is nothing to wait for any more."""
        self._offered = None
        for entry in list(self._thing.waiting):
            self._follows(entry, at, "asset_retired")

    def _follows(self, entry: Entry, at: datetime, reason: str) -> None:
        said = {"entry_id": entry.id, "reason": reason}
        self._town.follows("adoption.waitlist_left", self._thing.id, at, entry.participant, **said)
        if reason != "adopted":
            self._hears(entry, "adoption_waiting_ended", at, reason=reason)
        self._left(entry, at, reason)

    def _left(self, entry: Entry, at: datetime, reason: str) -> None:
        entry.left_at, entry.left_because = at, reason
        entry.last_told = max(entry.last_told, at)
        self._thing.waiting.remove(entry)
        self._thing.gone.append(entry.id)
        self._thing.last_told = max(self._thing.last_told, at)

    def _hears(self, entry: Entry, template: str, at: datetime, **fields: str) -> None:
        self._town.must_hear([entry.participant], template, self._thing.id, at, **fields)
