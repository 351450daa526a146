"""Cities for a number of days: steps to publish in order, and the truth that grows with them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final

from infra.directory import City
from producers.simulate import (
    contacts,
    feedback,
    groups,
    hours,
    ideas,
    impact,
    levels,
    moderation,
    participants,
    practices,
    problems,
    requests,
    results,
    rounds,
    volunteering,
)
from producers.simulate.agenda import Agenda, Life
from producers.simulate.grants import coalition_grants, own_grants
from producers.simulate.places import coalition, places
from producers.simulate.steps import Step
from producers.simulate.stewardship import Stewardship
from producers.simulate.town import Jurisdiction, Town, World
from producers.simulate.truth import Truth

FIRST_DAY: Final = date(2025, 1, 1)
_FAMILIES: Final = (
    levels,
    requests,
    feedback,
    ideas,
    problems,
    rounds,
    results,
    groups,
    practices,
    contacts,
    participants,
    moderation,
    volunteering,
    hours,
    impact,
)
_NOON: Final = timedelta(hours=12)


class Simulation:
    """The same arguments give the same events, byte for byte; more days only add to those of fewer."""

    def __init__(self, cities: int = 5, days: int = 365, seed: int = 7, first_day: date = FIRST_DAY) -> None:
        self.days = days
        self._midnight = datetime.combine(first_day, time(), UTC)
        self._world = World(first_day, Agenda(self.begins))
        self.coalition = Jurisdiction(self._world, coalition(seed))
        self.towns = [Town(self._world, place) for place in places(cities, seed)]
        self.coalition.begin(coalition_grants(self.coalition, self.towns))
        for town in self.towns:
            town.begin(_days(town))
            town.begin(own_grants(town))

    @property
    def cities(self) -> list[City]:
        """All of them, and the coalition."""
        return [self.coalition.city, *(town.city for town in self.towns)]

    @property
    def truth(self) -> Truth:
        """Everything that is so after the steps that were taken."""
        return self._world.truth

    @property
    def begins(self) -> datetime:
        """Before anything happens."""
        return self._midnight - _NOON

    def passed(self, moment: datetime) -> int:
        """How many days are over at this moment, in UTC."""
        return max(0, min(self.days, (moment - self._midnight).days))

    def steps(self) -> Iterator[Step]:
        """Day after day, each cut where its outcome would else depend on who plays it.

        A day ends at noon UTC, when it is over everywhere in the west.
        """
        agenda, steps = self._world.agenda, self._world.steps
        for number in range(1, self.days + 1):
            end = self._midnight + timedelta(days=number) + _NOON
            while agenda.any_by(end):
                agenda.go_on()
            steps.cut(end)
            yield from steps.ready()


def _days(town: Town) -> Life:
    """Each day at midnight it is thrown for what will begin on it."""
    begin: list[Callable[[date], None]] = [
        *(partial(family.begin, town) for family in _FAMILIES),
        Stewardship(town).begin,
    ]
    for day in town.days():
        yield town.clock.at(day)
        for what in begin:
            what(day)
