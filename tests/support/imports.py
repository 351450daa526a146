"""Short ways to run an importer in a test: rows in, outcomes out, no server."""

from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

from events.envelope import Event
from producers.imports.outcomes import Accepted, Mint, Outcome, Preface, Reading, Rejected

KEY = b"a key for tests, 32 bytes and more"
SAMPLE = Path(__file__).parents[2] / "producers" / "imports" / "sample"


def mint(reading: Reading, *, key: bytes = KEY, zone: str | None = None) -> Mint:
    """What makes the events of this reading, on its own clock unless another is named."""
    return Mint(key, reading.city, reading.system, ZoneInfo(zone or reading.zone or "UTC"))


def outcomes(reading: Reading, *, key: bytes = KEY, zone: str | None = None) -> list[Outcome]:
    """Everything a reading gives."""
    return list(reading.outcomes(mint(reading, key=key, zone=zone)))


def accepted(found: Iterable[Outcome]) -> list[Accepted]:
    return [one for one in found if isinstance(one, Accepted)]


def rejected(found: Iterable[Outcome]) -> list[Rejected]:
    return [one for one in found if isinstance(one, Rejected)]


def preface(found: Iterable[Outcome]) -> Preface:
    (only,) = (one for one in found if isinstance(one, Preface))
    return only


def events(found: Iterable[Outcome]) -> list[Event]:
    """The events in the order in which they would be published."""
    return [event for one in found if not isinstance(one, Rejected) for event in one.events]


def notes(found: Iterable[Outcome]) -> set[str]:
    return {note for one in found if not isinstance(one, Rejected) for note in one.notes}
