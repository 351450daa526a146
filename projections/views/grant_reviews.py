"""Reviews of applications: one document for each application and reviewer, and whether its scores count.

Submitted again, scores replace those before, unless the rule refused them: then those before stand. A
conflict or a recusal holds for all that this reviewer says of the application, before and after it is told.
"""

from typing import Any, Final

from events.envelope import Event
from events.types.applications import (
    ReviewConflictDeclared,
    ReviewRecused,
    ReviewRefused,
    ReviewSubmitted,
)
from projections.core import Document, DocumentView, types
from projections.views.timeline import latest

SUBMISSIONS_KEPT: Final = 20
REFUSALS_KEPT: Final = 100
FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "application_id": "the application's id within the city",
    "reviewer": "pseudonym of the reviewer",
    "counts": "whether `scores` count",
    "not_counted": "why nothing of this reviewer counts: conflict, recused, refused, or not_submitted",
    "scores": "criterion and score, as submitted last and not refused; None where there are none",
    "recommendation": "award, revise or deny, with the same submission",
    "text_ref": "where the words of the same submission stand, or None",
    "submitted_at": "the time of the same submission",
    "conflict": "what kind of conflict was told, `declared` where only a review says so; or None",
    "recused": "whether the reviewer stepped back",
    "submissions": "the last 20 not refused: review_id, scores, recommendation, text_ref, at",
    "refusals": "the last 100 refused: review_id, reason",
    "updated_at": "the latest time of any event",
}
_SHOWN: Final = ("scores", "recommendation", "text_ref")


def evolve(document: Document | None, event: Event) -> Document:
    """The review after this event."""
    review = _blank(event) if document is None else dict(document)
    match event.data:
        case ReviewSubmitted() as data:
            _submitted(review, event, data)
        case ReviewConflictDeclared() as data:
            review["conflict"] = data.kind
        case ReviewRecused():
            review["recused"] = True
        case ReviewRefused() as data:
            _refused(review, data)
    review["updated_at"] = latest(review["updated_at"], event.at)
    _stands(review)
    return review


def _blank(event: Event) -> dict[str, Any]:
    own = {"city": event.city, "application_id": event.subject, "reviewer": _reviewer(event)}
    return {**dict.fromkeys(FIELDS), **own, "recused": False, "submissions": [], "refusals": []}


def _reviewer(event: Event) -> str:
    reviewer: str = event.data.reviewer_ref  # type: ignore[attr-defined] # every type handled here has it
    return reviewer


def _submitted(review: dict[str, Any], event: Event, data: ReviewSubmitted) -> None:
    if data.conflict_declared:
        review["conflict"] = review["conflict"] or "declared"
    if any(one["review_id"] == event.id for one in review["refusals"]):
        return
    told = data.model_dump(mode="json", include=set(_SHOWN))
    review["submissions"] = [
        *review["submissions"],
        {"review_id": event.id, **told, "at": event.at},
    ][-SUBMISSIONS_KEPT:]


def _refused(review: dict[str, Any], data: ReviewRefused) -> None:
    told = {"review_id": data.review_id, "reason": data.reason}
    review["refusals"] = [*review["refusals"], told][-REFUSALS_KEPT:]
    kept = [one for one in review["submissions"] if one["review_id"] != data.review_id]
    review["submissions"] = kept


def _stands(review: dict[str, Any]) -> None:
    last = review["submissions"][-1] if review["submissions"] else None
    for field in _SHOWN:
        review[field] = last and last[field]
    review["submitted_at"] = last and last["at"]
    review["not_counted"] = _why_not(review)
    review["counts"] = review["not_counted"] is None


def _why_not(review: Document) -> str | None:
    if review["conflict"] is not None:
        return "conflict"
    if review["recused"]:
        return "recused"
    if review["submissions"]:
        return None
    return "refused" if review["refusals"] else "not_submitted"


VIEW: Final = DocumentView(
    name="grant_reviews",
    description="Every reviewer's scores of an application, and whether they count; not public",
    handles=types("review.submitted", "review.conflict_declared", "review.recused", "review.refused"),
    key=lambda event: f"{event.key}/{_reviewer(event)}",
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("application_id", 1), ("_id", 1)),
        (("city", 1), ("submitted_at", -1), ("_id", 1)),
    ),
)
