"""Who takes care of a thing of the city, and who waits for it: decided by the order of its events.

The read model and the process manager hold these fields and are told the same events in the same order,
so they never differ on who the steward is. A thing has one adoption at a time: another does not replace
it. While somebody waits, only the first who waits may adopt it. What has ended does not begin again.
"""

from typing import Any, Final

from events.envelope import Event
from events.types.stewardship import (
    AdoptionLapsed,
    AdoptionRefused,
    AdoptionReleased,
    AdoptionStarted,
    AdoptionTransferred,
    AdoptionWaitlistJoined,
    AdoptionWaitlistLeft,
    AssetRegistered,
    AssetRetired,
    AssetUpdated,
)
from projections.core import Document

WAITING_MOST: Final = 50
GONE_KEPT: Final = 100
FIELDS: Final = {
    "retired": "whether the city has given it up",
    "not_adoptable_because": "why nobody may adopt it, or None",
    "adoption": "the one that stands: adoption_id, steward, group_id, cadence_days, since; or None",
    "waiting": f"who waits for it, the first first, at most {WAITING_MOST}: entry_id, participant, group_id",
    "gone": f"the last {GONE_KEPT} ids of adoptions and entries that ended, and so cannot begin",
}
NOBODY: Final[dict[str, Any]] = {
    "retired": False,
    "not_adoptable_because": None,
    "adoption": None,
    "waiting": [],
    "gone": [],
}
"""A thing of which nothing was told."""


def changes(thing: Document, event: Event) -> dict[str, Any]:
    """The fields that are others after this event."""
    match event.data:
        case AssetRegistered() as data:
            return {"retired": False, "not_adoptable_because": data.not_adoptable_because}
        case AssetUpdated() as data:
            return {"not_adoptable_because": data.not_adoptable_because}
        case AssetRetired():
            return _given_up(thing)
        case AdoptionWaitlistJoined() as data if may_wait(thing, data):
            return {"waiting": [*thing["waiting"], _entry(event, data)]}
        case AdoptionWaitlistLeft() as data:
            return _left(thing, data.entry_id)
    return _of_adoption(thing, event)


def _of_adoption(thing: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case AdoptionStarted() as data:
            return _started(thing, event, data)
        case AdoptionTransferred() as data if adopted_as(thing, data.adoption_id):
            to = {"steward": data.to_ref, "group_id": data.to_group_id}
            return {"adoption": {**thing["adoption"], **to}}
        case AdoptionLapsed() | AdoptionReleased() | AdoptionRefused() as data:
            stands = None if adopted_as(thing, data.adoption_id) else thing["adoption"]
            return {"adoption": stands, **_gone(thing, data.adoption_id)}
    return {}


def refusal(thing: Document, event: Event) -> str | None:
    """Why the adoption that this event tells of does not begin; None where it does, or was told before."""
    data = event.data
    if not isinstance(data, AdoptionStarted) or _told_before(thing, data.adoption_id):
        return None
    if thing["retired"]:
        return "asset_retired"
    if thing["adoption"] is not None:
        return "taken"
    if thing["not_adoptable_because"] is not None:
        return "not_adoptable"
    if thing["waiting"] and not _is(thing["waiting"][0], event, data):
        return "others_wait"
    return None


def adopted_as(thing: Document, adoption_id: str) -> bool:
    """Whether this is the adoption that stands."""
    return thing["adoption"] is not None and thing["adoption"]["adoption_id"] == adoption_id


def may_wait(thing: Document, data: AdoptionWaitlistJoined) -> bool:
    """Whether there is a place for a new entry; one that waits already, or has left, has none."""
    ids = {entry["entry_id"] for entry in thing["waiting"]} | set(thing["gone"])
    return data.entry_id not in ids and not thing["retired"] and len(thing["waiting"]) < WAITING_MOST


def _told_before(thing: Document, adoption_id: str) -> bool:
    return adopted_as(thing, adoption_id) or adoption_id in thing["gone"]


def _started(thing: Document, event: Event, data: AdoptionStarted) -> dict[str, Any]:
    if _told_before(thing, data.adoption_id) or refusal(thing, event) is not None:
        return {}
    adoption = {
        "adoption_id": data.adoption_id,
        "steward": event.participant,
        "group_id": data.group_id,
        "cadence_days": data.cadence_days,
        "since": event.at,
    }
    served = [entry["entry_id"] for entry in thing["waiting"][:1]]
    return {"adoption": adoption, "waiting": thing["waiting"][1:], **_gone(thing, *served)}


def _is(entry: Document, event: Event, data: AdoptionStarted) -> bool:
    same = (entry["participant"], entry["group_id"]) == (event.participant, data.group_id)
    return same or entry["entry_id"] == data.entry_id


def _entry(event: Event, data: AdoptionWaitlistJoined) -> dict[str, Any]:
    return {"entry_id": data.entry_id, "participant": event.participant, "group_id": data.group_id}


def _left(thing: Document, entry_id: str) -> dict[str, Any]:
    waiting = [entry for entry in thing["waiting"] if entry["entry_id"] != entry_id]
    return {"waiting": waiting, **_gone(thing, entry_id)}


def _given_up(thing: Document) -> dict[str, Any]:
    ended = [thing["adoption"]["adoption_id"]] if thing["adoption"] else []
    ended += [entry["entry_id"] for entry in thing["waiting"]]
    return {"retired": True, "adoption": None, "waiting": [], **_gone(thing, *ended)}


def _gone(thing: Document, *ids: str) -> dict[str, Any]:
    fresh = [id_ for id_ in ids if id_ not in thing["gone"]]
    return {"gone": [*thing["gone"], *fresh][-GONE_KEPT:]}
