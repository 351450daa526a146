"""Duplicates follow their original: each is told, on its own key, when that is taken on, closed or reopened.

A request that is a duplicate itself passes on what it hears and tells nothing of its own: its closing as a
duplicate is not the end of what was reported. What is told names all that it came through, and goes to none
of them again; so a circle of duplicates ends, and a chain after twenty links. Whoever joins an original that
is closed already is told so at once; who has gone on to another original no longer listens to the first. No
person is named.
"""

from collections.abc import Iterator
from typing import Any, Final

from consumers.engine.effects import Effect, Emit, ProcessManager, Reaction, process_manager
from consumers.followups.followed import MOST
from events.envelope import Event
from events.types.requests import (
    ServiceRequestAcknowledged,
    ServiceRequestClosed,
    ServiceRequestDuplicateJoined,
    ServiceRequestMerged,
    ServiceRequestOriginalProgressed,
    ServiceRequestReopened,
    ServiceRequestStageChanged,
)
from projections.core import Document, types

JOINS: Final = "duplicate.joins_original"
REACHES: Final = "original.reaches_duplicate"
MOST_LINKS: Final = 20
FIELDS: Final = {
    "city": "the city's short name",
    "request_id": "id within the city",
    "duplicate_of": "the request it is a duplicate of, as told last, or None",
    "duplicates": f"the requests told to be duplicates of it, {MOST:,} at most",
    "not_followed": "how many more there were",
    "stands": "what its duplicates hear: stage, resolution_code, through; None until there is anything",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The request after this event, and which others are to hear of it."""
    request = _blank(event) if state is None else state
    match event.data:
        case ServiceRequestMerged() as data:
            return _merged(request, data.duplicate_of)
        case ServiceRequestDuplicateJoined() as data:
            return _joined(request, data.request_id)
        case ServiceRequestOriginalProgressed() as data:
            return _moved(request, _heard(request, data))
    return _moved(request, None if request["duplicate_of"] else _own(event))


def _blank(event: Event) -> Document:
    start: dict[str, Any] = {"duplicates": [], "not_followed": 0}
    return {**dict.fromkeys(FIELDS), **start, "city": event.city, "request_id": event.subject}


def _merged(request: Document, original: str) -> Reaction:
    if original in (request["request_id"], request["duplicate_of"]):
        return request, ()
    joined = ServiceRequestDuplicateJoined(rule=JOINS, request_id=request["request_id"])
    return {**request, "duplicate_of": original}, [Emit(JOINS, joined, original)]


def _joined(request: Document, duplicate: str) -> Reaction:
    after = dict(request)
    if duplicate not in request["duplicates"]:
        if len(request["duplicates"]) < MOST:
            after["duplicates"] = [*request["duplicates"], duplicate]
        else:
            after["not_followed"] += 1
    closed = request["stands"] is not None and request["stands"]["stage"] == "closed"
    return after, list(_told(after, [duplicate])) if closed else ()


def _own(event: Event) -> dict[str, Any] | None:
    """How it stands, where this event says so."""
    match event.data:
        case ServiceRequestAcknowledged():
            return _stands("acknowledged")
        case ServiceRequestClosed() as data if data.resolution_code != "duplicate":
            return _stands("closed", data.resolution_code)
        case ServiceRequestReopened():
            return _stands("reopened")
        case ServiceRequestStageChanged(to_stage="acknowledged" | "closed" | "reopened") as data:
            return _stands(data.to_stage)
    return None


def _stands(stage: str, resolution: str | None = None, through: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"stage": stage, "resolution_code": resolution, "through": list(through)}


def _heard(request: Document, data: ServiceRequestOriginalProgressed) -> dict[str, Any] | None:
    """How its original stands; what comes from another one is not about it."""
    if data.original_id != request["duplicate_of"]:
        return None
    return _stands(data.stage, data.resolution_code, (*data.through, data.original_id))


def _moved(request: Document, stands: dict[str, Any] | None) -> Reaction:
    if stands is None or _same(stands, request["stands"]) or _is_late(stands, request["stands"]):
        return request, ()
    after = {**request, "stands": stands}
    return after, list(_told(after, after["duplicates"]))


def _same(one: Document, other: Document | None) -> bool:
    return other is not None and all(one[name] == other[name] for name in ("stage", "resolution_code"))


def _is_late(stands: Document, before: Document | None) -> bool:
    """That it was taken on is no news of what was closed."""
    return stands["stage"] == "acknowledged" and before is not None and before["stage"] == "closed"


def _told(request: Document, duplicates: list[str]) -> Iterator[Effect]:
    stands = request["stands"]
    if stands is None or len(stands["through"]) > MOST_LINKS:
        return
    for duplicate in duplicates:
        if duplicate not in stands["through"]:
            told = ServiceRequestOriginalProgressed(
                rule=REACHES,
                original_id=request["request_id"],
                through=tuple(stands["through"]),
                stage=stands["stage"],
                resolution_code=stands["resolution_code"],
            )
            yield Emit(REACHES, told, duplicate)


MANAGER: Final[ProcessManager] = process_manager(
    "request_duplicates",
    "Tells the duplicates of a request how that one goes on",
    types(
        "service_request.acknowledged",
        "service_request.stage_changed",
        "service_request.merged",
        "service_request.closed",
        "service_request.reopened",
        "service_request.duplicate_joined",
        "service_request.original_progressed",
    ),
    react,
    FIELDS,
)
