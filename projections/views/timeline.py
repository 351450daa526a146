"""What the documents share: bounded history, and times that no order of telling can spoil."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from events.envelope import Event

HISTORY_KEPT: Final = 100
"""Entries a document keeps, the newest in log order; `history_total` counts all there were."""


def remember(document: dict[str, Any], event: Event, entry: Mapping[str, Any]) -> None:
    """Add an entry, with the event's time and id, at the end of `document["history"]`."""
    stamped = {"at": event.at, "event_id": event.id, **entry}
    document["history"] = [*document["history"], stamped][-HISTORY_KEPT:]
    document["history_total"] += 1


def earliest(known: datetime | None, told: datetime) -> datetime:
    """The earlier of two times, the first of which may be unknown."""
    return told if known is None or told < known else known


def latest(known: datetime | None, told: datetime) -> datetime:
    """The later of two times, the first of which may be unknown."""
    return told if known is None or told > known else known
