"""NYC 311 exports become service requests: opened, and what their status tells of since.

Columns go by name, so exports with 53, 41 or other columns read alike. Stamps are local, 12-hour
and without zone (see `clocks`); `12:00:00 AM` means that only the date is known. A row whose
quotes are broken, or that has fewer or more cells than the header, is rejected. Whether a file was cut
off within its last cell cannot be told: that its last line has no end is noted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from pydantic import ValidationError

from events.codec import Undecodable
from events.envelope import Event
from events.stages import stage_of_label
from events.types.requests import Channel, ServiceRequestOpened
from producers.imports.clocks import us_stamp
from producers.imports.outcomes import Accepted, ImportRefused, Mint, Outcome, Reading, Rejected, why
from producers.imports.refs import RowError
from producers.imports.requests import Found, request_ref, since
from producers.imports.tables import Cells, Table, Torn
from producers.imports.texts import city_slug, clean, cut, dashed, first, known, point

SYSTEM: Final = "nyc311"
_NEEDED: Final = ("unique-key", "created-date")
_CHANNELS: Final[dict[str, Channel]] = {
    "online": "web",
    "mobile": "mobile",
    "phone": "phone",
    "other": "other",
}

_CUT: Final = "the last line has no end: the file may be cut off"

Row = Mapping[str, str]


def read(lines: Iterable[str], city: str = "new-york") -> Reading:
    """Read the header of an export (text lines with their ends). Raises ImportRefused if it is none."""
    table = Table(lines)
    first_row = table.row(lambda _: False)
    if isinstance(first_row, Torn):
        raise ImportRefused(
            f"line {first_row.line}: {first_row.reason}. Nothing was published; mend the line."
        )
    header = [dashed(name) for name in first_row or []]
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise ImportRefused(
            f"no NYC 311 export: no column {' and '.join(repr(name) for name in missing)} in the header. "
            "Nothing of the file was published."
        )
    slug = city_slug(city)
    return Reading(
        system=SYSTEM,
        city=slug,
        city_name=city,
        country="US",
        zone="America/New_York",
        zone_note=None,
        round_id=None,
        rows=None,
        outcomes=lambda mint: outcomes(table, header, mint),
    )


def outcomes(table: Table, header: list[str], mint: Mint) -> Iterator[Outcome]:
    """Each row as its events; a row that cannot be read is rejected and the next one follows."""
    could_be_a_row = _likely(header)
    number = 0
    while (cells := table.row(could_be_a_row)) is not None:
        number += 1
        if isinstance(cells, Torn):
            yield cells.rejected(number)
        else:
            notes = [_CUT] if table.ends_within_a_line else []
            yield _outcome(number, header, cells, mint, notes)


def _likely(header: list[str]) -> Callable[[Cells], bool]:
    """Tells whether the cells of a line could be a row: as many as the header has, with id and time."""
    key, created = (header.index(name) for name in _NEEDED)

    def could_be_a_row(cells: Cells) -> bool:
        if len(cells) < len(header) or not clean(cells[key]):
            return False
        return us_stamp(clean(cells[created]), UTC) is not None

    return could_be_a_row


def _outcome(number: int, header: list[str], cells: Cells, mint: Mint, notes: list[str]) -> Outcome:
    if len(cells) < len(header):
        reason = f"{len(cells)} cells where the header has {len(header)}: the end of the row is missing"
        return Rejected(number, reason, cells)
    if any(cells[len(header) :]):
        return Rejected(number, f"{len(cells)} cells where the header has {len(header)}", cells)
    row = dict(zip(header, cells, strict=False))
    try:
        events = tuple(_events(row, mint, notes))
    except RowError as error:
        return Rejected(number, str(error), row)
    except (ValidationError, Undecodable) as error:
        return Rejected(number, why(error), row)
    return Accepted(number, events, tuple(notes))


def _events(row: Row, mint: Mint, notes: list[str]) -> Iterator[Event]:
    subject = request_ref(first(row, "unique-key"))
    created = us_stamp(first(row, "created-date"), mint.zone)
    if created is None:
        raise RowError(f"Created Date is no time: {first(row, 'created-date')[:40]!r}")
    if first(row, "created-date").upper().endswith("12:00:00 AM"):
        notes.append("created at 12:00:00 AM: only the date is known")
    yield mint.event(subject, created, _opened(row, created, mint.zone))
    yield from since(mint, subject, _found(row, mint.zone, created, notes), notes)


def _opened(row: Row, created: datetime, clock: tzinfo) -> ServiceRequestOpened:
    kind = first(row, "complaint-type", "problem-formerly-complaint-type", "problem")
    if not kind:
        raise RowError("no Complaint Type")
    place = point(row.get("latitude"), row.get("longitude")) or _location(row)
    return ServiceRequestOpened(
        service_code=cut(kind, 128),
        service_name=cut(kind, 300),
        service_subtype=known(first(row, "descriptor", "problem-detail-formerly-descriptor"), 300),
        lat=place[0] if place else None,
        long=place[1] if place else None,
        address=known(_address(row), 300),
        neighbourhood_id=known(_neighbourhood(row), 128),
        channel=_CHANNELS.get(first(row, "open-data-channel-type").casefold(), "unknown"),
        agency_responsible=known(first(row, "agency-name", "agency"), 300),
        requested_datetime=created,
        expected_datetime=us_stamp(first(row, "due-date"), clock),
    )


def _location(row: Row) -> tuple[float, float] | None:
    """The same point again as `(lat, long)`: newer exports leave the two columns out at times."""
    lat, comma, long = first(row, "location").strip("()").partition(",")
    return point(lat, long) if comma else None


def _address(row: Row) -> str:
    """Where it is: many requests have no house number, but a crossing or a block."""
    crossing = [first(row, f"intersection-street-{n}") for n in (1, 2)]
    block = [first(row, f"cross-street-{n}") for n in (1, 2)]
    street = first(row, "incident-address", "street-name")
    kind = first(row, "address-type").upper()
    if all(crossing) and (kind == "INTERSECTION" or not street):
        return " & ".join(crossing)
    if kind == "BLOCKFACE" and street and all(block):
        return f"{street} between {block[0]} and {block[1]}"
    return street


def _neighbourhood(row: Row) -> str:
    board = first(row, "community-board")
    return board if board and "unspecified" not in board.casefold() else first(row, "borough")


def _found(row: Row, clock: tzinfo, created: datetime, notes: list[str]) -> Found:
    status = first(row, "status")
    closed = us_stamp(first(row, "closed-date"), clock, not_before=created)
    if first(row, "closed-date") and closed is None:
        notes.append("Closed Date is no time: left out")
    return Found(
        stage=stage_of_label(status, "submitted"),
        label=status,
        prose=known(first(row, "resolution-description"), 4000),
        opened=created,
        updated=us_stamp(first(row, "resolution-action-updated-date"), clock, not_before=created),
        closed=closed,
    )
