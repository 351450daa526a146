"""Practices: what a city did about a challenge, where it took that up from, and who took it up from there."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
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
    "adoptions": "the first 1,000 cities that took it up, in order of time: city, practice_ids, adopted_at",
    "updated_at": "the latest time of any event",
}
CITIES_KEPT: Final = 1_000
PRACTICES_KEPT: Final = 20
"""Practices that it became in one of them."""
DAY: Final = timedelta(days=1)


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
        case PracticeAdoptedElsewhere() as data:
            practice["adoptions"] = _adoptions(practice["adoptions"], event, data)
    practice["updated_at"] = latest(practice["updated_at"], event.at)
    return practice


def _blank(event: Event) -> dict[str, Any]:
    told = {"city": event.city, "practice_id": event.subject}
    return {**dict.fromkeys(FIELDS), **told, **_NOTHING}


_NOTHING: Final[Mapping[str, Any]] = {"measures": [], "evidence": [], "outcomes": 0, "adoptions": []}


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


def _adoptions(
    known: Sequence[Document], event: Event, data: PracticeAdoptedElsewhere
) -> list[Mapping[str, Any]]:
    """With this one: a city that takes the practice up more than once has done so since the first time."""
    cities = {one["city"]: one for one in known}
    before = cities.get(data.by_city, {"practice_ids": [], "adopted_at": None})
    practices = list(dict.fromkeys([*before["practice_ids"], data.by_practice_id]))
    cities[data.by_city] = {
        "city": data.by_city,
        "practice_ids": practices[:PRACTICES_KEPT],
        "adopted_at": earliest(before["adopted_at"], event.at),
    }
    return sorted(cities.values(), key=lambda one: (one["adopted_at"], one["city"]))[:CITIES_KEPT]


def _measures(measures: Sequence[Measured]) -> list[dict[str, Any]]:
    return [one.model_dump() for one in measures]


VIEW: Final = DocumentView(
    name="practices",
    description="Every city's practices, published or taken up from another city, and where they went",
    handles=types(
        "practice.published",
        "practice.adopted",
        "practice.outcome_reported",
        "practice.adopted_elsewhere",
    ),
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


def _diffused(practice: Document) -> Iterable[Cell]:
    if practice["adoptions"]:
        yield Cell((practice["city"], practice["practice_id"]), {"cities": len(practice["adoptions"])})


def _days(practice: Document) -> Iterable[Cell]:
    published = practice["published_at"]
    for adoption in practice["adoptions"]:
        days = "" if published is None else str((adoption["adopted_at"] - published) // DAY)
        yield Cell((practice["city"], days), {"adoptions": 1})


DIFFUSION: Final = DocumentTally(
    name="practice_diffusion",
    description="How many cities took up each practice",
    dimensions=("city", "practice"),
    measures={"cities": "other cities that took it up"},
    over=VIEW,
    cells=_diffused,
)
DAYS_TO_ADOPTION: Final = DocumentTally(
    name="practice_adoption_days",
    description=(
        "After how many days other cities took up a city's practices; below zero where the times are "
        "wrong, empty where the publishing is not told"
    ),
    dimensions=("city", "days"),
    measures={"adoptions": "cities that took up a practice, each practice counted"},
    over=VIEW,
    cells=_days,
)
