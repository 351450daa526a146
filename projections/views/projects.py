"""Projects: work that citizens and the city began together, and how it ended."""

from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.awards import AwardRef
from events.types.impact import ProjectEnded, ProjectStarted
from projections.core import Document, DocumentView, types
from projections.views.timeline import latest

FIELDS: Final = {
    "city": "the city's short name",
    "project_id": "id within the city",
    "title": "as it was named; None until the start is told",
    "category": "the city's code",
    "organisation": "who leads it, where that is no group",
    "group_id": "the community group that leads it, or None",
    "idea_ids": "ideas it came from",
    "problem_ids": "problems it came from",
    "award": "the award that pays for it: city, award_id; or None",
    "neighbourhood_id": "the city's code of the neighbourhood",
    "status": "running, completed or abandoned",
    "started_at": "when it began; None until that is told",
    "ended_at": "when it ended, or None",
    "note": "what was said at its end",
    "evidence": "addresses of what shows its end",
    "updated_at": "the latest time of any event",
}


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "project_id": event.subject,
        "idea_ids": [],
        "problem_ids": [],
        "status": "running",
        "evidence": [],
    }


def evolve(document: Document | None, event: Event) -> Document:
    """The project after this event; of its start and of its end the last in the log counts."""
    project = _blank(event) if document is None else dict(document)
    match event.data:
        case ProjectStarted() as data:
            project |= _started(event, data)
        case ProjectEnded() as data:
            project |= _ended(event, data)
    project["updated_at"] = latest(project["updated_at"], event.at)
    return project


def _started(event: Event, data: ProjectStarted) -> dict[str, Any]:
    same = ("title", "category", "organisation", "group_id", "neighbourhood_id")
    return {
        **{name: getattr(data, name) for name in same},
        "idea_ids": list(data.idea_ids),
        "problem_ids": list(data.problem_ids),
        "award": award(data.award),
        "started_at": event.at,
    }


def _ended(event: Event, data: ProjectEnded) -> dict[str, Any]:
    return {
        "status": data.outcome,
        "ended_at": event.at,
        "note": data.note,
        "evidence": list(data.evidence),
    }


def award(told: AwardRef | None) -> dict[str, str] | None:
    """An award as a document names it."""
    return None if told is None else {"city": told.city, "award_id": told.award_id}


VIEW: Final = DocumentView(
    name="projects",
    description="Every project with where it came from and how it ended",
    handles=types("project.started", "project.ended"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("started_at", -1), ("_id", 1)),
        (("city", 1), ("status", 1), ("started_at", -1)),
    ),
)
