"""Problems of the city, defined together from requests and ideas."""

from operator import attrgetter
from typing import Final

from events.envelope import Event
from events.types.ideas import ProblemDefined
from projections.core import Document, DocumentView, types

FIELDS: Final = {
    "city": "the city's short name",
    "problem_id": "id within the city",
    "statement": "what the problem is",
    "who_is_affected": "whom it concerns",
    "evidence": "addresses of what shows it",
    "request_ids": "service requests that belong to it",
    "defined_at": "when this wording was told",
    "definitions": "how many times it was worded",
}


def evolve(document: Document | None, event: Event) -> Document | None:
    """The problem as worded last in the log."""
    data = event.data
    if not isinstance(data, ProblemDefined):
        return document
    return {
        "city": event.city,
        "problem_id": event.subject,
        "statement": data.statement,
        "who_is_affected": data.who_is_affected,
        "evidence": list(data.evidence),
        "request_ids": list(data.request_ids),
        "defined_at": event.at,
        "definitions": 1 if document is None else document["definitions"] + 1,
    }


VIEW: Final = DocumentView(
    name="problems",
    description="Problems defined together",
    handles=types("problem.defined"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=((("city", 1), ("defined_at", -1), ("_id", 1)),),
)
