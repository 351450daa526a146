"""Whoever does something that counts as participation is told of it on a key of their own.

So what must be counted once for each person can be: their document there is one, however many requests,
ideas and sessions they had a part in. It stays in their city, like every event that names a person.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from consumers.engine.effects import Emit, ProcessManager, Reaction, process_manager
from events.envelope import DERIVED, Event
from events.registry import BY_TYPE
from events.types.groups import GroupFormed, GroupLeaderChanged
from events.types.hours import HoursLogged
from events.types.ideas import IdeaSubmitted
from events.types.participants import ParticipantActed
from events.types.requests import ServiceRequestReopened, ServiceRequestUpdatePosted
from events.types.stewardship import AssetRegistered, AssetUpdated
from projections.core import Document, types
from projections.ladder import RUNG_OF

RULE: Final = "participant.took_part"
FIELDS: Final = {
    "city": "the city's short name",
    "about": "the id of the request, idea, thing or group",
    "neighbourhood_id": "the neighbourhood it was last said to be in",
}
"""Kept only for what has a neighbourhood, so that what is done about it later counts there too."""


def react(state: Document | None, event: Event) -> Reaction:
    """Each person who acted is told once for this event; of the aggregate only its place is known."""
    after = _placed(state, event)
    area = None if after is None else after["neighbourhood_id"]
    name = BY_TYPE[event.type].name
    acted = ParticipantActed(rule=RULE, action=name, neighbourhood_id=area)
    return after, [Emit(RULE, acted, subject=who, participant=who) for who in dict.fromkeys(_who(event))]


def _placed(state: Document | None, event: Event) -> Document | None:
    area = getattr(event.data, "neighbourhood_id", None)
    if area is None or (state is not None and state["neighbourhood_id"] == area):
        return state
    return {"city": event.city, "about": event.subject, "neighbourhood_id": area}


def _who(event: Event) -> Iterable[str]:
    if event.source == f"urn:townhall:{event.city}:{DERIVED}":
        return ()  # a rule of ours told it, nobody did it
    match event.data:
        case (
            AssetRegistered()
            | AssetUpdated()
            | ServiceRequestUpdatePosted(author_kind="agency")
            | ServiceRequestReopened(by="agency")
            | HoursLogged(source="check_in")  # the check-in counted
        ):
            return ()
        case IdeaSubmitted() as idea:
            return (*_named(event), *idea.co_author_refs)
        case GroupFormed() | GroupLeaderChanged() as group:
            return (group.leader_ref,)
    return _named(event)


def _named(event: Event) -> tuple[str, ...]:
    return () if event.participant is None else (event.participant,)


def _aggregate(event: Event) -> str:
    """Ids of two families may be equal: an idea is not the thing of the same id."""
    return f"{event.key}/{BY_TYPE[event.type].aggregate}"


MANAGER: Final[ProcessManager] = replace(
    process_manager(
        "participant_actions",
        "Tells on the participants' own keys that they took part, once for each event that counts",
        types(*RUNG_OF, "asset.registered", "asset.updated"),
        react,
        FIELDS,
    ),
    key=_aggregate,
)
