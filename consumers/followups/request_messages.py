"""What a reporter is told of a request: that it came, who has it, what the city waits for, and how it ends.

Nobody is told the same twice, and after a closing only a reopening or another outcome is news. A duplicate
hears how its original goes on; that it was closed as a duplicate is no end. Where other events come before the
opening, nobody is known who could be told: with the opening they are told where the request stands then.
"""

from datetime import datetime
from typing import Any, Final

from consumers.engine.effects import Effect, Notify, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.requests import (
    ServiceRequestAcknowledged,
    ServiceRequestClosed,
    ServiceRequestMerged,
    ServiceRequestOpened,
    ServiceRequestOriginalProgressed,
    ServiceRequestOverdue,
    ServiceRequestPromised,
    ServiceRequestReopened,
    ServiceRequestStageChanged,
    ServiceRequestUpdatePosted,
)
from projections.core import Document, types

MOVES: Final = frozenset({"scheduled", "awaiting_reporter", "referred"})
"""The stages that a reporter would want to hear of, besides the beginning and the end."""
PASSING: Final = frozenset({"request_expected", "request_overdue", "request_update"})
"""What does not say where the request stands: it is told at its time or never."""
UNKNOWN: Final = "unknown"
FIELDS: Final = {
    "city": "the city's short name",
    "request_id": "id within the city",
    "opened": "whether its opening was told",
    "reporter": "who reported it, by pseudonym, or None",
    "expected_at": "when the city expects to be done, as it told last, or else by its service level",
    "overdue_at": "the latest time at which it was told to be late",
    "duplicate_of": "the request it is a duplicate of, as told last, or None",
    "resolution": "how it, or its original, was closed; None while it is open",
    "steps": "what was told since it was reported or reopened",
    "held": "what there is to tell when its opening comes: template, fields; or None",
}
Message = dict[str, Any]
Told = tuple[dict[str, Any], Message | None]
"""What changes, and what there is to tell."""
NOTHING: Final[Told] = ({}, None)


def react(state: Document | None, event: Event) -> Reaction:
    """The request after this event, and what its reporter is told."""
    request = _blank(event) if state is None else state
    if isinstance(event.data, ServiceRequestOpened):
        return _opened(request, event, event.data)
    changes, message = _news(request, event)
    after = {**request, **changes}
    if message is None:
        return after, ()
    if after["opened"]:
        return after, [_notify(after, message)]
    return after if message["template"] in PASSING else {**after, "held": message}, ()


def _blank(event: Event) -> Document:
    start = {"city": event.city, "request_id": event.subject, "opened": False, "steps": []}
    return {**dict.fromkeys(FIELDS), **start}


def _opened(request: Document, event: Event, data: ServiceRequestOpened) -> Reaction:
    after = {**request, **_named(data.expected_datetime)}
    if request["opened"]:
        return after, ()
    after |= {"opened": True, "reporter": event.participant, "held": None}
    expected = {} if request["held"] else _expected(after)
    messages = [_message("request_received", **expected), request["held"]]
    return after, [_notify(after, one) for one in messages if one is not None]


def _message(template: str, **fields: str) -> Message:
    return {"template": template, "fields": fields}


def _notify(request: Document, message: Message) -> Effect:
    template = message["template"]
    return Notify(template.replace("_", ".", 1), request["reporter"], template, message["fields"])


def _named(expected: datetime | None) -> dict[str, Any]:
    return {} if expected is None else {"expected_at": expected}


def _expected(request: Document) -> dict[str, str]:
    expected: datetime | None = request["expected_at"]
    return {} if expected is None else {"expected_at": expected.isoformat()}


def _news(request: Document, event: Event) -> Told:
    match event.data:
        case ServiceRequestAcknowledged() as data:
            return _acknowledged(request, data.expected_datetime)
        case ServiceRequestStageChanged() as data:
            return _moved(request, data.to_stage)
        case ServiceRequestClosed() as data:
            return _closed(request, data.resolution_code, "request_closed")
        case ServiceRequestReopened():
            return _reopened(request)
        case ServiceRequestMerged() as data:
            return _joined(request, data.duplicate_of)
        case ServiceRequestOriginalProgressed() as data if data.original_id == request["duplicate_of"]:
            return _followed(request, data)
        case ServiceRequestOverdue() as data:
            return _late(request, data.expected_datetime)
        case ServiceRequestPromised() as data if request["expected_at"] is None:
            return _named(data.expected_datetime), None
        case ServiceRequestUpdatePosted(author_kind="agency", is_public=True):
            return {}, _message("request_update")
    return NOTHING


def _acknowledged(request: Document, expected: datetime | None) -> Told:
    named = _named(expected)
    if request["resolution"] is not None:
        return named, None
    if not request["steps"]:
        message = _message("request_acknowledged", **_expected({**request, **named}))
        return {**named, "steps": ["acknowledged"]}, message
    if expected is not None and expected != request["expected_at"]:
        return named, _message("request_expected", **_expected(named))
    return named, None


def _moved(request: Document, stage: str) -> Told:
    match stage:
        case "closed":
            return _closed(request, UNKNOWN, "request_closed")
        case "reopened":
            return _reopened(request)
        case "acknowledged":
            return _acknowledged(request, None)
    if stage not in MOVES or stage in request["steps"] or request["resolution"] is not None:
        return NOTHING
    return {"steps": [*request["steps"], stage]}, _message("request_moved", stage=stage)


def _closed(request: Document, resolution: str, template: str) -> Told:
    """Closed again it is news where the city gives another outcome than the one it gave."""
    before = request["resolution"]
    if resolution == "duplicate" and request["duplicate_of"] is not None:
        return NOTHING
    if before is not None and (before == resolution or UNKNOWN in (before, resolution)):
        return NOTHING
    return {"resolution": resolution, "steps": []}, _message(template, resolution=resolution)


def _reopened(request: Document) -> Told:
    if request["resolution"] is None and "joined" not in request["steps"]:
        return NOTHING
    return {"resolution": None, "steps": []}, _message("request_reopened")


def _joined(request: Document, original: str) -> Told:
    if original in (request["request_id"], request["duplicate_of"]):
        return NOTHING
    changes = {"duplicate_of": original}
    if request["resolution"] not in (None, "duplicate") or "joined" in request["steps"]:
        return changes, None
    steps = [*request["steps"], "joined"]
    return {**changes, "resolution": None, "steps": steps}, _message("request_joined")


def _followed(request: Document, data: ServiceRequestOriginalProgressed) -> Told:
    match data.stage:
        case "closed":
            return _closed(request, data.resolution_code or UNKNOWN, "request_original_closed")
        case "reopened" if request["resolution"] is not None:
            return {"resolution": None, "steps": ["joined"]}, _message("request_original_reopened")
        case "acknowledged" if request["resolution"] is None and not set(request["steps"]) - {"joined"}:
            steps = [*request["steps"], "acknowledged"]
            return {"steps": steps}, _message("request_original_acknowledged")
    return NOTHING


def _late(request: Document, expected: datetime) -> Told:
    before: datetime | None = request["overdue_at"]
    settled = request["resolution"] is not None or "joined" in request["steps"]
    if settled or (before is not None and before >= expected):
        return NOTHING
    return {"overdue_at": expected}, _message("request_overdue", **_expected({"expected_at": expected}))


MANAGER: Final[ProcessManager] = process_manager(
    "request_messages",
    "Tells reporters what becomes of their requests",
    types(
        "service_request.opened",
        "service_request.acknowledged",
        "service_request.stage_changed",
        "service_request.update_posted",
        "service_request.merged",
        "service_request.closed",
        "service_request.reopened",
        "service_request.overdue",
        "service_request.promised",
        "service_request.original_progressed",
    ),
    react,
    FIELDS,
)
