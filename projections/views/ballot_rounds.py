"""Ballot rounds: what could be chosen, by which rule, and what the city decided."""

from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.prioritisation import BallotRoundOpened, PrioritisationConcluded
from projections.core import Document, DocumentView, types

FIELDS: Final = {
    "city": "the city's short name",
    "round_id": "id within the city",
    "title": "the round's name; None until its opening is told",
    "vote_type": "approval, choose-1, ordinal, cumulative or scoring",
    "rule": "how the outcome is decided",
    "budget": "the most that may be spent, decimal text, or None",
    "currency": "ISO 4217 code",
    "min_choices": "fewest projects on a ballot",
    "max_choices": "most projects on a ballot",
    "score_threshold": "least score a project needs",
    "projects": "project_id, name, cost (decimal text), category, lat, long",
    "opened_at": "when it began",
    "concluded": "the city's own decision: rule, budget, ranking, selected, input_hash, at; or None",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The round after this event; a conclusion told before the opening is kept."""
    round_ = _blank(event) if document is None else dict(document)
    match event.data:
        case BallotRoundOpened() as data:
            round_.update(data.model_dump(), opened_at=event.at)
            round_["projects"] = list(round_["projects"])
        case PrioritisationConcluded() as data:
            round_["concluded"] = _decision(event, data)
    return round_


def _blank(event: Event) -> dict[str, Any]:
    return {**dict.fromkeys(FIELDS), "city": event.city, "round_id": event.subject, "projects": []}


def _decision(event: Event, data: PrioritisationConcluded) -> dict[str, Any]:
    return {
        "rule": data.rule,
        "budget": data.budget,
        "ranking": list(data.ranking),
        "selected": list(data.selected),
        "input_hash": data.input_hash,
        "at": event.at,
    }


VIEW: Final = DocumentView(
    name="ballot_rounds",
    description="Every ballot round with its projects and the city's decision",
    handles=types("ballot_round.opened", "prioritisation.concluded"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=((("city", 1), ("opened_at", -1), ("_id", 1)),),
)
