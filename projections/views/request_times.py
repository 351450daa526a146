"""How long a request took: whole seconds, for medians, below zero where the times told are wrong.

Time in which the city waited for the reporter or could not go on is added up as the stages come in the log.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from events.envelope import Event
from events.stages import Stage
from projections.core import Document

PAUSES: Final = frozenset({"awaiting_reporter", "on_hold"})
SECOND: Final = timedelta(seconds=1)
DURATIONS: Final = {
    "response_seconds": "from opened_at to acknowledged_at",
    "close_seconds": "from opened_at to closed_at; only while closed",
    "paused_seconds": "in the stages awaiting_reporter and on_hold, of those that ended",
    "paused_at": "when the present one of these began, or None",
    "on_time": "closed by expected_at; False also while it is open and overdue, None where not known",
}


def pause(request: dict[str, Any], event: Event, stage: Stage) -> None:
    """Add up the pause that ends with this move, and begin the one that starts."""
    since = request["paused_at"]
    if since is not None and stage not in PAUSES:
        request["paused_seconds"] += max(0, (event.at - since) // SECOND)
        request["paused_at"] = None
    elif since is None and stage in PAUSES:
        request["paused_at"] = event.at


def durations(request: Document) -> dict[str, Any]:
    """What follows from the times of the request."""
    opened = request["opened_at"]
    closed = request["closed_at"] if request["stage"] == "closed" else None
    return {
        "response_seconds": _seconds(opened, request["acknowledged_at"]),
        "close_seconds": _seconds(opened, closed),
        "on_time": _on_time(request, closed),
    }


def _seconds(since: datetime | None, until: datetime | None) -> int | None:
    return None if since is None or until is None else (until - since) // SECOND


def _on_time(request: Document, closed: datetime | None) -> bool | None:
    overdue, expected = request["overdue_at"], request["expected_at"]
    if overdue is not None and (closed is None or closed > overdue):
        return False
    return None if expected is None or closed is None else bool(closed <= expected)
