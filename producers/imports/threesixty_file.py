"""360Giving data, JSON or CSV, as plain rows: text in, text out.

Publishers name the same field `amountAwarded` in JSON and `Amount Awarded` in tables, and an organisation's
id `recipientOrganization/0/id` or `Recipient Org:Identifier`. So names go by their words alone, nested ones
joined: `amountawarded`, `amount-awarded`, `recipientorganization-0-id`, `recipient-org-identifier`. Numbers
stay the text they are.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from events.scalars import FIRST_YEAR, LAST_YEAR
from producers.imports.outcomes import ImportRefused
from producers.imports.tables import Cells, Table, Torn
from producers.imports.texts import clean, dashed

MAX_BYTES: Final = 128 * 1024 * 1024
"""Largest file, in bytes: it is held in memory as a whole."""

Row = Mapping[str, str]
Parsed = tuple[Any, Row | str]
"""A row as the file has it, and its texts by name, or why it has none."""

_ISO: Final = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:[T ].*)?")
_DAY_FIRST: Final = re.compile(
    r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})(?: \d{1,2}:\d\d(?::\d\d)?)?"
)


def rows(raw: bytes) -> list[Parsed]:
    """The grants of a file in its order. Raises ImportRefused."""
    if len(raw) > MAX_BYTES:
        raise ImportRefused(
            f"{len(raw)} bytes; the most is {MAX_BYTES}. Nothing was published: split the file."
        )
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return [
            (one, flat(one) if isinstance(one, dict) else "no object with fields") for one in _grants(raw)
        ]
    return list(_table(raw.decode("utf-8-sig", errors="replace")))


def day_of(text: str) -> date | None:
    """The day as it is written, whatever hour or offset stands behind it: ISO 8601, or day before month."""
    found = _ISO.fullmatch(text) or _DAY_FIRST.fullmatch(text)
    if found is None or not FIRST_YEAR < int(found["year"]) < LAST_YEAR:
        return None
    try:
        return date(**{part: int(digits) for part, digits in found.groupdict().items()})
    except ValueError:
        return None


def _grants(raw: bytes) -> list[Any]:
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"no readable JSON: {error}. Nothing of the file was published.") from None
    grants = value.get("grants") if isinstance(value, dict) else value
    if not isinstance(grants, list):
        raise _refused("no list of `grants`")
    return grants


def _refused(reason: str) -> ImportRefused:
    return ImportRefused(f"no 360Giving data: {reason}. Nothing of the file was published.")


def flat(value: Any) -> dict[str, str]:
    """The texts of a nested object by their joined names; of two with one name the first that has any."""
    found: dict[str, str] = {}
    for name, text in _leaves(value, ""):
        if not found.get(name):
            found[name] = text
    return found


def _leaves(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            step = dashed(str(name))
            yield from _leaves(part, f"{at}-{step}" if at else step)
    else:
        yield at, clean(value)


def _table(text: str) -> Iterator[Parsed]:
    table = Table(text.splitlines(keepends=True))
    header = table.row(lambda _: False)
    if not isinstance(header, list):
        raise _refused("neither JSON nor a table with a header")
    names = [dashed(name) for name in header]
    if "identifier" not in names:
        raise _refused("no column `Identifier` in the header")
    could_be_a_row = _likely(names)
    while (cells := table.row(could_be_a_row)) is not None:
        yield _row(header, cells)


def _likely(names: list[str]) -> Callable[[Cells], bool]:
    """Tells whether the cells of a line could be a row: as many as the header has, with a date."""
    at = names.index("award-date") if "award-date" in names else 0
    return lambda cells: len(cells) >= len(names) and day_of(clean(cells[at])) is not None


def _row(header: Cells, cells: Cells | Torn) -> Parsed:
    if isinstance(cells, Torn):
        return cells.text, cells.reason
    if len(cells) < len(header) or any(cells[len(header) :]):
        return cells, f"{len(cells)} cells where the header has {len(header)}"
    raw = dict(zip(header, cells, strict=False))
    return raw, flat(raw)
