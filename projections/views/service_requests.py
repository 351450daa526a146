"""Service requests with their whole history, and how many stand where.

The log decides: within one request the order of the log is the order of its life, so the last
record told sets the stage whatever its `time` says, and the history stands in log order. Times
are not state: `acknowledged_at` is the earliest and `updated_at` the latest time told. Details
told by `opened` fill in a request that other events reached first; they never set it back.
"""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.stages import Stage, open311_status
from events.types.requests import (
    ResolutionConfirmed,
    ResolutionDisputed,
    ServiceRequestAcknowledged,
    ServiceRequestClosed,
    ServiceRequestMerged,
    ServiceRequestOpened,
    ServiceRequestReopened,
    ServiceRequestStageChanged,
    ServiceRequestUpdatePosted,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.concluded import FIELDS as CONCLUDED_FIELDS
from projections.views.concluded import conclude
from projections.views.pauses import FIELDS as PAUSE_FIELDS
from projections.views.pauses import pause
from projections.views.progress import take_up
from projections.views.timeline import earliest, latest, remember

FIELDS: Final = {
    "city": "the city's short name",
    "request_id": "id within the city",
    "service_code": "the city's code of the service; None until the opening is told",
    "service_name": "its name",
    "service_subtype": "a finer kind, in the city's words",
    "description": "the reporter's own words",
    "point": "GeoJSON Point, longitude before latitude, or None",
    "address": "the address as reported",
    "neighbourhood_id": "the city's code of the neighbourhood",
    "channel": "how it was reported",
    "media": "addresses of pictures",
    "anonymous": "the reporter asked not to be shown",
    "agency_responsible": "the agency named last",
    "service_notice": "what the agency said when it took the request on",
    "stage": "canonical stage, by the last record in the log",
    "status": "Open311's word, open or closed: derived from the stage",
    "local_status": "the city's own label of the present stage, verbatim; None where it gave none",
    "resolution_code": "how it was resolved; only while closed",
    "opened_at": "when it was reported",
    "acknowledged_at": "first response: acknowledged, moved, closed or publicly answered by the agency",
    "expected_at": "when the city expects to be done, as it told last, or else by its service level",
    "closed_at": "when it was last closed; None again once it is reopened",
    "updated_at": "the latest time of any event",
    **PAUSE_FIELDS,
    **CONCLUDED_FIELDS,
    "duplicate_of": "id of the original, of which this is a duplicate; a merge alone closes nothing",
    "carried_followers": "followers who went on to the original",
    "reopened": "how many times it was reopened",
    "confirmed": "how many looked and found the problem gone",
    "disputed": "how many looked and found it still there",
    "updates": "how many updates were posted",
    "results": "the 100 results that moved last: result_id, percent, milestone, progressed_at",
    "history": "the last 100 changes in log order: stage, local_status, by, notes, at, event_id",
    "history_total": "how many changes there were",
    "flags": "defects of the data: not_opened, closed_before_opened, closed_at_but_open",
}


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "request_id": event.subject,
        "channel": "unknown",
        "media": [],
        "anonymous": False,
        "stage": "submitted",
        "carried_followers": 0,
        "duplicates": 0,
        "reopened": 0,
        "confirmed": 0,
        "disputed": 0,
        "updates": 0,
        "paused_seconds": 0,
        "results": [],
        "history": [],
        "history_total": 0,
    }


def evolve(document: Document | None, event: Event) -> Document:
    """The request after this event."""
    request = _blank(event) if document is None else dict(document)
    _apply(request, event)
    take_up(request, event)
    conclude(request, event.data)
    request["updated_at"] = latest(request["updated_at"], event.at)
    request["status"] = open311_status(request["stage"])
    request["flags"] = list(_flags(request))
    return request


def _apply(request: dict[str, Any], event: Event) -> None:
    match event.data:
        case ServiceRequestOpened() as data:
            _opened(request, event, data)
        case ServiceRequestAcknowledged() as data:
            _acknowledged(request, event, data)
        case ServiceRequestStageChanged() as data:
            _stage_changed(request, event, data)
        case ServiceRequestUpdatePosted() as data:
            _update_posted(request, event, data)
        case ServiceRequestMerged() as data:
            request["duplicate_of"] = data.duplicate_of
            request["carried_followers"] = data.carried_followers
        case ServiceRequestClosed() as data:
            _closed(request, event, data)
        case ServiceRequestReopened() as data:
            _move(request, event, "reopened", by=data.by, notes=data.reason)
        case ResolutionConfirmed() | ResolutionDisputed() as data:
            request["confirmed" if isinstance(data, ResolutionConfirmed) else "disputed"] += 1


def _opened(request: dict[str, Any], event: Event, data: ServiceRequestOpened) -> None:
    request["service_code"] = data.service_code
    request["service_name"] = data.service_name
    request["service_subtype"] = data.service_subtype
    request["description"] = data.description
    request["point"] = _point(data)
    request["address"] = data.address
    request["neighbourhood_id"] = data.neighbourhood_id
    request["channel"] = data.channel
    request["media"] = list(data.media_url)
    request["anonymous"] = data.anonymous
    request["opened_at"] = data.requested_datetime
    _promise(request, data.agency_responsible, data.expected_datetime)
    remember(request, event, {"stage": "submitted", "local_status": None, "by": "reporter", "notes": None})


def _point(data: ServiceRequestOpened) -> dict[str, Any] | None:
    if data.lat is None or data.long is None:
        return None
    return {"type": "Point", "coordinates": [data.long, data.lat]}


def _promise(request: dict[str, Any], agency: str | None, expected: datetime | None) -> None:
    if agency is not None:
        request["agency_responsible"] = agency
    if expected is not None:
        request["expected_at"] = expected


def _acknowledged(request: dict[str, Any], event: Event, data: ServiceRequestAcknowledged) -> None:
    _promise(request, data.agency_responsible, data.expected_datetime)
    if data.service_notice is not None:
        request["service_notice"] = data.service_notice
    _responded(request, event)
    _move(request, event, "acknowledged", by="agency", notes=data.service_notice)


def _stage_changed(request: dict[str, Any], event: Event, data: ServiceRequestStageChanged) -> None:
    if data.actor_kind == "agency":
        _responded(request, event)
    _move(
        request,
        event,
        data.to_stage,
        by=data.actor_kind,
        notes=data.status_notes,
        label=data.local_status,
    )


def _update_posted(request: dict[str, Any], event: Event, data: ServiceRequestUpdatePosted) -> None:
    request["updates"] += 1
    if data.author_kind == "agency" and data.is_public:
        _responded(request, event)


def _closed(request: dict[str, Any], event: Event, data: ServiceRequestClosed) -> None:
    _responded(request, event)
    _move(request, event, "closed", by="agency", notes=data.status_notes)
    request["resolution_code"] = data.resolution_code
    request["closed_at"] = data.closed_datetime


def _responded(request: dict[str, Any], event: Event) -> None:
    request["acknowledged_at"] = earliest(request["acknowledged_at"], event.at)


def _move(
    request: dict[str, Any],
    event: Event,
    stage: Stage,
    *,
    by: str,
    notes: str | None,
    label: str | None = None,
) -> None:
    """Set the stage. A label stays as long as its stage does."""
    before = request["stage"]
    pause(request, event, stage)
    request["stage"] = stage
    if label is not None or stage != before:
        request["local_status"] = label
    if stage == "closed" and before != "closed":
        request["closed_at"] = event.at
    if stage != "closed":
        request["resolution_code"] = None
    if stage == "reopened":
        request["closed_at"] = None
        request["reopened"] += 1
    remember(request, event, {"stage": stage, "local_status": label, "by": by, "notes": notes})


def _flags(request: Document) -> Iterable[str]:
    opened, closed = request["opened_at"], request["closed_at"]
    if opened is None:
        yield "not_opened"
    if opened is not None and closed is not None and closed < opened:
        yield "closed_before_opened"
    if closed is not None and request["stage"] != "closed":
        yield "closed_at_but_open"


VIEW: Final = DocumentView(
    name="service_requests",
    description="Every service request with its stage, times and history",
    handles=types(
        "service_request.opened",
        "service_request.acknowledged",
        "service_request.stage_changed",
        "service_request.update_posted",
        "service_request.merged",
        "service_request.closed",
        "service_request.reopened",
        "service_request.overdue",
        "service_request.result_progressed",
        "service_request.promised",
        "service_request.acknowledgement_overdue",
        "service_request.duplicate_joined",
        "service_request.original_progressed",
        "resolution.confirmed",
        "resolution.disputed",
    ),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("updated_at", -1), ("_id", 1)),
        (("city", 1), ("opened_at", -1), ("_id", 1)),
        (("city", 1), ("stage", 1), ("opened_at", -1)),
        (("city", 1), ("service_code", 1), ("opened_at", -1)),
        (("city", 1), ("neighbourhood_id", 1), ("opened_at", -1)),
        (("point", "2dsphere"),),
    ),
)


def _standing(request: Document, of: str | None) -> Iterable[Cell]:
    marks = {"open": request["stage"] != "closed", "overdue": request["overdue_at"] is not None}
    told = dict.fromkeys((name for name, is_so in marks.items() if is_so), 1)
    yield Cell((request["city"], of or ""), {"total": 1, **told})


_STANDING: Final = {
    "open": "requests not closed",
    "overdue": "requests that were open at a time by which the city expected to be done",
    "total": "all requests",
}

BY_STAGE: Final = DocumentTally(
    name="requests_by_stage",
    description="How many requests stand in each stage",
    dimensions=("city", "stage"),
    measures={"count": "requests in this stage"},
    over=VIEW,
    cells=lambda request: (Cell((request["city"], request["stage"]), {"count": 1}),),
)
BY_SERVICE: Final = DocumentTally(
    name="requests_by_service",
    description="Requests per service; the empty code stands for requests whose opening is not told",
    dimensions=("city", "service_code"),
    measures=_STANDING,
    over=VIEW,
    cells=lambda request: _standing(request, request["service_code"]),
)
BY_NEIGHBOURHOOD: Final = DocumentTally(
    name="requests_by_neighbourhood",
    description="Requests per neighbourhood; the empty code stands for requests without one",
    dimensions=("city", "neighbourhood_id"),
    measures=_STANDING,
    over=VIEW,
    cells=lambda request: _standing(request, request["neighbourhood_id"]),
)
BY_FLAG: Final = DocumentTally(
    name="requests_by_flag",
    description="How many requests show each defect of the data",
    dimensions=("city", "flag"),
    measures={"count": "requests with this defect"},
    over=VIEW,
    cells=lambda request: [Cell((request["city"], flag), {"count": 1}) for flag in request["flags"]],
)
TALLIES: Final = (BY_STAGE, BY_SERVICE, BY_NEIGHBOURHOOD, BY_FLAG)
