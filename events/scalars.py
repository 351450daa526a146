"""The bounded scalar types every event is built from.

Each string, number and list in the contract has a bound, so that nothing valid at the edge
can break a reader or the database behind it (64-bit integers, no NaN, no NUL).
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

FIRST_YEAR, LAST_YEAR = 1900, 2200
CITY_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
REF_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._~:-]*$"
PSEUDONYM_PATTERN = r"^[A-Za-z0-9_-]{16,64}$"
LANG_PATTERN = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
MONEY_PATTERN = r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"

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


# Lax, because a strict model takes no text that a validator of ours has seen; `_rfc3339` is stricter.
_Moment = Annotated[datetime, Field(strict=False), BeforeValidator(_rfc3339)]

LocalTime = Annotated[_Moment, AfterValidator(_whole_milliseconds)]
"""When something happened, with the offset of the city's own clock; whole milliseconds."""

Timestamp = Annotated[_Moment, AfterValidator(_utc)]
"""A point in time inside a payload; kept in UTC, whole milliseconds, as the database stores it."""

City = Annotated[str, StringConstraints(pattern=CITY_PATTERN, max_length=64)]
"""A city's permanent short name, as in `new-york`."""

Ref = Annotated[str, StringConstraints(pattern=REF_PATTERN, max_length=200)]
"""The id of an aggregate: letters, digits and `. _ ~ : -`."""

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

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
