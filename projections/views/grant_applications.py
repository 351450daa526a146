"""Applications for a grant: who asks for how much, what was asked back, and what was determined.

The last determination in the log holds; the first one told ends the wait of the applicant. Taken back
is for good, whatever was determined.
"""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.scalars import thousandths
from events.types.applications import (
    ApplicationAwardProgressed,
    ApplicationMoreInfoProvided,
    ApplicationMoreInfoRequested,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    DeterminationMade,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.entries import entry, put
from projections.views.timeline import HISTORY_KEPT, earliest, latest

FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "application_id": "id within the city",
    "call_id": "the call it answers; None until the submission is told",
    "applicant_city": "the city that applies, or None",
    "applicant_group_id": "the group that applies, or None",
    "title": "in the applicant's words",
    "text_ref": "where the words stand, or None",
    "amount": "what is asked for, decimal text",
    "currency": "ISO 4217 code",
    "neighbourhood_id": "the city's code of the neighbourhood, or None",
    "problem_id": "the problem it answers, or None",
    "targets": "metric_code, unit, target (decimal text)",
    "status": "submitted, info_requested, accepted, accepted_pending_info, dismissed, or withdrawn for good",
    "queries": "the last 100 questions: query_id, text_ref, due_at, asked_at, answer_ref, answered_at",
    "determination": "the last one told: outcome, amount, currency, reason, ranking_ref, at; or None",
    "award_id": "the award made for it, once that was paid from or a report on it was due; or None",
    "submitted_at": "when it came, the earliest time told",
    "withdrawn_at": "when the applicant took it back, or None",
    "determined_at": "when it was first determined, or None",
    "updated_at": "the latest time of any event",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The application after this event."""
    application = _blank(event) if document is None else dict(document)
    _apply(application, event)
    application["updated_at"] = latest(application["updated_at"], event.at)
    application["status"] = _status(application)
    return application


def _blank(event: Event) -> dict[str, Any]:
    lists: dict[str, Any] = {"targets": [], "queries": []}
    return {**dict.fromkeys(FIELDS), **lists, "city": event.city, "application_id": event.subject}


def _apply(application: dict[str, Any], event: Event) -> None:
    match event.data:
        case ApplicationSubmitted() as data:
            application.update(data.model_dump(mode="json"))
            application["submitted_at"] = earliest(application["submitted_at"], event.at)
        case ApplicationWithdrawn():
            application["withdrawn_at"] = earliest(application["withdrawn_at"], event.at)
        case ApplicationMoreInfoRequested() as data:
            asked = {"text_ref": data.text_ref, "due_at": data.due_at, "asked_at": event.at}
            _query(application, data.query_id, asked)
        case ApplicationMoreInfoProvided() as data:
            _query(application, data.query_id, {"answer_ref": data.text_ref, "answered_at": event.at})
        case DeterminationMade() as data:
            application["determination"] = {**data.model_dump(), "at": event.at}
            application["determined_at"] = earliest(application["determined_at"], event.at)
        case ApplicationAwardProgressed() as data:
            application["award_id"] = data.award_id


_QUERY: Final = dict.fromkeys(("query_id", "text_ref", "due_at", "asked_at", "answer_ref", "answered_at"))


def _query(application: dict[str, Any], query: str, change: dict[str, Any]) -> None:
    known = entry(application["queries"], query_id=query) or {**_QUERY, "query_id": query}
    application["queries"] = put(application["queries"], {**known, **change}, "query_id")[-HISTORY_KEPT:]


def _status(application: Document) -> str:
    if application["withdrawn_at"] is not None:
        return "withdrawn"
    if application["determination"] is not None:
        outcome: str = application["determination"]["outcome"]
        return outcome
    unanswered = any(one["answered_at"] is None for one in application["queries"])
    return "info_requested" if unanswered else "submitted"


VIEW: Final = DocumentView(
    name="grant_applications",
    description="Every application with what was asked back and what was determined",
    handles=types(
        "application.submitted",
        "application.withdrawn",
        "application.more_info_requested",
        "application.more_info_provided",
        "application.award_progressed",
        "determination.made",
    ),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("call_id", 1), ("status", 1), ("_id", 1)),
        (("city", 1), ("submitted_at", -1), ("_id", 1)),
        (("city", 1), ("determined_at", -1), ("_id", 1)),
    ),
)

_MEASURES: Final = {
    "submitted": "applications told of",
    "withdrawn": "those that were taken back",
    "determined": "those determined and not taken back",
    "accepted": "those accepted, also pending information, and not taken back",
    "requested": "what those not taken back ask for, in thousandths",
    "accepted_amount": "what was accepted, in thousandths of the currency of the determination",
}


def _counted(application: Document, of: str | None) -> Iterator[Cell]:
    """How it counts for the call or neighbourhood `of`; its determination may have another currency."""
    status, place = application["status"], (application["city"], of or "")
    stands = status != "withdrawn"
    accepted = status in ("accepted", "accepted_pending_info")
    if application["submitted_at"] is not None:
        counts = {"submitted": 1, "withdrawn": int(not stands), "accepted": int(accepted)}
        counts["determined"] = int(stands and application["determination"] is not None)
        counts["requested"] = thousandths(application["amount"]) if stands else 0
        yield Cell((*place, application["currency"]), counts)
    if accepted:
        determined = application["determination"]
        yield Cell((*place, determined["currency"]), {"accepted_amount": thousandths(determined["amount"])})


BY_CALL: Final = DocumentTally(
    name="grant_applications_by_call",
    description="Applications and what became of them per call; the empty id stands for those not told of",
    dimensions=("city", "call_id", "currency"),
    measures=_MEASURES,
    over=VIEW,
    cells=lambda application: _counted(application, application["call_id"]),
)
BY_NEIGHBOURHOOD: Final = DocumentTally(
    name="grant_applications_by_neighbourhood",
    description="The same per neighbourhood; the empty code stands for applications without one",
    dimensions=("city", "neighbourhood_id", "currency"),
    measures=_MEASURES,
    over=VIEW,
    cells=lambda application: _counted(application, application["neighbourhood_id"]),
)
TALLIES: Final = (BY_CALL, BY_NEIGHBOURHOOD)
