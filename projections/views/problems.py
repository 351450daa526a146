"""Problems of the city, defined together from requests and ideas, and the results that came of them."""

from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.ideas import ProblemDefined
from projections.core import Document, DocumentView, types
from projections.views.progress import take_up

FIELDS: Final = {
    "city": "the city's short name",
    "problem_id": "id within the city",
    "statement": "what the problem is; None until its definition is told",
    "who_is_affected": "whom it concerns",
    "evidence": "addresses of what shows it",
    "request_ids": "service requests that belong to it",
    "defined_at": "when this wording was told",
    "definitions": "how many times it was worded",
    "results": "the 100 results that moved last: result_id, percent, milestone, progressed_at",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The problem as worded last in the log."""
    problem = _blank(event) if document is None else dict(document)
    if isinstance(event.data, ProblemDefined):
        _defined(problem, event, event.data)
    take_up(problem, event)
    return problem


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "problem_id": event.subject,
        "evidence": [],
        "request_ids": [],
        "definitions": 0,
        "results": [],
    }


def _defined(problem: dict[str, Any], event: Event, data: ProblemDefined) -> None:
    problem["statement"] = data.statement
    problem["who_is_affected"] = data.who_is_affected
    problem["evidence"] = list(data.evidence)
    problem["request_ids"] = list(data.request_ids)
    problem["defined_at"] = event.at
    problem["definitions"] += 1


VIEW: Final = DocumentView(
    name="problems",
    description="Problems defined together, and how far their results are",
    handles=types("problem.defined", "problem.result_progressed"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("defined_at", -1), ("_id", 1)),
        (("city", 1), ("request_ids", 1)),
    ),
)
