"""The part of stewardship that offers a free thing to the first who waits, and then to the next.

The log decides between an adoption and the end of an offer: whoever adopts after that was told comes
after those who still wait.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

from consumers.engine.effects import CancelTimer, Effect, Emit, StartTimer
from events.envelope import Event
from events.types.stewardship import (
    AdoptionStarted,
    AdoptionWaitlistJoined,
    AdoptionWaitlistLeft,
    AdoptionWaitlistOffered,
    AssetRetired,
)
from projections.core import Document
from projections.views.cadence import days
from projections.views.tenure import WAITING_MOST, may_wait

OFFER_DAYS: Final = 7
"""Long enough for who reads messages once a week; a thing stays alone no longer than that for each entry."""
OFFERED, EXPIRED = "adoption.first_who_waits", "adoption.offer_expired"
ADOPTED, RETIRED, FULL = "adoption.entry_adopted", "adoption.asset_retired", "adoption.waitlist_full"
FIELDS: Final = {"offer": "to whom the thing is offered and until when: entry_id, expires_at; or None"}
NOBODY: Final[dict[str, Any]] = {"offer": None}
Reason = Literal["offer_expired", "adopted", "asset_retired", "list_full"]


def changes(before: Document, after: Document, event: Event) -> dict[str, Any]:
    """The offer after the event; `after` tells already who has the thing and who waits."""
    free = after["adoption"] is None and not after["retired"] and after["not_adoptable_because"] is None
    if not free or not after["waiting"]:
        return {"offer": None}
    first = after["waiting"][0]["entry_id"]
    if before["offer"] is not None and before["offer"]["entry_id"] == first:
        return {}
    return {"offer": {"entry_id": first, "expires_at": event.at + days(OFFER_DAYS)}}


def effects(before: Document, after: Document, event: Event) -> Iterator[Effect]:
    """Offers, what ends them, and entries that leave because of what else happened."""
    if before["offer"] != after["offer"]:
        if before["offer"] is not None:
            yield CancelTimer(_name(before["offer"]))
        if after["offer"] is not None:
            yield from _offer(after["waiting"][0], after["offer"])
    match event.data:
        case AdoptionStarted() if len(after["waiting"]) < len(before["waiting"]):
            yield _leaves(before["waiting"][0], "adopted", ADOPTED)
        case AssetRetired():
            for entry in before["waiting"]:
                yield _leaves(entry, "asset_retired", RETIRED)
        case AdoptionWaitlistJoined() as data if not may_wait(before, data):
            yield from _sent_away(before, event, data)


def _offer(entry: Document, offer: Document) -> Iterator[Effect]:
    told = {"rule": OFFERED, "entry_id": offer["entry_id"], "expires_at": offer["expires_at"]}
    yield Emit(OFFERED, AdoptionWaitlistOffered.model_validate(told), participant=entry["participant"])
    expired = _left(entry, "offer_expired", EXPIRED)
    yield StartTimer(_name(offer), offer["expires_at"], expired, participant=entry["participant"])


def _name(offer: Document) -> str:
    return f"{EXPIRED}/{offer['entry_id']}@{offer['expires_at'].isoformat()}"


def _sent_away(before: Document, event: Event, data: AdoptionWaitlistJoined) -> Iterator[Effect]:
    """There is no place for it; an entry that waits already, or has left, is no news."""
    known = {entry["entry_id"] for entry in before["waiting"]} | set(before["gone"])
    if data.entry_id in known:
        return
    entry = {"entry_id": data.entry_id, "participant": event.participant}
    if before["retired"]:
        yield _leaves(entry, "asset_retired", RETIRED)
    elif len(before["waiting"]) >= WAITING_MOST:
        yield _leaves(entry, "list_full", FULL)


def _leaves(entry: Document, reason: Reason, rule: str) -> Emit:
    """Several entries may leave by one event, so the entry is part of what makes the id."""
    return Emit(f"{rule}/{entry['entry_id']}", _left(entry, reason, rule), participant=entry["participant"])


def _left(entry: Document, reason: Reason, rule: str) -> AdoptionWaitlistLeft:
    return AdoptionWaitlistLeft(entry_id=entry["entry_id"], reason=reason, rule=rule)
