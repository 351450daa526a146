"""Requests that are open at the time by which the city expected to be done.

A time that is named anew takes the place of the one before, which never fires then. One that was kept
stays kept: a request that is reopened after it is not late until the city names another time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
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
from events.types.requests import (
    ServiceRequestAcknowledged,
    ServiceRequestClosed,
    ServiceRequestOpened,
    ServiceRequestOverdue,
    ServiceRequestReopened,
    ServiceRequestStageChanged,
)
from projections.core import Document, types

HOUR: Final = timedelta(hours=1)
FIELDS: Final = {
    "city": "the city's short name",
    "request_id": "id within the city",
    "opened_at": "when it was reported; None until the opening is told",
    "open": "whether it is open, by the last record in the log",
    "expected_at": "the time named last",
    "overdue_at": "the last such time at which it was open",
    "waiting_for": "the time for which a timer runs",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The request after this event; whenever the time it waits for is another, so is its timer."""
    before = _blank(event) if state is None else state
    after = {**before, **_change(event)}
    after["waiting_for"] = waiting_for(before, after, event)
    return after, list(timers(before, after))


def _blank(event: Event) -> Document:
    return {**dict.fromkeys(FIELDS), "city": event.city, "request_id": event.subject, "open": True}


def _change(event: Event) -> dict[str, Any]:
    match event.data:
        case ServiceRequestOpened() as data:
            return {"opened_at": data.requested_datetime} | _named(data.expected_datetime)
        case ServiceRequestAcknowledged() as data:
            return _named(data.expected_datetime)
        case ServiceRequestStageChanged() as data:
            return {"open": data.to_stage != "closed"}
        case ServiceRequestClosed() | ServiceRequestReopened() as data:
            return {"open": isinstance(data, ServiceRequestReopened)}
        case ServiceRequestOverdue() as data:
            return {"overdue_at": data.expected_datetime}
    return {}


def _named(expected: datetime | None) -> dict[str, Any]:
    return {} if expected is None else {"expected_at": expected}


def waiting_for(before: Document, after: Document, event: Event) -> datetime | None:
    """The time for which a timer is to run."""
    expected: datetime | None = after["expected_at"]
    if not after["open"] or expected is None or expected == after["overdue_at"]:
        return None
    named = expected != before["expected_at"]
    open_again = not before["open"] and event.at < expected
    return expected if named or open_again or expected == before["waiting_for"] else None


def timers(before: Document, after: Document) -> Iterator[Effect]:
    """What takes the place of the timer that ran, where the time is another."""
    if before["waiting_for"] == after["waiting_for"]:
        return
    if (given_up := before["waiting_for"]) is not None:
        yield CancelTimer(_name(given_up))
    if (expected := after["waiting_for"]) is not None:
        yield StartTimer(_name(expected), expected, ServiceRequestOverdue(**_told(after, expected)))


def _name(expected: datetime) -> str:
    return f"overdue@{expected.isoformat()}"


def _told(request: Document, expected: datetime) -> dict[str, Any]:
    opened = request["opened_at"]
    hours = None if opened is None else max(0, (expected - opened) // HOUR)
    return {"expected_datetime": expected, "sla_hours": hours}


MANAGER: Final[ProcessManager] = process_manager(
    "request_deadlines",
    "Tells that a request is overdue, once for each time by which the city expected to be done",
    types(
        "service_request.opened",
        "service_request.acknowledged",
        "service_request.stage_changed",
        "service_request.closed",
        "service_request.reopened",
        "service_request.overdue",
    ),
    react,
    FIELDS,
)
