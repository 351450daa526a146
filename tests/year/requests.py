"""What the read models of requests and feedback must hold, made of the truth."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from consumers.engine.model import derived_id
from events.envelope import Event
from producers.simulate.feedback import Feedback
from producers.simulate.levels import Level
from producers.simulate.progress import Progress
from producers.simulate.reported import Change, Request
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.results import progress, results_told
from tests.year.sums import Documents, point, summed

PAUSES = ("on_hold", "awaiting_reporter")


def service_requests(truth: Truth) -> Documents:
    return {
        key: _request(one, progress(truth, "service_request", key))
        for key, one in truth.kept(Request).items()
    }


def _request(one: Request, told_of_results: Progress) -> dict[str, Any]:
    told = one.opening
    return {
        "city": one.city,
        "request_id": one.id,
        "service_code": told.service_code,
        "service_name": told.service_name,
        "service_subtype": None,
        "description": told.description,
        "point": point(told.lat, told.long),
        "address": told.address,
        "neighbourhood_id": told.neighbourhood_id,
        "channel": told.channel,
        "media": list(told.media_url),
        "anonymous": told.anonymous,
        "agency_responsible": one.agency,
        "service_notice": one.notice,
        "stage": one.stage,
        "status": "open" if one.open else "closed",
        "local_status": one.label,
        "resolution_code": one.resolution,
        "opened_at": told.requested_datetime,
        "acknowledged_at": one.first_response,
        "acknowledge_by": one.answer_by,
        "acknowledgement_overdue_at": one.unanswered_at,
        "expected_at": one.expected,
        "closed_at": one.closed_at,
        "overdue_at": max(one.overdue, default=None),
        "paused_at": one.history[-1].event.at if one.stage in PAUSES else None,
        "paused_seconds": sum(pauses(one.history)),
        "results": results_told(told_of_results),
        "updated_at": max(one.last_told, told_of_results.last_told or one.last_told),
        "duplicate_of": one.duplicate_of,
        "carried_followers": one.followers,
        "original_stage": one.original_stage,
        "original_resolution": one.original_resolution,
        "duplicates": one.joined,
        "reopened": one.reopened,
        "confirmed": one.confirmed,
        "disputed": one.disputed,
        "updates": one.updates,
        "history": [_change(change) for change in one.history],
        "history_total": len(one.history),
        "flags": [],
    }


def pauses(history: Sequence[Change]) -> Iterator[int]:
    """The whole seconds of each time for which it stood still, and went on."""
    for change, after in pairwise(history):
        if change.stage in PAUSES:
            yield int((after.event.at - change.event.at).total_seconds())


def _change(one: Change) -> dict[str, Any]:
    return {
        "at": one.event.at,
        "event_id": _reopening(one.event) if one.by_rule else one.event.id,
        "stage": one.stage,
        "local_status": one.label,
        "by": one.by,
        "notes": one.notes,
    }


def _reopening(dispute: Event) -> str:
    """The id of what follows from somebody's finding it still there."""
    told = (dispute.city, dispute.source, dispute.id, dispute.subject)
    return derived_id("request_disputes", *told, "dispute.reopens_request", dispute.subject)


def service_levels(truth: Truth) -> Documents:
    return {
        key: {
            "city": one.city,
            "level_id": key.partition("/")[2],
            "service_code": one.service,
            "acknowledge_hours": one.answer_hours,
            "close_hours": one.close_hours,
            "set_at": one.set_at,
            "asked": one.asked,
        }
        for key, one in truth.kept(Level).items()
    }


def program_feedback(truth: Truth) -> Documents:
    return {
        key: {
            "city": one.city,
            "feedback_id": one.id,
            "program_id": one.data.program_id,
            "rating": one.data.rating,
            "themes": list(one.data.themes),
            "text_ref": one.data.text_ref,
            "submitted_at": one.at,
        }
        for key, one in truth.kept(Feedback).items()
    }


def by_stage(truth: Truth) -> Sums:
    return summed(((one.city, one.stage), {"count": 1}) for one in truth.kept(Request).values())


def by_service(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, one.opening.service_code),
            {"total": 1, "open": int(one.open), "overdue": int(bool(one.overdue))},
        )
        for one in truth.kept(Request).values()
    )


def by_neighbourhood(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, one.opening.neighbourhood_id or ""),
            {"total": 1, "open": int(one.open), "overdue": int(bool(one.overdue))},
        )
        for one in truth.kept(Request).values()
    )


def ratings(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, one.data.program_id),
            {"responses": 1, "rating_sum": one.data.rating, f"r{one.data.rating}": 1},
        )
        for one in truth.kept(Feedback).values()
    )


DOCUMENTS = {
    "service_requests": service_requests,
    "service_levels": service_levels,
    "program_feedback": program_feedback,
}
TALLIES = {
    "requests_by_stage": by_stage,
    "requests_by_service": by_service,
    "requests_by_neighbourhood": by_neighbourhood,
    "requests_by_flag": lambda _: {},
    "program_ratings": ratings,
}
