"""When a steward is expected: due dates, the grace after them, and how many may be missed.

A day is 24 hours. An event tells the offset of the city's clock and not its rules, so nobody could say
without another source what the same hour is two months later; over days, an hour matters to no steward.
"""

from datetime import datetime, timedelta
from typing import Final

LAPSE_AFTER: Final = 3
"""Check-ins missed in a row that end an adoption: one can be forgotten, one can fall into a holiday."""
LONGEST_GRACE: Final = 7


def days(count: int) -> timedelta:
    """So many days."""
    return timedelta(days=count)


def grace(cadence_days: int) -> timedelta:
    """How long after its due date a check-in is still in time: a quarter of the cadence, 1 to 7 days.

    It is never longer than the cadence, so the next due date does not come before its end.
    """
    return days(min(LONGEST_GRACE, max(1, cadence_days // 4)))


def in_time(due_at: datetime, visited_at: datetime, cadence_days: int) -> bool:
    """Whether a visit is the one that was due then: after the due date before it, and not after the grace."""
    return due_at - days(cadence_days) < visited_at <= due_at + grace(cadence_days)


def in_a_row(missed: list[datetime], cared_at: datetime, cadence_days: int) -> list[datetime]:
    """Those of the due dates missed whose whole period lies after somebody last took care."""
    return [due_at for due_at in missed if due_at - days(cadence_days) >= cared_at]
