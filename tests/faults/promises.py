"""Nothing lost, nothing invented: what the log holds, against what publishers noted in their journals."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.faults.oracle import Record
from tests.faults.publishing import Line, journal
from tests.faults.traffic import MARK

Tag = tuple[str, int, int]
"""Publisher, chunk and place in the chunk."""


def broken(records: Iterable[Record], journals: Mapping[str, Path]) -> list[str]:
    """Acknowledged events that the log does not hold, and events in the log that nobody has sent."""
    lines = {name: journal(file) for name, file in journals.items()}
    held = {tag for tag in map(_tag, records) if tag is not None and tag[0] in lines}
    lost = sorted(_tags(lines, "acked") - held)
    invented = sorted(held - _tags(lines, "tried"))
    return [f"acknowledged but lost: {tag}" for tag in lost] + [f"never sent: {tag}" for tag in invented]


def _tags(lines: Mapping[str, Iterable[Line]], what: str) -> set[Tag]:
    return {
        (name, line.chunk, place)
        for name, noted in lines.items()
        for line in noted
        if line.what == what
        for place in range(line.fresh)
    }


def _tag(record: Record) -> Tag | None:
    """Which new event of which chunk it is; None for poison, and for what other producers sent."""
    headers = dict(record.headers)
    parts = headers.get("ce_id", b"").decode("utf-8", "replace").split("-")
    if MARK in headers or len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return None
    return parts[0], int(parts[1]), int(parts[2])
