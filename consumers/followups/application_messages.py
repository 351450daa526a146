"""What applicants for a grant are told, and reviewers whose review does not count.

The applicant is who submitted the application, or whoever has its tracking code; of one that was never
submitted nobody is told. What becomes of the award comes here by events of its own. The log tells neither of
drafts nor of who is to review what: nobody is told that a call is about to close or that a review is missing.
"""

from collections.abc import Iterator
from typing import Any, Final

from consumers.engine.effects import Effect, Notify, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.applications import (
    ApplicationAwardProgressed,
    ApplicationMoreInfoRequested,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    DeterminationMade,
    Owed,
    Paid,
    ReviewRefused,
)
from projections.core import Document, types

SUBMITTED, WITHDRAWN, ASKED = "application.submitted", "application.withdrawn", "application.question"
DETERMINED, REFUSED = "application.determined", "review.refused"
PAID, DUE, OVERDUE = "award.paid", "grant_report.due", "grant_report.overdue"
REFUSED_KEPT: Final = 100
FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "application_id": "id within the city",
    "submitted": "whether it was",
    "applicant": "who submitted it, by pseudonym; None where that was not told",
    "withdrawn": "whether it was taken back",
    "determined": "outcome, amount and currency told last",
    "refused": f"reviewer and reason of the last {REFUSED_KEPT} refusals told, each once",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The application after this event, and who is told."""
    before = _blank(event) if state is None else state
    after = {**before, **_change(before, event)}
    return after, list(_told(before, after, event))


def _blank(event: Event) -> Document:
    start = {"submitted": False, "withdrawn": False, "refused": []}
    return {
        **dict.fromkeys(FIELDS),
        **start,
        "city": event.city,
        "application_id": event.subject,
    }


def _change(application: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case ApplicationSubmitted() if not application["submitted"]:
            return {"submitted": True, "applicant": event.participant}
        case ApplicationWithdrawn():
            return {"withdrawn": True}
        case DeterminationMade() as data:
            return {"determined": [data.outcome, data.amount, data.currency]}
        case ReviewRefused() as data if (refusal := _refusal(data)) not in application["refused"]:
            return {"refused": [*application["refused"], refusal][-REFUSED_KEPT:]}
    return {}


def _refusal(data: ReviewRefused) -> list[str]:
    return [data.reviewer_ref, data.reason]


def _told(before: Document, after: Document, event: Event) -> Iterator[Effect]:
    if isinstance(event.data, ReviewRefused):
        if before["refused"] != after["refused"]:
            said = {"reason": event.data.reason}
            yield Notify(REFUSED, event.data.reviewer_ref, "review_refused", said)
    elif after["submitted"]:
        yield from _to_applicant(before, after, event)


def _to_applicant(before: Document, after: Document, event: Event) -> Iterator[Effect]:
    whom: str | None = after["applicant"]
    match event.data:
        case ApplicationSubmitted() if not before["submitted"]:
            yield Notify(SUBMITTED, whom, "application_received")
        case ApplicationWithdrawn() if not before["withdrawn"]:
            yield Notify(WITHDRAWN, whom, "application_withdrawn")
        case ApplicationMoreInfoRequested() as data:
            said = {} if data.due_at is None else {"due_at": data.due_at.isoformat()}
            yield Notify(ASKED, whom, "application_question", said)
        case DeterminationMade() if before["determined"] != after["determined"] and not after["withdrawn"]:
            named = zip(("outcome", "amount", "currency"), after["determined"], strict=True)
            said = {name: value for name, value in named if value is not None}
            yield Notify(DETERMINED, whom, "application_determined", said)
        case ApplicationAwardProgressed() as data:
            yield from _of_award(whom, data)


def _of_award(whom: str | None, data: ApplicationAwardProgressed) -> Iterator[Effect]:
    match data:
        case ApplicationAwardProgressed(paid=Paid() as paid):
            said = {"amount": paid.amount, "currency": paid.currency, "paid_on": paid.paid_on}
            yield Notify(PAID, whom, "award_paid", said)
        case ApplicationAwardProgressed(report_due=Owed() as owed):
            due = owed.due_at.isoformat()
            yield Notify(DUE, whom, "report_due", {"due_at": due, "until_at": due})
        case ApplicationAwardProgressed(report_overdue=Owed() as owed):
            yield Notify(OVERDUE, whom, "report_overdue", {"due_at": owed.due_at.isoformat()})


MANAGER: Final[ProcessManager] = process_manager(
    "application_messages",
    "Tells applicants what becomes of their applications and awards, and reviewers what does not count",
    types(
        "application.submitted",
        "application.withdrawn",
        "application.more_info_requested",
        "application.award_progressed",
        "determination.made",
        "review.refused",
    ),
    react,
    FIELDS,
)
