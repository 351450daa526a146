"""Calls that take no more applications when their deadline has come.

The latest deadline told holds: one that was extended closes nothing, and an extension that comes after the
closing is a deadline of its own. A cancelled call is closed already.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from consumers.engine.effects import (
    CancelTimer,
    Effect,
    ProcessManager,
    Reaction,
    StartTimer,
    process_manager,
)
from events.envelope import Event
from events.types.grants import GrantCallClosed, GrantCallDeadlineExtended, GrantCallOpened
from projections.core import Document, types
from projections.views.timeline import latest

RULE: Final = "grant_call.closes_at_deadline"
FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "call_id": "id within the city",
    "deadline_at": "the latest deadline told",
    "closed_for": "the latest deadline at which it was told closed",
    "cancelled": "whether it was cancelled",
    "waiting_for": "the deadline for which a timer runs",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The call after this event; whenever the deadline it waits for is another, so is its timer."""
    before = _blank(event) if state is None else state
    after = {**before, **_change(before, event)}
    after["waiting_for"] = _waiting_for(after)
    return after, list(_timers(before["waiting_for"], after["waiting_for"]))


def _blank(event: Event) -> Document:
    return {**dict.fromkeys(FIELDS), "city": event.city, "call_id": event.subject, "cancelled": False}


def _change(call: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case GrantCallOpened() | GrantCallDeadlineExtended() as data:
            return {"deadline_at": latest(call["deadline_at"], data.deadline_at)}
        case GrantCallClosed(reason="cancelled"):
            return {"cancelled": True}
        case GrantCallClosed() as data:
            return {"closed_for": latest(call["closed_for"], data.deadline_at)}
    return {}


def _waiting_for(call: Document) -> datetime | None:
    deadline, closed_for = call["deadline_at"], call["closed_for"]
    over = deadline is None or (closed_for is not None and closed_for >= deadline)
    return None if over or call["cancelled"] else deadline


def _timers(before: datetime | None, after: datetime | None) -> Iterator[Effect]:
    if before == after:
        return
    if before is not None:
        yield CancelTimer(_name(before))
    if after is not None:
        yield StartTimer(
            _name(after), after, GrantCallClosed(reason="deadline", deadline_at=after, rule=RULE)
        )


def _name(deadline: datetime) -> str:
    return f"close@{deadline.isoformat()}"


MANAGER: Final[ProcessManager] = process_manager(
    "grant_call_deadlines",
    "Closes a call when its deadline has come, once for each deadline",
    types("grant_call.opened", "grant_call.deadline_extended", "grant_call.closed"),
    react,
    FIELDS,
)
