"""Participants: what they allow and wish, and when they took part; of who was erased, only that.

Erased is final: whatever comes later, or was told late, leaves no trace.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.registry import EVENT_TYPES
from events.types.participants import (
    ParticipantActed,
    ParticipantConsentChanged,
    ParticipantErased,
    ParticipantErasureRequested,
    ParticipantLanguageChanged,
)
from projections.core import Document, DocumentView, types
from projections.ladder import RUNG_OF
from projections.views.timeline import earliest, latest

PURPOSES_KEPT: Final = 50
"""Purposes that a document keeps, those that changed last."""
AREAS_KEPT: Final = 50
"""Neighbourhoods that a month keeps, the first told."""
KNOWN: Final = frozenset(entry.name for entry in EVENT_TYPES)

FIELDS: Final = {
    "city": "the city's short name",
    "participant": "pseudonym; None once erased",
    "consents": "by purpose, as changed last: purpose, granted, notice, at",
    "preferred_lang": "the language in which to address them, or None",
    "lang_at": "when they last said so",
    "erasure_requested_at": "when they first asked to be forgotten, or None",
    "erasure_due_at": "by when that is to be done",
    "erased_at": "when it was done: nothing else is kept then",
    "first_acted_at": "when they first took part, or None",
    "last_acted_at": "when they last took part",
    "actions": "by the name of the event: action, count, first_at, first_on (the city's own day), last_at",
    "months": "by month of the city's own calendar: month, actions, days, rungs, neighbourhoods",
    "updated_at": "the latest time of any event; None once erased",
}

_NEVER: Final = {"count": 0, "first_at": None, "first_on": None, "last_at": None}


def _blank(event: Event) -> dict[str, Any]:
    lists: dict[str, Any] = {"consents": [], "actions": [], "months": []}
    return {**dict.fromkeys(FIELDS), **lists, "city": event.city}


def evolve(document: Document | None, event: Event) -> Document:
    """The participant after this event; times decide, not the order of telling."""
    if document is not None and document["erased_at"] is not None:
        return document
    if isinstance(event.data, ParticipantErased):
        return _blank(event) | {"erased_at": event.at}
    participant = _blank(event) if document is None else dict(document)
    participant |= {
        "participant": event.participant,
        "updated_at": latest(participant["updated_at"], event.at),
    }
    match event.data:
        case ParticipantConsentChanged() as data:
            participant["consents"] = _consents(participant["consents"], event, data)
        case ParticipantLanguageChanged() as data:
            participant |= _language(participant, event, data)
        case ParticipantErasureRequested() as data:
            asked, due = participant["erasure_requested_at"], participant["erasure_due_at"]
            participant["erasure_requested_at"] = earliest(asked, event.at)
            participant["erasure_due_at"] = earliest(due, data.due_at)
        case ParticipantActed() as data:
            participant |= _acted(participant, event, data)
    return participant


def _consents(known: list[Any], event: Event, data: ParticipantConsentChanged) -> list[Any]:
    new = {"purpose": data.purpose, "granted": data.granted, "notice": data.notice, "at": event.at}
    others = [one for one in known if one["purpose"] != data.purpose]
    before = [one for one in known if one["purpose"] == data.purpose and one["at"] > event.at]
    kept = sorted([*others, *(before or [new])], key=lambda one: (one["at"], one["purpose"]))
    return sorted(kept[-PURPOSES_KEPT:], key=lambda one: str(one["purpose"]))


def _language(known: Document, event: Event, data: ParticipantLanguageChanged) -> dict[str, Any]:
    if known["lang_at"] is not None and known["lang_at"] > event.at:
        return {}
    return {"preferred_lang": data.preferred_lang, "lang_at": event.at}


def _acted(known: Document, event: Event, data: ParticipantActed) -> dict[str, Any]:
    return {
        "first_acted_at": earliest(known["first_acted_at"], event.at),
        "last_acted_at": latest(known["last_acted_at"], event.at),
        "actions": _actions(known["actions"], event, data.action),
        "months": _months(known["months"], event, data),
    }


def _actions(known: list[Any], event: Event, action: str) -> list[Any]:
    if action not in KNOWN:
        return known  # names come from outside: only as many as there are event types
    by_name = {one["action"]: one for one in known}
    before = by_name.get(action, _NEVER)
    first = earliest(before["first_at"], event.at)
    by_name[action] = {
        "action": action,
        "count": before["count"] + 1,
        "first_at": first,
        "first_on": before["first_on"] if first == before["first_at"] else event.day,
        "last_at": latest(before["last_at"], event.at),
    }
    return [by_name[name] for name in sorted(by_name)]


def _months(known: list[Any], event: Event, data: ParticipantActed) -> list[Any]:
    by_month = {one["month"]: one for one in known}
    month, day = event.day[:7], int(event.day[8:])
    by_month[month] = _month(by_month.get(month), month, day, data)
    return [by_month[name] for name in sorted(by_month)]


def _month(before: Mapping[str, Any] | None, month: str, day: int, data: ParticipantActed) -> dict[str, Any]:
    days, rungs, areas = (before[name] if before else [] for name in ("days", "rungs", "neighbourhoods"))
    rung, area = RUNG_OF.get(data.action), data.neighbourhood_id
    full = len(areas) >= AREAS_KEPT
    return {
        "month": month,
        "actions": 1 + (before["actions"] if before else 0),
        "days": sorted({*days, day}),
        "rungs": sorted({*rungs, rung} if rung else rungs),
        "neighbourhoods": areas if area is None or full else sorted({*areas, area}),
    }


VIEW: Final = DocumentView(
    name="participants",
    description="What each participant allows and wishes, and when they took part; not for the public",
    handles=types(
        "participant.consent_changed",
        "participant.language_changed",
        "participant.erasure_requested",
        "participant.erased",
        "participant.acted",
    ),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("last_acted_at", -1), ("_id", 1)),
        (("city", 1), ("months.month", 1)),
        (("city", 1), ("erasure_due_at", 1)),
    ),
)
