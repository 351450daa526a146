"""Open311 GeoReport v2 requests: opened, and the stage a poll found them in.

Polled again, a request gives the same events as long as nothing changed, and they count once;
a new status, note or update time gives one more event. Only `updated_datetime` tells that a request
went back to an earlier state: without it, or with the same one, the answer reads as one that was
imported before. `status` knows two words, so the true stage is read from `status_notes`, which
stand verbatim in `local_status`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from events.codec import Undecodable
from events.envelope import Event
from events.stages import stage_of_label
from events.types.requests import ServiceRequestOpened
from producers.imports import open311_file
from producers.imports.clocks import iso_stamp, offset_in, zone_named_after
from producers.imports.outcomes import Accepted, Mint, Outcome, Reading, Rejected, why
from producers.imports.refs import RowError
from producers.imports.requests import Found, request_ref, since
from producers.imports.texts import city_slug, clean, cut, first, known, point

SYSTEM: Final = "open311"
_URL: Final = re.compile(r"https?://\S{1,1990}")

Row = Mapping[str, Any]


def read(raw: bytes, city: str) -> Reading:
    """Read a JSON or XML answer. Raises ImportRefused where it is none."""
    rows = open311_file.rows(raw)
    slug = city_slug(city)
    named = _zone_by_name(rows, slug)
    fixed = None if named else _fixed_zone(rows)
    return Reading(
        system=SYSTEM,
        city=slug,
        city_name=city,
        country=None,
        zone=named or fixed,
        zone_note=fixed
        and f"the clock is the offset of the file's first request, {fixed}, without summer time",
        round_id=None,
        rows=len(rows),
        outcomes=lambda mint: outcomes(rows, mint),
    )


def _zone_by_name(rows: list[Any], city: str) -> str | None:
    """The time zone that bears the city's name, where every offset of the file is that zone's."""
    name = zone_named_after(city)
    stamps = [stamp for stamp in _stamps(rows) if offset_in(stamp) is not None]
    if name is None or not stamps:
        return None
    shown = (iso_stamp(stamp, ZoneInfo(name)) for stamp in stamps)
    told = zip(shown, stamps, strict=True)
    return name if all(at is not None and at.utcoffset() == offset_in(stamp) for at, stamp in told) else None


def _stamps(rows: list[Any]) -> list[str]:
    return [first(row, "requested_datetime") or "" for row in rows if isinstance(row, Mapping)]


def _fixed_zone(rows: list[Any]) -> str | None:
    """The zone name of the first offset in the file, in whole hours; None where there is none."""
    offset = next((found for found in map(offset_in, _stamps(rows)) if found is not None), None)
    hours, rest = divmod(offset or timedelta(), timedelta(hours=1))
    if offset is None or rest or not -12 <= hours <= 14:
        return None
    return (
        f"Etc/GMT{-hours:+d}" if hours else "Etc/UTC"
    )  # POSIX counts westward: Chicago's -05:00 is Etc/GMT+5


def outcomes(rows: list[Any], mint: Mint) -> Iterator[Outcome]:
    """Each request as its events."""
    for number, row in enumerate(rows, 1):
        notes: list[str] = []
        try:
            events = tuple(_events(row, mint, notes))
        except RowError as error:
            yield Rejected(number, str(error), row)
        except (ValidationError, Undecodable) as error:
            yield Rejected(number, why(error), row)
        else:
            yield Accepted(number, events, tuple(notes))


def _events(row: Any, mint: Mint, notes: list[str]) -> Iterator[Event]:
    if not isinstance(row, Mapping):
        raise RowError("no object with fields")
    subject = request_ref(first(row, "service_request_id"))
    requested = iso_stamp(first(row, "requested_datetime"), mint.zone)
    if requested is None:
        raise RowError(f"requested_datetime is no time: {first(row, 'requested_datetime')[:40]!r}")
    yield mint.event(subject, requested, _opened(row, requested, mint))
    yield from since(mint, subject, _found(row, mint.zone, requested, notes), notes)


def _opened(row: Row, requested: datetime, mint: Mint) -> ServiceRequestOpened:
    code, name = first(row, "service_code"), first(row, "service_name")
    if not code and not name:
        raise RowError("neither service_code nor service_name")
    place = point(row.get("lat"), row.get("long"))
    return ServiceRequestOpened(
        service_code=cut(code or name, 128),
        service_name=cut(name or code, 300),
        service_subtype=known(row.get("service_subtype"), 300),
        description=known(row.get("description"), 4000),
        lat=place[0] if place else None,
        long=place[1] if place else None,
        address=known(row.get("address"), 300),
        media_url=_media(row.get("media_url")),
        agency_responsible=known(row.get("agency_responsible"), 300),
        requested_datetime=requested,
        expected_datetime=iso_stamp(first(row, "expected_datetime"), mint.zone),
    )


def _media(value: Any) -> tuple[str, ...]:
    text = " ".join(str(item) for item in value) if isinstance(value, list) else str(value or "")
    # Cleaned before it is searched: `\S` matches U+0000, which no event may hold.
    return tuple(dict.fromkeys(_URL.findall(clean(text))))[:20]


def _found(row: Row, clock: tzinfo, requested: datetime, notes: list[str]) -> Found:
    status, told = first(row, "status"), known(row.get("status_notes"), 4000)
    notice = known(row.get("service_notice"), 4000)
    base = stage_of_label(status, "submitted")
    stage = base if base == "closed" else stage_of_label(told or "", base)
    if stage == "closed" != base:
        notes.append("the notes say closed while the status says open: not closed")
        stage = base
    updated = iso_stamp(first(row, "updated_datetime"), clock)
    closed = iso_stamp(first(row, "closed_datetime", "closed_date"), clock)
    return Found(
        stage=stage,
        label=told if told is not None and len(told) <= 300 else status,
        prose=known(" — ".join(filter(None, [told, notice])), 4000),
        opened=requested,
        updated=updated,
        closed=closed or (updated if stage == "closed" else None),
    )
