"""Time in which the city waited for the reporter or could not go on, added up as stages come in the log."""

from datetime import timedelta
from typing import Any, Final

from events.envelope import Event
from events.stages import Stage

PAUSES: Final = frozenset({"awaiting_reporter", "on_hold"})
SECOND: Final = timedelta(seconds=1)
FIELDS: Final = {
    "paused_seconds": "in the stages awaiting_reporter and on_hold, of the times that ended",
    "paused_at": "when the present one of these began, or None",
}


def pause(request: dict[str, Any], event: Event, stage: Stage) -> None:
    """Add up the pause that ends with this move, or begin the one that starts."""
    since = request["paused_at"]
    if since is not None and stage not in PAUSES:
        request["paused_seconds"] += max(0, (event.at - since) // SECOND)
        request["paused_at"] = None
    elif since is None and stage in PAUSES:
        request["paused_at"] = event.at
