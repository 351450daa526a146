"""Reviews that do not count: refused, once each, with the reason.

A conflict and a recusal refuse what the reviewer has said and will say of the application. After the first
determination, by the time of both, nothing counts that is said. The state is bounded by the number of
reviewers of one application, of whom it keeps the last reviews that are not refused.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

from consumers.engine.effects import Effect, Emit, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.applications import (
    DeterminationMade,
    ReviewConflictDeclared,
    ReviewRecused,
    ReviewRefused,
    ReviewSubmitted,
)
from projections.core import Document, types
from projections.views.entries import entry, put
from projections.views.timeline import earliest

RULE: Final = "review.refused"
KEPT: Final = 20
FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "application_id": "id within the city",
    "determined_at": "the earliest time of a determination",
    "reviewers": "reviewer, conflict, recused, reviews (the last 20 not refused: review_id, at)",
}
Reason = Literal["conflict", "recused", "determined"]


def react(state: Document | None, event: Event) -> Reaction:
    """The reviews after this event; those for which there is a reason now are refused and forgotten."""
    before = _blank(event) if state is None else state
    after = {**before, **_change(before, event)}
    refused = list(_refused(after))
    gone = {one.review_id for one in refused}
    after["reviewers"] = [_without(one, gone) for one in after["reviewers"]]
    return after, [_told(one) for one in refused]


def _blank(event: Event) -> Document:
    own = {"city": event.city, "application_id": event.subject}
    return {**dict.fromkeys(FIELDS), **own, "reviewers": []}


def _change(application: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case DeterminationMade():
            return {"determined_at": earliest(application["determined_at"], event.at)}
        case ReviewSubmitted() as data:
            said = {"review_id": event.id, "at": event.at}
            known = _reviewer(application, data.reviewer_ref)
            conflict = known["conflict"] or data.conflict_declared
            return _with(application, {**known, "conflict": conflict, "reviews": [*known["reviews"], said]})
        case ReviewConflictDeclared() as data:
            return _with(application, {**_reviewer(application, data.reviewer_ref), "conflict": True})
        case ReviewRecused() as data:
            return _with(application, {**_reviewer(application, data.reviewer_ref), "recused": True})
        case ReviewRefused() as data:
            known = _reviewer(application, data.reviewer_ref)
            return _with(application, _without(known, {data.review_id}))
    return {}


def _reviewer(application: Document, reviewer: str) -> Document:
    blank = {"reviewer": reviewer, "conflict": False, "recused": False, "reviews": []}
    return entry(application["reviewers"], reviewer=reviewer) or blank


def _with(application: Document, reviewer: Document) -> dict[str, Any]:
    bounded = {**reviewer, "reviews": reviewer["reviews"][-KEPT:]}
    return {"reviewers": put(application["reviewers"], bounded, "reviewer")}


def _without(reviewer: Document, reviews: set[str]) -> dict[str, Any]:
    return {**reviewer, "reviews": [one for one in reviewer["reviews"] if one["review_id"] not in reviews]}


def _refused(application: Document) -> Iterator[ReviewRefused]:
    for one in application["reviewers"]:
        for review in one["reviews"]:
            if (reason := _reason(application, one, review)) is not None:
                yield ReviewRefused(
                    rule=RULE, reviewer_ref=one["reviewer"], review_id=review["review_id"], reason=reason
                )


def _reason(application: Document, reviewer: Document, review: Document) -> Reason | None:
    if reviewer["conflict"]:
        return "conflict"
    if reviewer["recused"]:
        return "recused"
    determined = application["determined_at"]
    return "determined" if determined is not None and review["at"] > determined else None


def _told(refused: ReviewRefused) -> Effect:
    return Emit(f"{RULE}@{refused.reviewer_ref}/{refused.review_id}", refused)


MANAGER: Final[ProcessManager] = process_manager(
    "grant_review_refusals",
    "Refuses reviews by who has a conflict or stepped back, and those after the determination",
    types(
        "review.submitted",
        "review.conflict_declared",
        "review.recused",
        "review.refused",
        "determination.made",
    ),
    react,
    FIELDS,
)
