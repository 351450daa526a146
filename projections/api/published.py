"""What the public may see of a document; pure.

Never shown: participants' pseudonyms, channels, event ids, the words of reporters who asked not
to be shown, and those of content that was hidden. An answer is shown from the moment the city made it public.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from projections.api import models
from projections.api.present import amount, words
from projections.core import Document
from projections.read import PUBLIC_DECIMALS

_SAME = (
    "city",
    "service_code",
    "service_name",
    "stage",
    "status",
    "local_status",
    "resolution_code",
    "neighbourhood_id",
    "agency_responsible",
    "anonymous",
    "opened_at",
    "expected_at",
    "overdue_at",
    "closed_at",
    "updated_at",
    "duplicate_of",
)
_DETAILS = (
    "service_notice",
    "acknowledge_by",
    "acknowledged_at",
    "duplicates",
    "reopened",
    "confirmed",
    "disputed",
    "history_total",
)
_CITY_SPEAKS = ("agency", "system")


def place(request: Document) -> tuple[float, float] | tuple[None, None]:
    """Longitude and latitude; rounded when the report is anonymous."""
    if request["point"] is None:
        return None, None
    long, lat = request["point"]["coordinates"]
    if request["anonymous"]:
        return round(long, PUBLIC_DECIMALS), round(lat, PUBLIC_DECIMALS)
    return long, lat


def request_fields(request: Document, *, is_hidden: bool) -> dict[str, Any]:
    """The fields of `ServiceRequest`."""
    long, lat = place(request)
    address = None if is_hidden or request["anonymous"] else request["address"]
    own = {"id": request["request_id"], "long": long, "lat": lat, "address": address, "hidden": is_hidden}
    return {**own, **{name: request[name] for name in _SAME}}


def service_request(request: Document, *, is_hidden: bool = False) -> models.ServiceRequest:
    """A request in a listing."""
    return models.ServiceRequest(**request_fields(request, is_hidden=is_hidden))


def request_detail(
    request: Document,
    as_of: str | None,
    *,
    problems: Sequence[models.ProblemSummary] = (),
    results: Sequence[models.ResultSummary] = (),
    is_hidden: bool = False,
) -> models.RequestDetail:
    """A request with its history and what came of it."""
    return models.RequestDetail(
        **request_fields(request, is_hidden=is_hidden),
        **{name: request[name] for name in _DETAILS},
        description=None if is_hidden or request["anonymous"] else request["description"],
        history=[_change(entry) for entry in request["history"]],
        problems=list(problems),
        results=list(results),
        as_of=as_of,
    )


def _change(entry: Mapping[str, Any]) -> models.Change:
    notes = entry["notes"] if entry["by"] in _CITY_SPEAKS else None
    named = {name: entry[name] for name in ("at", "stage", "local_status", "by")}
    return models.Change(**named, notes=notes)


def feature(request: Document) -> models.Feature:
    """A request with a place, as a GeoJSON feature."""
    long, lat = place(request)
    if long is None or lat is None:
        raise ValueError("a feature needs a place")
    name = request["service_name"] or "Service request"
    properties = {
        "service_name": name,
        "service_code": request["service_code"],
        "stage": request["stage"],
        "stage_label": words(request["stage"]),
        "anonymous": request["anonymous"],
        "opened_at": request["opened_at"],
        "page": f"/cities/{request['city']}/requests/{request['request_id']}",
    }
    point = models.Point(coordinates=(round(long, 7), round(lat, 7)))
    return models.Feature(id=request["request_id"], geometry=point, properties=properties)


def idea(
    document: Document,
    supporters: int,
    now: datetime,
    *,
    results: Sequence[models.ResultSummary] = (),
    is_hidden: bool = False,
) -> models.Idea:
    """An idea; `now` decides whether its answer is public yet."""
    withdrawn = document["status"] == "withdrawn"
    gone = withdrawn or is_hidden
    answer = _decision(document["answer"], now)
    answered = answer.decision if answer else "submitted"
    cost = document["est_cost"]
    return models.Idea(
        city=document["city"],
        id=document["idea_id"],
        title=None if gone else document["title"],
        summary=None if gone else document["summary"],
        category=document["category"],
        neighbourhood_id=document["neighbourhood_id"],
        problem_id=document["problem_id"],
        est_cost=None if cost is None else amount(cost),
        status="withdrawn" if withdrawn else answered,
        answer=answer,
        supporters=supporters,
        submitted_at=document["submitted_at"],
        hidden=is_hidden,
        results=list(results),
    )


def _decision(answer: Mapping[str, Any] | None, now: datetime) -> models.Decision | None:
    if answer is None or (answer["public_from"] or now) > now:
        return None
    return models.Decision(**{name: answer[name] for name in ("decision", "explanation", "answered_at")})
