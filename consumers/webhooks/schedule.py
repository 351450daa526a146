"""When a delivery is tried again: ten times in three days, later where the receiver asks for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

DELAYS: Final = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each attempt, counted from the one before it."""
JITTER: Final = 0.1
"""A delay is longer by up to this part of it, so that what failed together does not come back together."""
LONGEST: Final = timedelta(hours=24)
"""A receiver that asks for more time than this gets this."""

Chance = Callable[[], float]
"""A number from 0 up to 1."""


def next_attempt(done: int, now: datetime, chance: Chance, pause: timedelta = timedelta()) -> datetime | None:
    """When to try again after so many attempts that failed; None when they are all used up."""
    if done >= len(DELAYS):
        return None
    delay = timedelta(seconds=DELAYS[done] * (1 + JITTER * chance()))
    return now + max(delay, pause)


def pause_of(status: int | None, retry_after: str | None, now: datetime) -> timedelta:
    """How long the receiver asks us to wait: only 429 and 503 may, in seconds or until a date."""
    if status not in (429, 503) or retry_after is None:
        return timedelta()
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=min(int(text[:9]), 10**8)), LONGEST)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return timedelta()
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta()), LONGEST)
