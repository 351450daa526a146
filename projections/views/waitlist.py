"""Waiting lists: each entry, whether the thing was offered to it, and why it waits no longer."""

from typing import Any, Final

from events.envelope import Event
from events.types.stewardship import AdoptionWaitlistJoined, AdoptionWaitlistLeft, AdoptionWaitlistOffered
from projections.core import Document, DocumentView, types
from projections.views.timeline import latest

FIELDS: Final = {
    "city": "the city's short name",
    "asset_id": "the thing's id within the city",
    "entry_id": "id within the city",
    "participant": "pseudonym of who waits; None until the joining is told",
    "group_id": "the group that waits, or None",
    "state": "waiting, offered or left",
    "joined_at": "since when",
    "offered_at": "when the thing was last offered",
    "expires_at": "until when it was offered",
    "left_at": "when it left",
    "left_because": "adopted, withdrawn, declined, offer_expired, asset_retired or list_full",
    "updated_at": "the latest time of any event",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The entry after this event. Who has left does not come back.

    That somebody adopted says more than that the offer ended at the same moment.
    """
    entry = _blank(event) if document is None else dict(document)
    match event.data:
        case AdoptionWaitlistJoined() as data:
            entry |= {"participant": event.participant, "group_id": data.group_id, "joined_at": event.at}
        case AdoptionWaitlistOffered() as data:
            entry |= {"offered_at": event.at, "expires_at": data.expires_at}
        case AdoptionWaitlistLeft() as data if entry["left_at"] is None or data.reason == "adopted":
            entry |= {"left_at": event.at, "left_because": data.reason}
    entry["updated_at"] = latest(entry["updated_at"], event.at)
    entry["state"] = _state(entry)
    return entry


def _blank(event: Event) -> dict[str, Any]:
    told = {"city": event.city, "asset_id": event.subject, "entry_id": _id_of(event)}
    return {**dict.fromkeys(FIELDS), **told}


def _id_of(event: Event) -> str:
    return str(getattr(event.data, "entry_id"))  # noqa: B009 - each type handled has one


def _state(entry: Document) -> str:
    if entry["left_at"] is not None:
        return "left"
    return "waiting" if entry["offered_at"] is None else "offered"


VIEW: Final = DocumentView(
    name="waitlist_entries",
    description="Every entry of the waiting lists of things; one document per thing and entry",
    handles=types("adoption.waitlist_joined", "adoption.waitlist_offered", "adoption.waitlist_left"),
    key=lambda event: f"{event.key}/{_id_of(event)}",
    evolve=evolve,
    fields=FIELDS,
    indexes=((("city", 1), ("asset_id", 1), ("state", 1)), (("city", 1), ("participant", 1))),
)
