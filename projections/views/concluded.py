"""What rules conclude about a request: promises, those that were not kept, duplicates and their original."""

from typing import Any, Final

from events.envelope import Payload
from events.types.requests import (
    ServiceRequestAcknowledgementOverdue,
    ServiceRequestDuplicateJoined,
    ServiceRequestOriginalProgressed,
    ServiceRequestOverdue,
    ServiceRequestPromised,
)
from projections.views.timeline import latest

FIELDS: Final = {
    "overdue_at": "the latest time by which the city expected to be done and at which it was open, or None",
    "acknowledge_by": "by when the service level promised an answer, or None",
    "acknowledgement_overdue_at": "that time, if there was none by then, else None",
    "original_stage": "what was told last of the original: acknowledged, closed or reopened",
    "original_resolution": "how that was resolved, if it was closed",
    "duplicates": "how many times a request was told to be a duplicate of this one",
}


def conclude(request: dict[str, Any], data: Payload) -> None:
    """Keep what a rule concluded, if this is such a thing."""
    match data:
        case ServiceRequestOverdue():
            request["overdue_at"] = latest(request["overdue_at"], data.expected_datetime)
        case ServiceRequestPromised():
            request["acknowledge_by"] = data.acknowledge_by
            request["expected_at"] = request["expected_at"] or data.expected_datetime
        case ServiceRequestAcknowledgementOverdue():
            request["acknowledgement_overdue_at"] = data.acknowledge_by
        case ServiceRequestDuplicateJoined():
            request["duplicates"] += 1
        case ServiceRequestOriginalProgressed():
            request["original_stage"] = data.stage
            request["original_resolution"] = data.resolution_code
