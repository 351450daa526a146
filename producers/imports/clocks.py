"""Dates and times as cities write them, on the city's own clock.

Local times without an offset: an hour that the clock skips in spring is read with the offset
before the change, an hour it repeats in autumn is its first run. A date without a time is
local midnight. A year or a month alone is its first day.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from events.scalars import FIRST_YEAR, LAST_YEAR

_DATES: Final = re.compile(
    r"(?<!\d)(?:"
    r"(?P<y>\d{4})[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})"
    r"|(?P<d2>\d{1,2})[-./](?P<m2>\d{1,2})[-./](?P<y2>\d{4})"
    r"|(?P<m3>\d{1,2})[-./](?P<y3>\d{4})"
    r"|(?P<y4>\d{4})"
    r")(?!\d)"
)
_US_STAMP: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?:\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp])\.?[Mm]\.?)?"
)


def zone(name: str) -> ZoneInfo | None:
    """The time zone of that name, or None."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_named_after(city: str) -> str | None:
    """The time zone that bears a city's name, as `America/Chicago` for `chicago`; None without one."""
    names = (name for name in available_timezones() if "/" in name)
    found = [name for name in names if city_in(name) == city]
    return found[0] if len(found) == 1 else None


def city_in(zone_name: str) -> str:
    """The city a time zone is named after, as `new-york` for `America/New_York`."""
    return zone_name.rpartition("/")[2].lower().replace("_", "-")


def on_clock(moment: datetime, clock: tzinfo) -> datetime:
    """An aware time as the city's clock showed it, with its offset in whole minutes (RFC 3339).

    Where the clock then ran by seconds, as before the time zones, the time shown is kept.
    """
    shown = moment.astimezone(UTC).astimezone(clock)
    offset = shown.utcoffset() or timedelta()
    return shown.replace(tzinfo=timezone(timedelta(minutes=round(offset.total_seconds() / 60))), fold=0)


def at_midnight(day: date, clock: tzinfo) -> datetime:
    """The first moment of a day in the city."""
    return on_clock(datetime(day.year, day.month, day.day, tzinfo=clock), clock)


def dates_in(text: str) -> Iterator[date]:
    """Every date a text names, day before month unless that cannot be; nonsense is passed over."""
    for found in _DATES.finditer(text):
        part = {name[0]: int(value) for name, value in found.groupdict().items() if value is not None}
        year, month, day = part["y"], part.get("m", 1), part.get("d", 1)
        if month > 12:
            month, day = day, month
        if FIRST_YEAR < year < LAST_YEAR:
            try:
                yield date(year, month, day)
            except ValueError:
                continue


def us_stamp(text: str, clock: tzinfo, *, not_before: datetime | None = None) -> datetime | None:
    """A 12-hour stamp like `01/23/2018 04:43:32 PM`, or ISO 8601; None where it is neither.

    In the hour that autumn repeats, the second run is taken where the first would lie before
    `not_before`.
    """
    found = _US_STAMP.fullmatch(text)
    if found is None:
        return iso_stamp(text, clock)
    month, day, year, hour, minute, second, half = found.groups()
    if hour is not None and not 1 <= int(hour) <= 12:
        return None
    hours = 0 if hour is None else int(hour) % 12 + (12 if half in "Pp" else 0)
    try:
        naive = datetime(int(year), int(month), int(day), hours, int(minute or 0), int(second or 0))  # noqa: DTZ001
    except ValueError:
        return None
    first = _placed(naive, clock)
    if first is not None and not_before is not None and first < not_before:
        second_run = _placed(naive.replace(fold=1), clock)
        return second_run if second_run is not None and second_run >= not_before else first
    return first


def iso_stamp(text: str, clock: tzinfo) -> datetime | None:
    """An ISO 8601 date or time; without an offset it is local. None where it is none."""
    try:
        return _placed(datetime.fromisoformat(text.strip()), clock)
    except ValueError:
        return None


def offset_in(text: str) -> timedelta | None:
    """The offset an ISO 8601 time carries; None where there is none."""
    try:
        return datetime.fromisoformat(text.strip()).utcoffset()
    except ValueError:
        return None


def _placed(moment: datetime, clock: tzinfo) -> datetime | None:
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        return None
    return on_clock(moment if moment.tzinfo else moment.replace(tzinfo=clock), clock)
