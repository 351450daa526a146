"""Ideas with the city's answers and what came of them, who supports them, and how many do."""

from collections.abc import Iterable
from datetime import timedelta
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.ideas import (
    IdeaAnswerAsked,
    IdeaAnswered,
    IdeaAnswerOverdue,
    IdeaAnswerPublished,
    IdeaSubmitted,
    IdeaSupported,
    IdeaWithdrawn,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.progress import take_up
from projections.views.timeline import earliest, latest, remember

ANSWERED_WITHIN: Final = timedelta(days=90)
FIELDS: Final = {
    "city": "the city's short name",
    "idea_id": "id within the city",
    "title": "in the author's words; None until the submission is told",
    "summary": "in the author's words",
    "category": "the city's code",
    "problem_id": "the problem it answers, or None",
    "neighbourhood_id": "the city's code of the neighbourhood",
    "est_cost": "estimated cost, decimal text",
    "co_authors": "pseudonyms of further authors",
    "status": "submitted, evaluating, accepted, rejected, or withdrawn for good",
    "answer": "the city's last answer: decision, explanation, answered_at, public_from; or None",
    "submitted_at": "when it was proposed",
    "submitted_on": "the day of that on the city's own calendar",
    "decided_at": "when an answer that accepts or rejects it first was or becomes public, or None",
    "answer_public_at": "when an answer that decides something new last became public, or None",
    "answer_asked_at": "when so many stood behind it that the city was asked for an answer, or None",
    "answer_overdue_at": "when that was due and it was neither accepted nor rejected, or None",
    "withdrawn_at": "when its author took it back, or None",
    "updated_at": "the latest time of any event",
    "results": "the 100 results that moved last: result_id, percent, milestone, progressed_at",
    "history": "the last 100 changes in log order: change, notes, at, event_id",
    "history_total": "how many changes there were",
}


def _blank(event: Event) -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS),
        "city": event.city,
        "idea_id": event.subject,
        "co_authors": [],
        "results": [],
        "history": [],
        "history_total": 0,
    }


def evolve(document: Document | None, event: Event) -> Document:
    """The idea after this event. The last answer in the log counts; a withdrawal is final."""
    idea = _blank(event) if document is None else dict(document)
    match event.data:
        case IdeaSubmitted() as data:
            _submitted(idea, event, data)
        case IdeaAnswered() as data:
            _answered(idea, event, data)
        case IdeaWithdrawn() as data:
            idea["withdrawn_at"] = event.at
            remember(idea, event, {"change": "withdrawn", "notes": data.reason})
        case IdeaAnswerPublished():
            idea["answer_public_at"] = latest(idea["answer_public_at"], event.at)
        case IdeaAnswerAsked():
            idea["answer_asked_at"] = event.at
        case IdeaAnswerOverdue():
            idea["answer_overdue_at"] = event.at
    take_up(idea, event)
    idea["updated_at"] = latest(idea["updated_at"], event.at)
    idea["status"] = _status(idea)
    return idea


def _submitted(idea: dict[str, Any], event: Event, data: IdeaSubmitted) -> None:
    idea["title"] = data.title
    idea["summary"] = data.summary
    idea["category"] = data.category
    idea["problem_id"] = data.problem_id
    idea["neighbourhood_id"] = data.neighbourhood_id
    idea["est_cost"] = data.est_cost
    idea["co_authors"] = list(data.co_author_refs)
    idea["submitted_at"] = event.at
    idea["submitted_on"] = event.day
    remember(idea, event, {"change": "submitted", "notes": None})


def _answered(idea: dict[str, Any], event: Event, data: IdeaAnswered) -> None:
    idea["answer"] = {
        "decision": data.decision,
        "explanation": data.explanation,
        "answered_at": data.answered_at,
        "public_from": data.public_from,
    }
    if data.decision != "evaluating":
        idea["decided_at"] = earliest(idea["decided_at"], data.public_from or data.answered_at)
    remember(idea, event, {"change": data.decision, "notes": data.explanation})


def _status(idea: Document) -> str:
    if idea["withdrawn_at"] is not None:
        return "withdrawn"
    return idea["answer"]["decision"] if idea["answer"] else "submitted"


VIEW: Final = DocumentView(
    name="ideas",
    description="Every idea with its status, the city's answer and how far its results are",
    handles=types(
        "idea.submitted",
        "idea.answered",
        "idea.withdrawn",
        "idea.answer_published",
        "idea.answer_asked",
        "idea.answer_overdue",
        "idea.result_progressed",
    ),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("submitted_at", -1), ("_id", 1)),
        (("city", 1), ("updated_at", -1), ("_id", 1)),
        (("city", 1), ("status", 1), ("submitted_at", -1)),
        (("city", 1), ("category", 1), ("submitted_at", -1)),
        (("city", 1), ("problem_id", 1), ("submitted_at", -1)),
    ),
)


def _came_to(idea: Document) -> Iterable[Cell]:
    withdrawn = idea["status"] == "withdrawn"
    add = {"withdrawn": 1} if withdrawn else dict.fromkeys(_marks(idea), 1)
    yield Cell((idea["city"], idea["submitted_on"] or ""), add)


def _marks(idea: Document) -> Iterable[str]:
    if idea["submitted_at"] is not None:
        yield "submitted"
    submitted, decided = idea["submitted_at"], idea["decided_at"]
    if submitted is not None and decided is not None and decided - submitted <= ANSWERED_WITHIN:
        yield "answered_in_90_days"
    if idea["status"] == "accepted":
        yield "accepted"
        if any(one["percent"] for one in idea["results"]):
            yield "acted_on"


BY_DAY: Final = DocumentTally(
    name="ideas_by_day",
    description="What came of the ideas submitted on each day; the empty day stands for unknown ones",
    dimensions=("city", "day"),
    measures={
        "submitted": "ideas submitted and not withdrawn",
        "answered_in_90_days": "those accepted or rejected in public within 90 days",
        "accepted": "those whose last answer accepts them",
        "acted_on": "accepted ones with a result that is above 0 %",
        "withdrawn": "ideas withdrawn, which count in none of the others",
    },
    over=VIEW,
    cells=_came_to,
)

SUPPORT_FIELDS: Final = {
    "city": "the city's short name",
    "idea": "the idea's id within the city",
    "participant": "pseudonym of the supporter",
    "active": "whether the support stands",
    "since": "when it last began or ended",
    "channel": "how the support was given; None where only its withdrawal is told",
}


def evolve_support(document: Document | None, event: Event) -> Document:
    """One participant's support of one idea; given twice, it is the first that counts."""
    data = event.data
    active = isinstance(data, IdeaSupported)
    if document is not None and document["active"] == active:
        return document
    return {
        "city": event.city,
        "idea": event.subject,
        "participant": event.participant,
        "active": active,
        "since": event.at,
        "channel": data.channel if isinstance(data, IdeaSupported) else document and document["channel"],
    }


SUPPORTS: Final = DocumentView(
    name="idea_supports",
    description="Who supports which idea; one document per idea and participant",
    handles=types("idea.supported", "idea.support_withdrawn"),
    key=lambda event: f"{event.key}/{event.participant}",
    evolve=evolve_support,
    fields=SUPPORT_FIELDS,
    indexes=((("city", 1), ("idea", 1), ("active", 1)), (("city", 1), ("participant", 1))),
)

SUPPORT: Final = DocumentTally(
    name="idea_support",
    description="How many participants support each idea",
    dimensions=("city", "idea"),
    measures={"supporters": "participants whose support stands"},
    over=SUPPORTS,
    cells=lambda support: (
        (Cell((support["city"], support["idea"]), {"supporters": 1}),) if support["active"] else ()
    ),
)
