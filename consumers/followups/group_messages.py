"""What a group's founder, leader and members are told: that it stands, who came, that another leads it.

Whoever sends `formed` gets a receipt; its leader, where that is somebody else, hears that they lead it. The
leader hears of each new member. To join twice is no news: the last 1,000 who joined are known, so the leader
of a larger group may hear again of one who joined before them. A leader who is named before the forming is
told stays, as in the read model.
"""

from collections.abc import Iterator
from typing import Any, Final

from consumers.engine.effects import (
    Announce,
    Effect,
    Join,
    Leave,
    Notify,
    ProcessManager,
    Reaction,
    process_manager,
)
from events.envelope import Event
from events.types.groups import GroupFormed, GroupLeaderChanged, GroupMemberJoined, GroupMemberLeft
from projections.core import Document, types

FORMED, JOINED, LED = "group.formed", "group.member_joined", "group.led"
MEMBERS_KEPT: Final = 1_000
FIELDS: Final = {
    "city": "the city's short name",
    "group_id": "id within the city",
    "formed": "whether that is told",
    "leader": "who leads it, by pseudonym; None until that is told",
    "members": f"who belongs to it, the last {MEMBERS_KEPT} who joined",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The group after this event, and who is told."""
    before = _blank(event) if state is None else state
    change = _change(before, event)
    after = {**before, **change} if change else before
    return after, list(_told(before, after, event))


def _blank(event: Event) -> Document:
    return {"city": event.city, "group_id": event.subject, "formed": False, "leader": None, "members": []}


def _change(group: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case GroupFormed() as data:
            return {"formed": True, "leader": group["leader"] or data.leader_ref}
        case GroupLeaderChanged() as data:
            return {"leader": data.leader_ref}
        case GroupMemberJoined() if event.participant not in group["members"]:
            return {"members": [*group["members"], event.participant][-MEMBERS_KEPT:]}
        case GroupMemberLeft():
            return {"members": [one for one in group["members"] if one != event.participant]}
    return {}


def _told(before: Document, group: Document, event: Event) -> Iterator[Effect]:
    match event.data:
        case GroupFormed() as data if not before["formed"]:
            founder = event.participant or data.leader_ref
            yield Notify(FORMED, founder, "group_formed")
            if before["leader"] is None and data.leader_ref != founder:
                yield Notify(LED, data.leader_ref, "group_led")
        case GroupMemberJoined() if event.participant is not None:
            yield Join(event.participant)
            if group["leader"] not in (None, event.participant) and group["members"] != before["members"]:
                yield Notify(JOINED, group["leader"], "group_member_joined")
        case GroupMemberLeft() if event.participant is not None:
            yield Leave(event.participant)
        case GroupLeaderChanged() if group["leader"] != before["leader"]:
            yield Notify(LED, group["leader"], "group_led")
            yield Announce(LED, "group_has_new_leader")


MANAGER: Final[ProcessManager] = process_manager(
    "group_messages",
    "Tells a group's founder, leader and members what concerns them",
    types("group.formed", "group.member_joined", "group.member_left", "group.leader_changed"),
    react,
    FIELDS,
)
