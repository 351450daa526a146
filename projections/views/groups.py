"""Community groups, and who belongs to them.

Whoever leads a group belongs to it without joining, for as long as they lead. So a group has as many members
as memberships that stand, and one more where its leader has none.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.groups import GroupFormed, GroupLeaderChanged, GroupMemberJoined, GroupMemberLeft
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.timeline import latest

FIELDS: Final = {
    "city": "the city's short name",
    "group_id": "id within the city",
    "name": "in its founders' words; None until the forming is told",
    "purpose": "in their words, or None",
    "neighbourhood_id": "the city's code of the neighbourhood",
    "leader_ref": "pseudonym of who leads it, as told last in the log",
    "leaders": "how many times a leader was named, the first included",
    "formed_at": "when it was formed; None until that is told",
    "updated_at": "the latest time of any event",
}


def evolve(document: Document | None, event: Event) -> Document:
    """The group after this event. A leader who was named before the forming is told stays."""
    group = _blank(event) if document is None else dict(document)
    match event.data:
        case GroupFormed() as data:
            _formed(group, event, data)
        case GroupLeaderChanged() as data:
            group["leader_ref"] = data.leader_ref
            group["leaders"] += 1
    group["updated_at"] = latest(group["updated_at"], event.at)
    return group


def _blank(event: Event) -> dict[str, Any]:
    return {**dict.fromkeys(FIELDS), "city": event.city, "group_id": event.subject, "leaders": 0}


def _formed(group: dict[str, Any], event: Event, data: GroupFormed) -> None:
    group["name"] = data.name
    group["purpose"] = data.purpose
    group["neighbourhood_id"] = data.neighbourhood_id
    group["formed_at"] = event.at
    group["leader_ref"] = group["leader_ref"] or data.leader_ref
    group["leaders"] += 1


VIEW: Final = DocumentView(
    name="groups",
    description="Every community group with its purpose and its leader",
    handles=types("group.formed", "group.leader_changed"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("formed_at", -1), ("_id", 1)),
        (("city", 1), ("leader_ref", 1)),
    ),
)

MEMBER_FIELDS: Final = {
    "city": "the city's short name",
    "group": "the group's id within the city",
    "participant": "pseudonym of the member",
    "active": "whether the membership stands",
    "since": "when it last began or ended",
    "left_by": "who ended it: member, leader or city; None while it stands",
}


def evolve_membership(document: Document | None, event: Event) -> Document | None:
    """One participant's membership of one group; joined twice, it is the first time that counts."""
    data = event.data
    if not isinstance(data, GroupMemberJoined | GroupMemberLeft):
        return document
    active = isinstance(data, GroupMemberJoined)
    if document is not None and document["active"] == active:
        return document
    return {
        "city": event.city,
        "group": event.subject,
        "participant": event.participant,
        "active": active,
        "since": event.at,
        "left_by": data.by if isinstance(data, GroupMemberLeft) else None,
    }


MEMBERSHIPS: Final = DocumentView(
    name="group_memberships",
    description="Who joined which group; one document per group and participant",
    handles=types("group.member_joined", "group.member_left"),
    key=lambda event: f"{event.key}/{event.participant}",
    evolve=evolve_membership,
    fields=MEMBER_FIELDS,
    indexes=((("city", 1), ("group", 1), ("active", 1)), (("city", 1), ("participant", 1))),
)


def _joined(membership: Document) -> Iterable[Cell]:
    if membership["active"]:
        yield Cell((membership["city"], membership["group"]), {"joined": 1})


MEMBERS: Final = DocumentTally(
    name="group_members",
    description="How many participants joined each group; its leader may belong without joining",
    dimensions=("city", "group"),
    measures={"joined": "participants whose membership stands"},
    over=MEMBERSHIPS,
    cells=_joined,
)
BY_NEIGHBOURHOOD: Final = DocumentTally(
    name="groups_by_neighbourhood",
    description="Groups per neighbourhood; the empty code stands for groups without one",
    dimensions=("city", "neighbourhood_id"),
    measures={"groups": "groups whose forming is told"},
    over=VIEW,
    cells=lambda group: (
        (Cell((group["city"], group["neighbourhood_id"] or ""), {"groups": 1}),)
        if group["formed_at"] is not None
        else ()
    ),
)
