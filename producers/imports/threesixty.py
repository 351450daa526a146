"""Grants published in the 360Giving Data Standard become awards of the city that imports them.

What a file says of applications, payments and dates of the work is not read: there is nothing in it to tell
an application, or on which day money was paid. Grants to persons are never imported. Ids of awards and of
registered organisations stay as they are, so that an export says the same.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from pydantic import ValidationError

from events.codec import Undecodable
from events.envelope import Event
from events.types.awards import AwardGranted
from producers.imports import threesixty_file
from producers.imports.clocks import at_midnight, zone_named_after
from producers.imports.outcomes import Accepted, Mint, Outcome, Reading, Rejected, why
from producers.imports.refs import RowError, ref
from producers.imports.texts import bounded, city_slug, cut, dashed, first, known, money
from producers.imports.threesixty_file import Parsed, Row, day_of

SYSTEM: Final = "threesixtygiving"
_PERSON: Final = re.compile(r"recipient-?ind(ividual)?(-.*)?")
_TWICE: Final = "an id that stands on several rows: the last one holds"
_NAMED: Final = "a recipient without an id: its name stands for it"


def read(raw: bytes, city: str) -> Reading:
    """Read a file of grants. Raises ImportRefused where it is none."""
    rows = threesixty_file.rows(raw)
    slug = city_slug(city)
    return Reading(
        system=SYSTEM,
        city=slug,
        city_name=city,
        country=None,
        zone=zone_named_after(slug),
        zone_note=None,
        round_id=None,
        rows=len(rows),
        outcomes=lambda mint: outcomes(rows, mint),
    )


def outcomes(rows: list[Parsed], mint: Mint) -> Iterator[Outcome]:
    """Each grant as the event of its award."""
    seen = set[str]()
    for number, (raw, row) in enumerate(rows, 1):
        notes: list[str] = []
        try:
            event = _granted(row, mint, notes)
        except RowError as error:
            yield Rejected(number, str(error), raw)
        except (ValidationError, Undecodable) as error:
            yield Rejected(number, why(error), raw)
        else:
            notes += [_TWICE] if event.subject in seen else []
            seen.add(event.subject)
            yield Accepted(number, (event,), tuple(notes))


def _granted(row: Row | str, mint: Mint, notes: list[str]) -> Event:
    if isinstance(row, str):
        raise RowError(row)
    if any(text and _PERSON.fullmatch(name) for name, text in row.items()):
        raise RowError("the recipient is a person: grants to persons are not imported")
    award = ref(first(row, "id", "identifier"), "grant")
    group, name = _recipient(row, notes)
    data = AwardGranted(
        call_id=_programme(row),
        application_id=award,
        title=known(row.get("title"), 300),
        description=known(row.get("description"), 4000),
        grantee_group_id=group,
        grantee_name=name,
        amount=_amount(row),
        currency=first(row, "currency").upper(),
    )
    return mint.event(award, at_midnight(_day(row), mint.zone), data)


def _recipient(row: Row, notes: list[str]) -> tuple[str, str | None]:
    name = first(row, *_of("name"))
    id_ = first(row, *_of("id", "identifier"))
    if not id_ and name:
        notes.append(_NAMED)
        id_ = bounded(dashed(name), 120)
    return ref(id_, "recipient"), cut(name, 300) or None


def _of(*fields: str) -> Iterator[str]:
    """The names under which publishers give a field of the recipient."""
    for field in fields:
        for prefix in (
            "recipientorganization-0",
            "recipientorganization",
            "recipient-org",
            "recipient-org-0",
        ):
            yield f"{prefix}-{field}"


def _programme(row: Row) -> str:
    """The call: the grant programme of the file, or the standard's name where it has none."""
    programme = first(
        row,
        "grantprogramme-0-code",
        "grant-programme-code",
        "grant-programme-0-code",
        "grantprogramme-0-title",
        "grant-programme-title",
        "grant-programme-0-title",
    )
    return ref(cut(programme, 60), "grant programme") if programme else SYSTEM


def _amount(row: Row) -> str:
    told = first(row, "amountawarded", "amount-awarded")
    amount = money(told)
    if amount is None:
        raise RowError(f"amountAwarded is no amount of 0 or more: {told[:40]!r}")
    return amount


def _day(row: Row) -> date:
    told = first(row, "awarddate", "award-date")
    day = day_of(told)
    if day is None:
        raise RowError(f"awardDate is no date: {told[:40]!r}")
    return day
