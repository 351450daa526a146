"""What participants think of the city's programs."""

from operator import attrgetter
from typing import Final

from events.envelope import Event
from events.types.requests import ProgramFeedbackSubmitted
from projections.core import Cell, Document, DocumentTally, DocumentView, types

FIELDS: Final = {
    "city": "the city's short name",
    "feedback_id": "id within the city",
    "program_id": "the city's code of the program",
    "rating": "1, worst, to 5, best",
    "themes": "codes of what it is about",
    "text_ref": "where the participant's words stand, or None",
    "submitted_at": "when it was given",
}


def evolve(document: Document | None, event: Event) -> Document | None:
    """The feedback as submitted; submitted again under the same id, it replaces the one before."""
    data = event.data
    if not isinstance(data, ProgramFeedbackSubmitted):
        return document
    return {
        "city": event.city,
        "feedback_id": event.subject,
        "program_id": data.program_id,
        "rating": data.rating,
        "themes": list(data.themes),
        "text_ref": data.text_ref,
        "submitted_at": event.at,
    }


VIEW: Final = DocumentView(
    name="program_feedback",
    description="Each rating of a program",
    handles=types("program_feedback.submitted"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=((("city", 1), ("program_id", 1), ("submitted_at", -1)),),
)

RATINGS: Final = DocumentTally(
    name="program_ratings",
    description="Ratings per program: the mean is rating_sum / responses",
    dimensions=("city", "program_id"),
    measures={
        "responses": "ratings given",
        "rating_sum": "sum of the ratings",
        **{f"r{rating}": f"ratings of {rating}" for rating in range(1, 6)},
    },
    over=VIEW,
    cells=lambda feedback: (
        Cell(
            (feedback["city"], feedback["program_id"]),
            {"responses": 1, "rating_sum": feedback["rating"], f"r{feedback['rating']}": 1},
        ),
    ),
)
