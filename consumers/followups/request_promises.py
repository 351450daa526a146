"""Requests ask for the service level that is in force, and tell when a promise of it is not kept.

Only what is reported live asks, once, and only where the city names no time at the opening. The promised
time to be done counts until the city names a time itself; from then on `request_deadlines` watches. An answer
is late at most once: whatever the city does about the request is one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from consumers.engine.effects import (
    CancelTimer,
    Effect,
    Emit,
    ProcessManager,
    Reaction,
    StartTimer,
    process_manager,
)
from consumers.followups.request_deadlines import timers, waiting_for
from events.envelope import Event, Payload
from events.types.requests import (
    ServiceRequestAcknowledged,
    ServiceRequestAcknowledgementOverdue,
    ServiceRequestClosed,
    ServiceRequestOpened,
    ServiceRequestOverdue,
    ServiceRequestPromised,
    ServiceRequestReopened,
    ServiceRequestStageChanged,
    ServiceRequestUpdatePosted,
)
from events.types.service_levels import ServiceLevelAsked, level_of
from projections.core import Document, types

ASKS, LATE = "request.asks_level", "level.answer_is_late"
FIELDS: Final = {
    "city": "the city's short name",
    "request_id": "id within the city",
    "opened_at": "when it was reported; None until the opening is told",
    "asked": "whether it has asked what is promised",
    "open": "whether it is open, by the last record in the log",
    "answered": "whether the city has done anything about it",
    "named": "whether the city has named a time itself",
    "acknowledge_by": "by when an answer was promised, or None",
    "acknowledgement_overdue": "whether it was told that there was none",
    "expected_at": "the time promised to be done, unless the city has named one itself",
    "overdue_at": "the last time told at which it was not done",
    "waiting_for": "the time to be done for which a timer runs",
    "answer_waits": "the time to answer for which a timer runs",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The request after this event, what it asks, and the timers of its promises."""
    before = _blank(event) if state is None else state
    after = {**before, **_change(before, event.data)}
    asks = _asks(before, after, event)
    after["asked"] = before["asked"] or bool(asks)
    after["waiting_for"] = waiting_for(before, after, event)
    settled = after["answered"] or after["acknowledgement_overdue"]
    after["answer_waits"] = None if settled else after["acknowledge_by"]
    return after, [*asks, *timers(before, after), *_answer(before, after)]


def _blank(event: Event) -> Document:
    start = dict.fromkeys(("asked", "answered", "named", "acknowledgement_overdue"), False)
    named = {"city": event.city, "request_id": event.subject, "open": True}
    return {**dict.fromkeys(FIELDS), **start, **named}


def _change(before: Document, data: Payload) -> dict[str, Any]:
    answered = before["answered"] or _answers(data)
    return {"answered": answered, "open": _open(before, data), **_times(before, data)}


def _answers(data: Payload) -> bool:
    """What the read model counts as a first response as well, and any end."""
    match data:
        case (
            ServiceRequestAcknowledged()
            | ServiceRequestClosed()
            | ServiceRequestStageChanged(to_stage="closed")
            | ServiceRequestStageChanged(actor_kind="agency")
            | ServiceRequestUpdatePosted(author_kind="agency", is_public=True)
        ):
            return True
    return False


def _open(before: Document, data: Payload) -> bool:
    match data:
        case ServiceRequestStageChanged():
            return data.to_stage != "closed"
        case ServiceRequestClosed() | ServiceRequestReopened():
            return isinstance(data, ServiceRequestReopened)
    return bool(before["open"])


def _times(before: Document, data: Payload) -> dict[str, Any]:
    match data:
        case ServiceRequestOpened():
            return {"opened_at": data.requested_datetime} | _named(data.expected_datetime)
        case ServiceRequestAcknowledged():
            return _named(data.expected_datetime)
        case ServiceRequestPromised():
            expected = None if before["named"] else data.expected_datetime
            return {"acknowledge_by": data.acknowledge_by, "expected_at": expected}
        case ServiceRequestAcknowledgementOverdue():
            return {"acknowledgement_overdue": True}
        case ServiceRequestOverdue():
            return {"overdue_at": data.expected_datetime}
    return {}


def _named(expected: datetime | None) -> dict[str, Any]:
    return {} if expected is None else {"named": True, "expected_at": None}


def _asks(before: Document, after: Document, event: Event) -> list[Effect]:
    data = event.data
    if not isinstance(data, ServiceRequestOpened) or event.origin != "live":
        return []
    if before["asked"] or after["named"] or not after["open"]:
        return []
    told = ServiceLevelAsked(
        rule=ASKS,
        service_code=data.service_code,
        request_id=event.subject,
        opened_at=data.requested_datetime,
    )
    return [Emit(ASKS, told, level_of(data.service_code))]


def _answer(before: Document, after: Document) -> Iterator[Effect]:
    if before["answer_waits"] == after["answer_waits"]:
        return
    if (given_up := before["answer_waits"]) is not None:
        yield CancelTimer(_name(given_up))
    if (by := after["answer_waits"]) is not None:
        yield StartTimer(_name(by), by, ServiceRequestAcknowledgementOverdue(rule=LATE, acknowledge_by=by))


def _name(by: datetime) -> str:
    return f"answer@{by.isoformat()}"


MANAGER: Final[ProcessManager] = process_manager(
    "request_promises",
    "Asks what the city promises for a request, and tells when that is not kept",
    types(
        "service_request.opened",
        "service_request.acknowledged",
        "service_request.stage_changed",
        "service_request.update_posted",
        "service_request.closed",
        "service_request.reopened",
        "service_request.promised",
        "service_request.acknowledgement_overdue",
        "service_request.overdue",
    ),
    react,
    FIELDS,
)
