"""What is news about a request to whoever reported it.

Nobody is told the same twice, and after a closing only a reopening or another outcome is news. A duplicate
hears how its original goes on; that it was closed as a duplicate is no end.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from events.envelope import Payload
from events.types.requests import (
    ServiceRequestAcknowledged,
    ServiceRequestClosed,
    ServiceRequestMerged,
    ServiceRequestOriginalProgressed,
    ServiceRequestOverdue,
    ServiceRequestPromised,
    ServiceRequestReopened,
    ServiceRequestStageChanged,
    ServiceRequestUpdatePosted,
)
from projections.core import Document

MOVES: Final = frozenset({"scheduled", "awaiting_reporter", "referred"})
"""The stages that a reporter would want to hear of, besides the beginning and the end."""
UNKNOWN: Final = "unknown"
Message = dict[str, Any]
"""Template and fields, as a state keeps them."""
Told = tuple[dict[str, Any], Message | None]
"""What changes, and what there is to tell."""
NOTHING: Final[Told] = ({}, None)


def news(request: Document, data: Payload) -> Told:
    """What these data change, and what its reporter is to be told."""
    tell = _NEWS.get(type(data))
    return NOTHING if tell is None else tell(request, data)


def message(template: str, **fields: str) -> Message:
    """In the form in which a state can keep it."""
    return {"template": template, "fields": fields}


def named(expected: datetime | None) -> dict[str, Any]:
    """The time by which the city expects to be done, where it names one."""
    return {} if expected is None else {"expected_at": expected}


def expected(request: Document) -> dict[str, str]:
    """The same as a field of a message."""
    time: datetime | None = request["expected_at"]
    return {} if time is None else {"expected_at": time.isoformat()}


def _acknowledged(request: Document, data: ServiceRequestAcknowledged) -> Told:
    return _taken_on(request, data.expected_datetime)


def _taken_on(request: Document, time: datetime | None) -> Told:
    changes = named(time)
    if request["resolution"] is not None:
        return changes, None
    if not request["steps"]:
        told = message("request_acknowledged", **expected({**request, **changes}))
        return {**changes, "steps": ["acknowledged"]}, told
    if time is not None and time != request["expected_at"]:
        return changes, message("request_expected", **expected(changes))
    return changes, None


def _moved(request: Document, data: ServiceRequestStageChanged) -> Told:
    stage = data.to_stage
    match stage:
        case "closed":
            return _ended(request, UNKNOWN, "request_closed")
        case "reopened":
            return _reopened(request, data)
        case "acknowledged":
            return _taken_on(request, None)
    if stage not in MOVES or stage in request["steps"] or request["resolution"] is not None:
        return NOTHING
    return {"steps": [*request["steps"], stage]}, message("request_moved", stage=stage)


def _closed(request: Document, data: ServiceRequestClosed) -> Told:
    if data.resolution_code == "duplicate" and request["duplicate_of"] is not None:
        return NOTHING
    return _ended(request, data.resolution_code, "request_closed")


def _ended(request: Document, resolution: str, template: str) -> Told:
    """Closed again it is news where the city gives another outcome than the one it gave."""
    before = request["resolution"]
    if before is not None and (before == resolution or UNKNOWN in (before, resolution)):
        return NOTHING
    return {"resolution": resolution, "steps": []}, message(template, resolution=resolution)


def _reopened(request: Document, _: Payload) -> Told:
    if request["resolution"] is None and "joined" not in request["steps"]:
        return NOTHING
    return {"resolution": None, "steps": []}, message("request_reopened")


def _joined(request: Document, data: ServiceRequestMerged) -> Told:
    if data.duplicate_of in (request["request_id"], request["duplicate_of"]):
        return NOTHING
    changes = {"duplicate_of": data.duplicate_of}
    if request["resolution"] not in (None, "duplicate") or "joined" in request["steps"]:
        return changes, None
    steps = [*request["steps"], "joined"]
    return {**changes, "resolution": None, "steps": steps}, message("request_joined")


def _followed(request: Document, data: ServiceRequestOriginalProgressed) -> Told:
    if data.original_id != request["duplicate_of"]:
        return NOTHING
    match data.stage:
        case "closed":
            return _ended(request, data.resolution_code or UNKNOWN, "request_original_closed")
        case "reopened" if request["resolution"] is not None:
            return {"resolution": None, "steps": ["joined"]}, message("request_original_reopened")
        case "acknowledged" if request["resolution"] is None and not set(request["steps"]) - {"joined"}:
            steps = [*request["steps"], "acknowledged"]
            return {"steps": steps}, message("request_original_acknowledged")
    return NOTHING


def _late(request: Document, data: ServiceRequestOverdue) -> Told:
    time, before = data.expected_datetime, request["overdue_at"]
    settled = request["resolution"] is not None or "joined" in request["steps"]
    if settled or (before is not None and before >= time):
        return NOTHING
    return {"overdue_at": time}, message("request_overdue", **expected(named(time)))


def _promised(request: Document, data: ServiceRequestPromised) -> Told:
    return ({} if request["expected_at"] else named(data.expected_datetime)), None


def _written(_: Document, data: ServiceRequestUpdatePosted) -> Told:
    for_all = data.author_kind == "agency" and data.is_public
    return ({}, message("request_update")) if for_all else NOTHING


_NEWS: Final[dict[type[Payload], Callable[[Document, Any], Told]]] = {
    ServiceRequestAcknowledged: _acknowledged,
    ServiceRequestStageChanged: _moved,
    ServiceRequestUpdatePosted: _written,
    ServiceRequestMerged: _joined,
    ServiceRequestClosed: _closed,
    ServiceRequestReopened: _reopened,
    ServiceRequestOverdue: _late,
    ServiceRequestPromised: _promised,
    ServiceRequestOriginalProgressed: _followed,
}
