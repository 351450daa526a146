"""A city's own clock, and when its people and its staff are up and about."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import accumulate
from random import Random
from typing import Final
from zoneinfo import ZoneInfo


def _hours(*weights: int) -> list[int]:
    """How likely each hour of a day is, added up."""
    return list(accumulate(weights))


_WEEKDAY: Final = _hours(1, 0, 0, 0, 0, 1, 4, 9, 8, 5, 4, 5, 8, 6, 4, 4, 6, 10, 11, 8, 6, 5, 3, 2)
_WEEKEND: Final = _hours(2, 1, 1, 0, 0, 0, 1, 2, 4, 8, 10, 11, 9, 8, 8, 8, 7, 6, 5, 4, 4, 3, 3, 2)
_STAFF: Final = _hours(0, 0, 0, 0, 0, 0, 0, 1, 9, 10, 10, 8, 4, 8, 9, 8, 6, 1, 0, 0, 0, 0, 0, 0)
_SEASON: Final = (6, 6, 9, 12, 13, 12, 10, 10, 12, 11, 8, 6)
"""How much goes on outside in each month of a northern year; ten is the usual."""
SATURDAY: Final = 5


class Clock:
    """The wall clock of one city. Whatever people do falls between whole seconds; deadlines fall on them."""

    def __init__(self, zone: ZoneInfo, *, south: bool) -> None:
        self.zone = zone
        self._shift = 6 if south else 0

    def day(self, moment: datetime) -> date:
        """The day on the city's calendar."""
        return moment.astimezone(self.zone).date()

    def at(self, day: date, hour: int = 0, minute: int = 0) -> datetime:
        """The time of a day there; where the clock is put forward over it, as if it had not been."""
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(UTC)

    def told(self, moment: datetime) -> datetime:
        """The moment with the offset that the city's clock has then."""
        local = moment.astimezone(self.zone)
        return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()))

    def season(self, day: date) -> float:
        """How much goes on outside in this month: about one, less in winter."""
        return _SEASON[(day.month - 1 + self._shift) % 12] / 10

    def waking(self, day: date, dice: Random) -> datetime:
        """A moment of this day at which people do things: before work, at noon, after work."""
        return self._moment(day, dice, _WEEKEND if day.weekday() >= SATURDAY else _WEEKDAY)

    def working(self, after: datetime, days: int, dice: Random) -> datetime:
        """A moment in the city's office hours, so many working days after another one; always later."""
        day = self.working_day(self.day(after), days)
        found = self._moment(day, dice, _STAFF)
        return found if found > after else self._moment(self.working_day(day, 1), dice, _STAFF)

    def working_day(self, day: date, days: int) -> date:
        """The day so many working days later; with none, this one or the next working day."""
        while days or day.weekday() >= SATURDAY:
            day += timedelta(days=1)
            days -= days > 0 and day.weekday() < SATURDAY
        return day

    def _moment(self, day: date, dice: Random, hours: list[int]) -> datetime:
        (hour,) = dice.choices(range(24), cum_weights=hours)
        return self.at(day, hour, dice.randrange(60)) + moment_between(dice, timedelta(minutes=1))


def moment_between(dice: Random, span: timedelta) -> timedelta:
    """Any part of the span, in whole milliseconds, never on a whole second."""
    seconds = dice.randrange(max(1, int(span.total_seconds())))
    return timedelta(seconds=seconds, milliseconds=dice.randint(1, 999))
