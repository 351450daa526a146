"""The bounded scalar types every event is built from.

Each string, number and list in the contract has a bound, so that nothing valid at the edge
can break a reader or the database behind it (64-bit integers, no NaN, no NUL).
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

FIRST_YEAR, LAST_YEAR = 1900, 2200
CITY_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
REF_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._~:-]*$"
SUBJECT_PATTERN = r"^[A-Za-z0-9_-][A-Za-z0-9._~:-]*$"
PSEUDONYM_PATTERN = r"^[A-Za-z0-9_-]{16,64}$"
LANG_PATTERN = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
MONEY_PATTERN = r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"
AMOUNT_PATTERN = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,3})?$"
QUANTITY_PATTERN = r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"
DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"
EVENT_ID_PATTERN = r"^[\x21-\x7e]+$"

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _rfc3339(value: Any) -> Any:
    if not (isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value))):
        msg = "a date and time with offset is needed, like 2026-04-01T09:30:00-04:00 (RFC 3339)"
        raise ValueError(msg)
    return value


def _whole_milliseconds(value: datetime) -> datetime:
    if value.utcoffset() is None:
        msg = "a time needs its offset from UTC"
        raise ValueError(msg)
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        msg = f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}"
        raise ValueError(msg)
    surplus = value.microsecond % 1000
    return value.replace(microsecond=value.microsecond - surplus) if surplus else value


def _utc(value: datetime) -> datetime:
    # Checked once more in UTC: what is stored must be readable again.
    return _whole_milliseconds(_whole_milliseconds(value).astimezone(UTC))


def _calendar_day(value: str) -> str:
    try:
        year = date.fromisoformat(value).year
    except ValueError:
        raise ValueError("no day of the calendar") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        msg = f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}"
        raise ValueError(msg)
    return value


def thousandths(decimal: str) -> int:
    """An `Amount` or `Quantity` as the whole number that sums are made of; exact."""
    whole, _, fraction = decimal.partition(".")
    if len(fraction) > 3:
        msg = f"{decimal} has more than three decimals"
        raise ValueError(msg)
    return int(whole) * 1000 + int(fraction.ljust(3, "0"))


# Lax, because a strict model takes no text that a validator of ours has seen; `_rfc3339` is stricter.
_Moment = Annotated[datetime, Field(strict=False), BeforeValidator(_rfc3339)]

LocalTime = Annotated[_Moment, AfterValidator(_whole_milliseconds)]
"""When something happened, with the offset of the city's own clock; whole milliseconds."""

Timestamp = Annotated[_Moment, AfterValidator(_utc)]
"""A point in time inside a payload; kept in UTC, whole milliseconds, as the database stores it."""

Day = Annotated[
    str,
    StringConstraints(pattern=DAY_PATTERN),
    AfterValidator(_calendar_day),
    Field(json_schema_extra={"format": "date"}),
]
"""A day on the city's own calendar, `YYYY-MM-DD`."""

City = Annotated[str, StringConstraints(pattern=CITY_PATTERN, max_length=64)]
"""A city's permanent short name, as in `new-york`."""

Ref = Annotated[str, StringConstraints(pattern=REF_PATTERN, max_length=200)]
"""The id of an aggregate: letters, digits and `. _ ~ : -`."""

Subject = Annotated[str, StringConstraints(pattern=SUBJECT_PATTERN, max_length=200)]
"""The id of what an event is told of: a `Ref`, or a participant's pseudonym, which may begin with a sign."""

EventId = Annotated[str, StringConstraints(pattern=EVENT_ID_PATTERN, max_length=200)]
"""The `id` of an event."""

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=100)]
"""A permanent lower-case name: of a metric, a unit, a rule, a template, a reason."""

Pseudonym = Annotated[str, StringConstraints(pattern=PSEUDONYM_PATTERN)]
"""A person, within one city, never linkable to the same person in another."""

Lang = Annotated[str, StringConstraints(pattern=LANG_PATTERN, max_length=35)]

Code = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A code from the city's own list; text, so that leading zeros survive."""

Label = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""A short text written by the city's staff or systems."""

Words = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4000),
    Field(json_schema_extra={"x-personal-data": "words"}),
]
"""A person's own words: personal data, marked so that sealing and erasure obey the mark."""

Place = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300),
    Field(json_schema_extra={"x-personal-data": "place"}),
]
"""An address someone reported; it can be near a home, so it is marked as personal data."""

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]

Money = Annotated[str, StringConstraints(pattern=MONEY_PATTERN)]
"""An exact decimal amount as text, never a float."""

Amount = Annotated[str, StringConstraints(pattern=AMOUNT_PATTERN)]
"""Money that is summed: decimal text with at most three decimals, below 10^12; see `thousandths`."""

Quantity = Annotated[str, StringConstraints(pattern=QUANTITY_PATTERN)]
"""How much of something: decimal text with at most three decimals, below 10^9; see `thousandths`."""

Currency = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)]
"""ISO 4217, as in `USD`."""

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Percent = Annotated[int, Field(ge=0, le=100)]
Age = Annotated[int, Field(ge=0, le=120)]
"""Years; only ever a least age that something asks, never that of a person."""
