"""Requests that are the same as others: whatever is done about one reaches all that were joined with it."""

from datetime import datetime
from typing import Final

from producers.simulate.reported import Request
from producers.simulate.town import Town

LINKS: Final = 20


def joined(town: Town, request: Request, original: Request, at: datetime) -> None:
    """It belongs to the other one from here on, and is told at once if that is over."""
    town.follows("service_request.duplicate_joined", original.id, at, request_id=request.id)
    original.joined += 1
    original.noted(at)
    if request.id not in original.duplicates:
        original.duplicates.append(request.id)
    if original.stands is not None and original.stands[0] == "closed":
        _reach(town, original, request, at)


def moved(town: Town, request: Request, stage: str, resolution: str | None, at: datetime) -> None:
    """It was taken on, closed or reopened; of what is a duplicate itself nobody asks."""
    if request.duplicate_of is None and resolution != "duplicate":
        _stand(town, request, (stage, resolution), (), at)


def _stand(
    town: Town, request: Request, stands: tuple[str, str | None], way: tuple[str, ...], at: datetime
) -> None:
    before = request.stands
    stale = stands[0] == "acknowledged" and before is not None and before[0] == "closed"
    if stands == before or stale:
        return
    request.stands, request.way = stands, way
    for id_ in request.duplicates:
        _reach(town, request, town.truth.kept(Request)[town.key(id_)], at)


def _reach(town: Town, original: Request, duplicate: Request, at: datetime) -> None:
    if original.stands is None or duplicate.id in original.way or len(original.way) > LINKS:
        return
    stage, resolution = original.stands
    town.follows(
        "service_request.original_progressed",
        duplicate.id,
        at,
        original_id=original.id,
        through=original.way,
        stage=stage,
        resolution_code=resolution,
    )
    duplicate.original_stage, duplicate.original_resolution = stage, resolution
    duplicate.noted(at)
    if duplicate.duplicate_of == original.id:
        duplicate.solved = stage == "closed"
        duplicate.hears.original(at, stage, resolution)
        _stand(town, duplicate, original.stands, (*original.way, original.id), at)
