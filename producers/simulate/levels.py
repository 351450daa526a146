"""Service levels: what a city promises for some kinds of request from its first day on, and changes later."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from events.types.service_levels import ServiceLevelSet, level_of
from producers.simulate.services import SERVICES, Service
from producers.simulate.town import Town

MONTHLY: Final = 16
"""The day of the month on which one of them is looked at again."""


@dataclass
class Level:
    """What is so of the level of one service; without hours nothing is promised."""

    city: str
    service: str
    answer_hours: int | None = None
    close_hours: int | None = None
    set_at: datetime | None = None
    asked: int = 0

    @property
    def hours(self) -> tuple[int | None, int | None]:
        """To the answer, and to the end."""
        return self.answer_hours, self.close_hours


def begin(town: Town, day: date) -> None:
    """On the first day for most services; later for one a month, and now and then it is taken back."""
    dice = town.dice("levels", day)
    if day == town.world.first_day:
        for service in SERVICES:
            if dice.random() < 0.6:
                answer = dice.choice([None, 24, 48, 72, 120])
                _set(town, service, answer, service.days * 24 + dice.choice([0, 48, 96]))
    elif day.day == MONTHLY:
        service = dice.choice(SERVICES)
        close = dice.choice([None, service.days * 24])
        at = town.clock.at(day, 10) + timedelta(milliseconds=7)
        town.once(at, _set, town, service, dice.choice([None, 36]), close)


def level(town: Town, code: str) -> Level:
    """Of this service; one that was never set promises nothing."""
    return town.truth.kept(Level).setdefault(town.key(level_of(code)), Level(town.id, code))


def _set(town: Town, service: Service, answer: int | None, close: int | None) -> None:
    data = ServiceLevelSet(service_code=service.code, acknowledge_hours=answer, close_hours=close)
    event = town.tell(level_of(service.code), data)
    known = level(town, service.code)
    known.answer_hours, known.close_hours, known.set_at = answer, close, event.at
    town.world.steps.cut(town.now)  # whoever asks from now on, asks for this
