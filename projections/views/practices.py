"""Practices: what a city did about a challenge, where it took that up from, and who took it up from there."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.practices import (
    Measured,
    PracticeAdopted,
    PracticeAdoptedElsewhere,
    PracticeOutcomeReported,
    PracticePublished,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.timeline import earliest, latest

FIELDS: Final = {
    "city": "the city whose practice it is",
    "practice_id": "id within the city",
    "title": "None until it is published",
    "challenge": "what it is about",
    "description": "what the city did",
    "category": "as in impact_volunteering",
    "measures": "what it changed when published: metric_code, unit, baseline, result (decimal text)",
    "evidence": "addresses of what shows it",
    "published_at": "when it was first published; None until that is told",
    "from_city": "the city it was taken up from, or None",
    "from_practice_id": "the practice there",
    "note": "what the city says about taking it up",
    "adopted_at": "when it was first taken up from there",
    "outcome": "what it changed since, by the latest report: measures, note, evidence, reported_at; or None",
    "outcomes": "how many reports there were",
    "updated_at": "the latest time of any event",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The practice after this event; published or taken up again, what is told last in the log counts."""
    practice = _blank(event) if document is None else dict(document)
    match event.data:
        case PracticePublished() as data:
            _published(practice, event, data)
        case PracticeAdopted() as data:
            _adopted(practice, event, data)
        case PracticeOutcomeReported() as data:
            _reported(practice, event, data)
    practice["updated_at"] = latest(practice["updated_at"], event.at)
    return practice


def _blank(event: Event) -> dict[str, Any]:
    told = {"city": event.city, "practice_id": event.subject}
    return {**dict.fromkeys(FIELDS), **told, "measures": [], "evidence": [], "outcomes": 0}


def _published(practice: dict[str, Any], event: Event, data: PracticePublished) -> None:
    for name in ("title", "challenge", "description", "category"):
        practice[name] = getattr(data, name)
    practice["measures"] = _measures(data.measures)
    practice["evidence"] = list(data.evidence)
    practice["published_at"] = earliest(practice["published_at"], event.at)


def _adopted(practice: dict[str, Any], event: Event, data: PracticeAdopted) -> None:
    origin = (data.from_city, data.from_practice_id)
    again = origin == (practice["from_city"], practice["from_practice_id"])
    practice["from_city"], practice["from_practice_id"] = origin
    practice["note"] = data.note
    practice["adopted_at"] = earliest(practice["adopted_at"], event.at) if again else event.at


def _reported(practice: dict[str, Any], event: Event, data: PracticeOutcomeReported) -> None:
    practice["outcomes"] += 1
    known = practice["outcome"]
    if known is None or known["reported_at"] <= event.at:
        practice["outcome"] = {
            "measures": _measures(data.measures),
            "note": data.note,
            "evidence": list(data.evidence),
            "reported_at": event.at,
        }


def _measures(measures: Sequence[Measured]) -> list[dict[str, Any]]:
    return [one.model_dump() for one in measures]


VIEW: Final = DocumentView(
    name="practices",
    description="Every city's practices, published or taken up from another city, and what they changed",
    handles=types("practice.published", "practice.adopted", "practice.outcome_reported"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("updated_at", -1), ("_id", 1)),
        (("city", 1), ("updated_at", -1), ("_id", 1)),
        (("category", 1), ("updated_at", -1), ("_id", 1)),
        (("from_city", 1), ("from_practice_id", 1)),
    ),
)

ADOPTION_FIELDS: Final = {
    "city": "the city whose practice was taken up",
    "practice_id": "its id within that city",
    "by_city": "the city that took it up",
    "by_practice_ids": "what it became there: the first 20 practices",
    "adopted_at": "when it was first taken up there",
}
PRACTICES_KEPT: Final = 20


def evolve_adoption(document: Document | None, event: Event) -> Document | None:
    """That one city took this practice up; more than once is once, at the earliest time."""
    data = event.data
    if not isinstance(data, PracticeAdoptedElsewhere):
        return document
    known = document or {"by_practice_ids": [], "adopted_at": None}
    practices = list(dict.fromkeys([*known["by_practice_ids"], data.by_practice_id]))
    return {
        "city": event.city,
        "practice_id": event.subject,
        "by_city": data.by_city,
        "by_practice_ids": practices[:PRACTICES_KEPT],
        "adopted_at": earliest(known["adopted_at"], event.at),
    }


def _adoption(event: Event) -> str:
    data = event.data
    return f"{event.key}/{data.by_city}" if isinstance(data, PracticeAdoptedElsewhere) else event.key


ADOPTIONS: Final = DocumentView(
    name="practice_adoptions",
    description="Which city took up which practice; one document per practice and city",
    handles=types("practice.adopted_elsewhere"),
    key=_adoption,
    evolve=evolve_adoption,
    fields=ADOPTION_FIELDS,
    indexes=((("city", 1), ("practice_id", 1), ("adopted_at", 1)), (("by_city", 1), ("adopted_at", 1))),
)


def _diffused(adoption: Document) -> Iterable[Cell]:
    yield Cell((adoption["city"], adoption["practice_id"]), {"cities": 1})


DIFFUSION: Final = DocumentTally(
    name="practice_diffusion",
    description="How many cities took up each practice",
    dimensions=("city", "practice"),
    measures={"cities": "other cities that took it up"},
    over=ADOPTIONS,
    cells=_diffused,
)
