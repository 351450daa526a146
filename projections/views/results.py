"""Results: what the city makes of ideas and problems, and how far it has come.

Of two updates the one of the later time counts, in whatever order they are told; of two of the same time
the later in the log. The last `created` in the log names what the result came from.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.results import ResultCreated, ResultProgressUpdated
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.timeline import latest, remember

EVIDENCE_KEPT: Final = 100
FIELDS: Final = {
    "city": "the city's short name",
    "result_id": "id within the city",
    "title": "what the city does; None until the creation is told",
    "summary": "in the city's words",
    "idea_ids": "the ideas it came from",
    "problem_ids": "the problems it came from",
    "project_id": "the project that carries it out, or None",
    "percent": "how far it is, by the latest time told",
    "progressed_at": "the time of that",
    "milestone": "the milestone named last, by time",
    "milestone_at": "the time of that",
    "evidence": "the last 100 addresses of what shows it, each once",
    "created_at": "when the city set out; None until the creation is told",
    "completed_at": "since when it stands at 100 %; None again when it falls",
    "updated_at": "the latest time of any event",
    "history": "the last 100 steps in log order: percent, milestone, notes, at, event_id",
    "history_total": "how many steps there were",
}


def evolve(document: Document | None, event: Event) -> Document | None:
    """The result after this event."""
    data = event.data
    if not isinstance(data, ResultCreated | ResultProgressUpdated):
        return document
    result = _blank(event) if document is None else dict(document)
    if isinstance(data, ResultCreated):
        _created(result, event, data)
    before = result["percent"]
    move(result, event, data)
    if result["percent"] != 100:
        result["completed_at"] = None
    elif before != 100:
        result["completed_at"] = event.at
    result["evidence"] = _evidence(result["evidence"], data.evidence)
    result["updated_at"] = latest(result["updated_at"], event.at)
    notes = data.note if isinstance(data, ResultProgressUpdated) else data.summary
    remember(result, event, {"percent": data.percent, "milestone": data.milestone, "notes": notes})
    return result


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "result_id": event.subject,
        "idea_ids": [],
        "problem_ids": [],
        "evidence": [],
        "history": [],
        "history_total": 0,
    }


def _created(result: dict[str, Any], event: Event, data: ResultCreated) -> None:
    result["title"] = data.title
    result["summary"] = data.summary
    result |= sources(data)
    result["project_id"] = data.project_id
    result["created_at"] = event.at


def sources(data: ResultCreated) -> dict[str, list[str]]:
    """The ideas and problems that it names, each once."""
    return {name: list(dict.fromkeys(getattr(data, name))) for name in ("idea_ids", "problem_ids")}


def move(result: dict[str, Any], event: Event, data: ResultCreated | ResultProgressUpdated) -> None:
    """Set how far the result is and the milestone named last, each unless a later one is known."""
    if _is_newer(event, result["progressed_at"]):
        result["percent"] = data.percent
        result["progressed_at"] = event.at
    if data.milestone is not None and _is_newer(event, result["milestone_at"]):
        result["milestone"] = data.milestone
        result["milestone_at"] = event.at


def _is_newer(event: Event, known: datetime | None) -> bool:
    return known is None or event.at >= known


def _evidence(known: Sequence[str], told: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*known, *told]))[-EVIDENCE_KEPT:]


VIEW: Final = DocumentView(
    name="results",
    description="Every result with what it came from, how far it is and what shows it",
    handles=types("result.created", "result.progress_updated"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("progressed_at", -1), ("_id", 1)),
        (("city", 1), ("idea_ids", 1)),
        (("city", 1), ("problem_ids", 1)),
        (("city", 1), ("project_id", 1)),
    ),
)


def _stands(result: Document) -> Iterable[Cell]:
    percent = result["percent"]
    state = "completed" if percent == 100 else "under_way" if percent else "not_begun"
    yield Cell((result["city"],), {"results": 1, state: 1})


PROGRESS: Final = DocumentTally(
    name="result_progress",
    description="How many results a city has, and how far they are",
    dimensions=("city",),
    measures={
        "results": "all results",
        "not_begun": "those at 0 %",
        "under_way": "those between 0 and 100 %",
        "completed": "those at 100 %",
    },
    over=VIEW,
    cells=_stands,
)
