"""A city as its lives see it: a clock, people, dice, and a way to tell what happens."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import blake2b
from random import Random
from typing import Any, Final

from events.envelope import Event, Payload
from events.registry import BY_PAYLOAD, EVENT_TYPES
from infra.contacts import Contact
from infra.directory import City
from producers.simulate.acting import THANKED, TIMES, Act, Acting, Acts, who
from producers.simulate.agenda import Agenda, Life
from producers.simulate.clock import Clock
from producers.simulate.people import People
from producers.simulate.places import Place
from producers.simulate.post import Post
from producers.simulate.steps import Reached, Steps
from producers.simulate.truth import Fact, Notice, Truth

AGGREGATE: Final = {entry.name: entry.aggregate for entry in EVENT_TYPES}
"""What an event of this name is told of: ids of two kinds may be equal."""


@dataclass
class World:
    """What all cities share."""

    first_day: date
    agenda: Agenda
    truth: Truth = field(default_factory=Truth)
    steps: Steps = field(default_factory=Steps)

    def __post_init__(self) -> None:
        self.post = Post(self.agenda, self.truth, self.steps)


class Jurisdiction:
    """Who tells events: a city, or the coalition."""

    def __init__(self, world: World, city: City) -> None:
        self.world = world
        self.truth = world.truth
        self.truth.zones[city.id] = city.zone
        self.city = city
        self.id = city.id
        self.clock = Clock(city.zone, south=(city.lat or 0) < 0)
        self._numbers: Counter[str] = Counter()
        self._acting = Acting()
        self._erased: set[str] = set()

    @property
    def now(self) -> datetime:
        """The moment it is, everywhere."""
        return self.world.agenda.now

    @property
    def today(self) -> date:
        """The day it is here."""
        return self.clock.day(self.now)

    def dice(self, *names: object) -> Random:
        """Dice that fall the same for the same names, whatever else is thrown."""
        return Random("|".join(map(str, (self.world.first_day, self.id, *names))))

    def begin(self, life: Life, at: datetime | None = None) -> None:
        """Let the life begin, now or at a later moment."""
        self.world.agenda.begin(life, at or self.now)

    def once(self, at: datetime, act: Callable[..., None], *given: Any, **named: Any) -> None:
        """Let this be done at a later moment."""
        self.world.agenda.once(partial(act, *given, **named), at)

    def key(self, subject: str) -> str:
        """The id of a thing, unique among all cities."""
        return f"{self.id}/{subject}"

    def tell(
        self,
        subject: str,
        data: Payload,
        by: str | None = None,
        *,
        at: datetime | None = None,
        lang: str | None = None,
    ) -> Event:
        """Publish now what happened now or, where an app was offline, at an earlier moment."""
        entry = BY_PAYLOAD[type(data)]
        event = Event(
            id=self._id(subject),
            source=f"urn:townhall:{self.id}:simulation",
            type=entry.type,
            subject=subject,
            time=self.clock.told(at or self.now),
            city=self.id,
            data=data,
            participant=by,
            lang=lang,
        )
        people = who(entry.name, data, by)
        counted = [f"participant {self.key(one)}" for one in people if entry.name in THANKED]
        self.world.steps.told(event, self.now, f"{entry.aggregate} {event.key}", *counted)
        self.truth.told[self.id, event.day, entry.name] += 1
        area = self._acting.area(entry.name, f"{entry.aggregate}/{subject}", data)
        for person in people:
            self._acted(person, event, area)
        return event

    def after(self, entry: str, subject: str) -> None:
        """How the subject of such an entry stands now decides what follows from what is told next."""
        self.world.steps.after(f"{AGGREGATE[entry]} {self.key(subject)}")

    def follows(
        self,
        name: str,
        subject: str,
        at: datetime,
        participant: str | None = None,
        *,
        city: str | None = None,
        **data: Any,
    ) -> None:
        """From what was told until now this must follow, on its own or in another city."""
        where = city or self.id
        self.truth.facts.append(Fact(where, name, subject, at, participant, data))
        self.world.steps.followed(f"{AGGREGATE[name]} {where}/{subject}", self.now)

    def must_hear(
        self, recipients: Iterable[str | None], template: str, about: str, at: datetime, **fields: str
    ) -> None:
        """From what was told until now these people must be told this, each once."""
        for one in dict.fromkeys(recipients):
            notice = Notice(self.id, one, template, about, at, fields)
            self.truth.notices.append(notice)
            self.world.post.take(self.city, notice)

    def reaches(self, person: str, contact: Contact | None) -> None:
        """From now on they are reached here, or no longer."""
        key, known = self.key(person), self.truth.kept(Contact)
        self.world.steps.reached(Reached(self.id, person, contact), f"participant {key}", self.now)
        if contact is None:
            known.pop(key, None)
        else:
            known[key] = contact

    def erased(self, person: str) -> None:
        """They are forgotten: nobody writes to them any more."""
        self._erased.add(person)

    def _acted(self, person: str, event: Event, area: str | None) -> None:
        action = BY_PAYLOAD[type(event.data)].name
        self.follows("participant.acted", person, event.at, person, action=action, neighbourhood_id=area)
        acts = self.truth.kept(Acts).setdefault(self.key(person), Acts(self.id, person))
        acts.acts.append(Act(action, event.at, event.day, area))
        if action in THANKED and person not in self._erased and (times := acts.times(action)) in TIMES:
            self.must_hear([person], THANKED[action], person, event.at, times=str(times))

    def _id(self, subject: str) -> str:
        self._numbers[subject] += 1
        told = f"{self.world.first_day}|{self.id}|{subject}|{self._numbers[subject]}"
        return blake2b(told.encode(), digest_size=12).hexdigest()


class Town(Jurisdiction):
    """A city with people."""

    def __init__(self, world: World, place: Place) -> None:
        super().__init__(world, place.city)
        self.place = place
        self.people = People(place, self.dice("people"), world.first_day)

    def often(self, rate: float, dice: Random) -> int:
        """How many times something happens that happens `rate` times on average, by chance."""
        number, left = 0, dice.expovariate(1)
        while left < rate * self.place.activity:
            number += 1
            left += dice.expovariate(1)
        return number

    def days(self) -> Iterator[date]:
        """Every day from the first on."""
        day = self.world.first_day
        while True:
            yield day
            day += timedelta(days=1)
