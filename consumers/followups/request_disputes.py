"""Requests that somebody found unsolved after the city had said that they are: open again, once each time.

The first dispute reopens; those that come until the reopening stands in the log add nothing. A closing as a
duplicate does not say that anything is solved: that the original was closed does. What is told of a request
that is open, or was brought in long after, reopens nothing: the city knows what it made of it.
"""

from typing import Any, Final

from consumers.engine.effects import Effect, Emit, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.requests import (
    ResolutionDisputed,
    ServiceRequestClosed,
    ServiceRequestOpened,
    ServiceRequestOriginalProgressed,
    ServiceRequestReopened,
    ServiceRequestStageChanged,
)
from projections.core import Document, types

RULE: Final = "dispute.reopens_request"
REASON: Final = "Somebody looked, and it is still there."
FIELDS: Final = {
    "city": "the city's short name",
    "request_id": "id within the city",
    "reporter": "who reported it, by pseudonym, or None",
    "closed": "whether it is closed, by the last record in the log",
    "solved": "whether the city says so, of it or of its original, and nobody has disputed that yet",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The request after this event; open again where this is the first dispute of its closing."""
    before = _blank(event) if state is None else state
    if not isinstance(event.data, ResolutionDisputed):
        return {**before, **_change(event)}, ()
    if not (before["closed"] and before["solved"]) or event.origin != "live":
        return state, ()
    return {**before, "solved": False}, [_reopened(before, event)]


def _blank(event: Event) -> Document:
    start = {"reporter": None, "closed": False, "solved": False}
    return {"city": event.city, "request_id": event.subject, **start}


def _change(event: Event) -> dict[str, Any]:
    match event.data:
        case ServiceRequestOpened():
            return {"reporter": event.participant}
        case ServiceRequestOriginalProgressed() as data:
            return {"solved": data.stage == "closed"}
        case ServiceRequestClosed(resolution_code="duplicate"):
            return {"closed": True}
        case ServiceRequestClosed() | ServiceRequestStageChanged(to_stage="closed"):
            return {"closed": True, "solved": True}
    return {"closed": False, "solved": False}


def _reopened(request: Document, event: Event) -> Effect:
    by_reporter = event.participant in (None, request["reporter"])
    told = ServiceRequestReopened(reason=REASON, by="reporter" if by_reporter else "other", rule=RULE)
    return Emit(RULE, told)


MANAGER: Final[ProcessManager] = process_manager(
    "request_disputes",
    "Reopens a request when somebody finds that it was not solved",
    types(
        "service_request.opened",
        "service_request.acknowledged",
        "service_request.stage_changed",
        "service_request.closed",
        "service_request.reopened",
        "service_request.original_progressed",
        "resolution.disputed",
    ),
    react,
    FIELDS,
)
