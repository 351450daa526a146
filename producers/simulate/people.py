"""Who lives or works in a city and takes part: habits, and nothing that tells who they are."""

from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from itertools import accumulate
from random import Random
from typing import Final

from producers.simulate.places import Place

_EAGER_AT_MOST: Final = 12.0


@dataclass(frozen=True)
class Person:
    """One who takes part, by pseudonym."""

    ref: str
    neighbourhood: str
    lang: str
    eager: float
    """How often, beside the others."""
    reliable: float
    """How likely they come when they said so."""
    careful: float
    """How likely they think of checking out, and of what they look after."""
    first_day: date
    """Nothing is heard of them before."""


class People:
    """Everyone of one city, some of whom come later in the year and some of whom are gone."""

    def __init__(self, place: Place, dice: Random, first_day: date) -> None:
        self.all = [_person(place, number, dice, first_day) for number in range(place.people)]
        self.by_ref = {person.ref: person for person in self.all}
        self._weights = list(accumulate(person.eager for person in self.all))
        self._gone: set[str] = set()

    def someone(
        self, dice: Random, today: date, fits: Callable[[Person], bool] | None = None
    ) -> Person | None:
        """One who takes part today, the eager more often; None where nobody fits, after many tries."""
        for _ in range(60):
            person = self.all[bisect(self._weights, dice.random() * self._weights[-1])]
            if self.takes_part(person, today) and (fits is None or fits(person)):
                return person
        return None

    def takes_part(self, person: Person, today: date) -> bool:
        """Whether they have come already and are not gone."""
        return person.first_day <= today and person.ref not in self._gone

    def leaves(self, person: Person) -> None:
        """They do nothing any more."""
        self._gone.add(person.ref)


def _person(place: Place, number: int, dice: Random, first_day: date) -> Person:
    parts = place.neighbourhoods
    (part,) = dice.choices(parts, [one.share for one in parts])
    (lang,) = dice.choices(list(place.languages), list(place.languages.values()))
    late = dice.random() < 0.35
    return Person(
        pseudonym(place.city.id, number),
        part.id,
        lang,
        eager=min(_EAGER_AT_MOST, dice.paretovariate(1.3)),
        reliable=dice.betavariate(8, 1.6),
        careful=dice.betavariate(6, 1.5),
        first_day=first_day + timedelta(days=dice.randrange(330) if late else 0),
    )


def pseudonym(city: str, number: int) -> str:
    """Of a person who is invented: a plain digest will do, and another one in each city."""
    return blake2b(f"{city} person {number}".encode(), digest_size=12).hexdigest()
