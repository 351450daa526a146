"""Grant calls: what is offered until when, as told now and before, and who stands where.

A deadline is only ever extended, so the latest one told is the one that holds. A closing that names
an earlier one is outdated: the call is open again until the deadline that holds now. Cancelled is for good.
"""

from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.grants import (
    GrantCallClosed,
    GrantCallDeadlineExtended,
    GrantCallOpened,
    GrantCallRanked,
)
from projections.core import Document, DocumentView, types
from projections.views.timeline import HISTORY_KEPT, latest

FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "call_id": "id within the city",
    "tier": "coalition_to_city or city_to_group; None until the opening is told",
    "parent_city": "where the award stands whose money is granted again, or None",
    "parent_award_id": "the id of that award",
    "title": "the call's name",
    "description": "what it is for",
    "currency": "ISO 4217 code",
    "budget": "the most that is granted in all, decimal text",
    "amount_min": "the least that may be applied for, decimal text, or None",
    "amount_max": "the most that may be applied for, decimal text, or None",
    "criteria": "code, label, weight, scale: a reviewer scores each from 0 to its scale",
    "eligibility": "the city's codes of who may apply",
    "status": "open, closed or cancelled; open as well while only other things than its opening are told",
    "deadline_at": "until when applications are taken, the latest time told",
    "extensions": "the last 100 in log order: previous_deadline_at, deadline_at, reason, at",
    "opened_at": "when applications were invited",
    "closed": "the closing told last: reason, deadline_at, rule, note, at; or None",
    "cancelled_at": "when it was cancelled, or None",
    "ranking": "the order told last: rule, ranking of application_id, rank, score, input_hash, at; or None",
    "updated_at": "the latest time of any event",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The call after this event."""
    call = _blank(event) if document is None else dict(document)
    match event.data:
        case GrantCallOpened() as data:
            _opened(call, event, data)
        case GrantCallDeadlineExtended() as data:
            _extended(call, event, data)
        case GrantCallClosed() as data:
            _closed(call, event, data)
        case GrantCallRanked() as data:
            call["ranking"] = {**data.model_dump(mode="json"), "at": event.at}
    call["updated_at"] = latest(call["updated_at"], event.at)
    call["status"] = _status(call)
    return call


def _blank(event: Event) -> dict[str, Any]:
    none = dict.fromkeys(FIELDS)
    lists: dict[str, Any] = {"criteria": [], "eligibility": [], "extensions": []}
    return {**none, **lists, "city": event.city, "call_id": event.subject}


def _opened(call: dict[str, Any], event: Event, data: GrantCallOpened) -> None:
    told = data.model_dump(mode="json", exclude={"parent_award", "deadline_at"})
    parent = data.parent_award
    call.update(told, opened_at=event.at)
    call["parent_city"] = parent and parent.city
    call["parent_award_id"] = parent and parent.award_id
    _until(call, data.deadline_at)


def _extended(call: dict[str, Any], event: Event, data: GrantCallDeadlineExtended) -> None:
    told = {**data.model_dump(), "at": event.at}
    call["extensions"] = [*call["extensions"], told][-HISTORY_KEPT:]
    _until(call, data.deadline_at)


def _until(call: dict[str, Any], deadline: datetime) -> None:
    call["deadline_at"] = latest(call["deadline_at"], deadline)


def _closed(call: dict[str, Any], event: Event, data: GrantCallClosed) -> None:
    call["closed"] = {**data.model_dump(), "at": event.at}
    if data.reason == "cancelled":
        call["cancelled_at"] = event.at


def _status(call: Document) -> str:
    if call["cancelled_at"] is not None:
        return "cancelled"
    closed, deadline = call["closed"], call["deadline_at"]
    outdated = closed is not None and deadline is not None and closed["deadline_at"] < deadline
    return "open" if closed is None or outdated else "closed"


VIEW: Final = DocumentView(
    name="grant_calls",
    description="Every grant call with its terms, its deadline now and before, and its ranking",
    handles=types(
        "grant_call.opened", "grant_call.deadline_extended", "grant_call.closed", "grant_call.ranked"
    ),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("status", -1), ("opened_at", -1), ("_id", 1)),
        (("city", 1), ("opened_at", -1), ("_id", 1)),
    ),
)
