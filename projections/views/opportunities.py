"""Opportunities to volunteer: what is asked of whom, and which sessions there are."""

from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.volunteering import (
    OpportunityCancelled,
    OpportunityPublished,
    OpportunitySessionAdded,
    Role,
)
from projections.core import Document, DocumentView, types
from projections.views.timeline import earliest, latest

SESSIONS_KEPT: Final = 200
"""Sessions that an opportunity names, those that start last; all of them stand in `sessions`."""

FIELDS: Final = {
    "city": "the city's short name",
    "opportunity_id": "id within the city",
    "title": "what it is called; None until the publication is told",
    "description": "what there is to do, in the organiser's words",
    "activity": "the city's code of the kind of work",
    "organisation": "who organises it, where that is not the city",
    "group_id": "the community group that organises it, or None",
    "project_id": "the project it is a part of, or None",
    "neighbourhood_id": "the city's code of the neighbourhood",
    "roles": "what a volunteer can be: role_id, title, commitment, min_age, skills, requirements, "
    "accessibility, remote",
    "sessions": "the 200 sessions that start last, the first of them first: session_id, starts_at; what has "
    "become of one stands in `sessions`",
    "last_starts_at": "when the last of its sessions starts; None without any",
    "listed_at": "when its last session starts, else when it was published, or told of last",
    "status": "announced until the publication is told, published, or cancelled for good",
    "published_at": "when it was first published",
    "cancelled_at": "when it was cancelled, or None",
    "cancel_reason": "the reason's name",
    "cancel_note": "what the organiser said of it",
    "updated_at": "the latest time of any event",
}


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "opportunity_id": event.subject,
        "roles": [],
        "sessions": [],
    }


def evolve(document: Document | None, event: Event) -> Document:
    """The opportunity after this event. What was published last counts; a cancellation is final."""
    opportunity = _blank(event) if document is None else dict(document)
    match event.data:
        case OpportunityPublished() as data:
            _published(opportunity, event, data)
        case OpportunitySessionAdded() as data:
            _session_added(opportunity, data)
        case OpportunityCancelled() as data:
            opportunity["cancelled_at"] = event.at
            opportunity["cancel_reason"] = data.reason
            opportunity["cancel_note"] = data.note
    opportunity["updated_at"] = latest(opportunity["updated_at"], event.at)
    opportunity["listed_at"] = _listed_at(opportunity)
    opportunity["status"] = _status(opportunity)
    return opportunity


def _published(opportunity: dict[str, Any], event: Event, data: OpportunityPublished) -> None:
    opportunity["title"] = data.title
    opportunity["description"] = data.description
    opportunity["activity"] = data.activity
    opportunity["organisation"] = data.organisation
    opportunity["group_id"] = data.group_id
    opportunity["project_id"] = data.project_id
    opportunity["neighbourhood_id"] = data.neighbourhood_id
    opportunity["roles"] = [_role(role) for role in data.roles]
    opportunity["published_at"] = earliest(opportunity["published_at"], event.at)


def _role(role: Role) -> dict[str, Any]:
    return role.model_dump(mode="json")


def _session_added(opportunity: dict[str, Any], data: OpportunitySessionAdded) -> None:
    others = [one for one in opportunity["sessions"] if one["session_id"] != data.session_id]
    named = [*others, {"session_id": data.session_id, "starts_at": data.starts_at}]
    named.sort(key=lambda one: (one["starts_at"], one["session_id"]))
    opportunity["sessions"] = named[-SESSIONS_KEPT:]
    opportunity["last_starts_at"] = named[-1]["starts_at"]


def _listed_at(opportunity: Document) -> Any:
    """Where it stands in a list that begins with what is still to come."""
    return opportunity["last_starts_at"] or opportunity["published_at"] or opportunity["updated_at"]


def _status(opportunity: Document) -> str:
    if opportunity["cancelled_at"] is not None:
        return "cancelled"
    return "announced" if opportunity["published_at"] is None else "published"


VIEW: Final = DocumentView(
    name="opportunities",
    description="Every opportunity to volunteer with its roles and sessions",
    handles=types("opportunity.published", "opportunity.session_added", "opportunity.cancelled"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("status", 1), ("listed_at", -1), ("_id", 1)),
        (("city", 1), ("project_id", 1)),
        (("city", 1), ("group_id", 1)),
    ),
)
