"""What stewards of a thing are told, and those who wait for it: that they have it, what is due, how it ends.

`projections.views.tenure` decides who has the thing, as for the follow-up that tells what is due. Where it
was passed on to a group nobody is told anything: who leads the group stands on another key.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from consumers.engine.effects import Effect, Notify, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.stewardship import (
    AdoptionCheckInDue,
    AdoptionCheckInOverdue,
    AdoptionLapsed,
    AdoptionRefused,
    AdoptionReleased,
    AdoptionStarted,
    AdoptionTransferred,
    AdoptionWaitlistJoined,
    AdoptionWaitlistLeft,
    AdoptionWaitlistOffered,
    AssetRetired,
)
from projections.core import Document, types
from projections.views import tenure
from projections.views.cadence import LAPSE_AFTER, days, grace
from projections.views.entries import entry

STARTED, REFUSED, TRANSFERRED = "adoption.started", "adoption.refused", "adoption.transferred"
DUE, OVERDUE = "adoption.check_in_due", "adoption.check_in_overdue"
LAPSED, ENDED = "adoption.lapsed", "adoption.ended"
WAITS, OFFERED, LEFT = "waitlist.joined", "waitlist.offered", "waitlist.left"
TOLD_OF: Final = frozenset({"offer_expired", "asset_retired", "list_full"})
"""Reasons to leave the waiting list that are not the doing of who leaves."""
FIELDS: Final = {
    "city": "the city's short name",
    "asset_id": "id within the city",
    **tenure.FIELDS,
}


def react(state: Document | None, event: Event) -> Reaction:
    """The thing after this event, and who is told."""
    own = {"city": event.city, "asset_id": event.subject}
    before = {**own, **tenure.NOBODY} if state is None else state
    after = {**before, **tenure.changes(before, event)}
    return after, [*_of_adoption(before, after, event), *_of_waiting(before, after, event)]


def _of_adoption(before: Document, after: Document, event: Event) -> Iterator[Effect]:
    match event.data:
        case AdoptionStarted() as data if _has(after, data.adoption_id) and not _has(
            before, data.adoption_id
        ):
            said = {"cadence_days": str(data.cadence_days)}
            yield Notify(STARTED, event.participant, "adoption_started", said)
        case AdoptionRefused() as data if event.participant is not None:
            yield Notify(REFUSED, event.participant, "adoption_refused", {"reason": data.reason})
        case AdoptionTransferred() as data if _has(after, data.adoption_id) and data.to_ref is not None:
            if data.to_ref != before["adoption"]["steward"]:
                said = {"cadence_days": str(after["adoption"]["cadence_days"])}
                yield Notify(TRANSFERRED, data.to_ref, "adoption_transferred", said)
        case AdoptionCheckInDue() | AdoptionCheckInOverdue() as data if _has(after, data.adoption_id):
            yield from _expected(after, data)
        case _:
            yield from _ended(before, event)


def _has(thing: Document, adoption_id: str) -> bool:
    return tenure.adopted_as(thing, adoption_id)


def _expected(thing: Document, data: AdoptionCheckInDue | AdoptionCheckInOverdue) -> Iterator[Effect]:
    """A reminder is of use until the next one. That the last miss ended the adoption is told as the lapse."""
    steward, cadence, due_at = thing["adoption"]["steward"], thing["adoption"]["cadence_days"], data.due_at
    if steward is None:
        return
    said = {"due_at": due_at.isoformat()}
    if isinstance(data, AdoptionCheckInDue):
        yield Notify(DUE, steward, "check_in_due", said | _until(due_at, cadence))
    elif data.missed < LAPSE_AFTER:
        said |= {"left": str(LAPSE_AFTER - data.missed), **_until(due_at + days(cadence), cadence)}
        yield Notify(OVERDUE, steward, "check_in_overdue", said)


def _until(due_at: datetime, cadence_days: int) -> dict[str, str]:
    return {"until_at": (due_at + grace(cadence_days)).isoformat()}


def _ended(before: Document, event: Event) -> Iterator[Effect]:
    """That they no longer have it is told to whoever had it before this event."""
    adoption = before["adoption"]
    if adoption is None or adoption["steward"] is None:
        return
    steward = adoption["steward"]
    match event.data:
        case AssetRetired() as data:
            yield Notify(ENDED, steward, "adoption_ended", {"reason": data.reason})
        case AdoptionLapsed() as data if _has(before, data.adoption_id):
            yield Notify(LAPSED, steward, "adoption_lapsed", {"missed": str(data.missed)})
        case AdoptionReleased(reason="by_steward") as data if _has(before, data.adoption_id):
            yield Notify(ENDED, steward, "adoption_given_back")
        case AdoptionReleased() as data if _has(before, data.adoption_id):
            said = {"reason": data.retired_because or data.reason}
            yield Notify(ENDED, steward, "adoption_ended", said)


def _of_waiting(before: Document, after: Document, event: Event) -> Iterator[Effect]:
    match event.data:
        case AdoptionWaitlistJoined() as data if tenure.may_wait(before, data):
            said = {"position": str(len(after["waiting"]))}
            yield Notify(WAITS, event.participant, "adoption_waiting", said)
        case AdoptionWaitlistOffered() as data:
            if (waits := entry(after["waiting"], entry_id=data.entry_id)) is not None:
                expires = data.expires_at.isoformat()
                said = {"expires_at": expires, "until_at": expires}
                yield Notify(OFFERED, waits["participant"], "adoption_offered", said)
        case AdoptionWaitlistLeft() as data if data.reason in TOLD_OF:
            if (whom := _who_waited(before, event, data)) is not None:
                yield Notify(LEFT, whom, "adoption_waiting_ended", {"reason": data.reason})


def _who_waited(before: Document, event: Event, data: AdoptionWaitlistLeft) -> str | None:
    """Of whom a rule tells that never had a place, or has none since the thing was given up, it says who."""
    if (waited := entry(before["waiting"], entry_id=data.entry_id)) is not None:
        return str(waited["participant"])
    return event.participant if data.rule is not None else None


MANAGER: Final[ProcessManager] = process_manager(
    "steward_messages",
    "Tells stewards what they have, what is due and how it ends, and who waits whether it is their turn",
    types(
        "asset.registered",
        "asset.updated",
        "asset.retired",
        "adoption.started",
        "adoption.refused",
        "adoption.check_in_due",
        "adoption.check_in_overdue",
        "adoption.lapsed",
        "adoption.released",
        "adoption.transferred",
        "adoption.waitlist_joined",
        "adoption.waitlist_left",
        "adoption.waitlist_offered",
    ),
    react,
    FIELDS,
)
