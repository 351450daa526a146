"""Community groups."""

from typing import Any

from events.envelope import Event
from events.types import groups
from tests.support.build import ANN, AT, BEN, told


def formed(group: str = "g1", *, leader: str = ANN, at: str = AT, **data: Any) -> Event:
    return told(groups.GroupFormed, group, data, at=at, by=leader, name="Bank walkers", leader_ref=leader)


def joined(group: str = "g1", *, by: str = BEN, at: str = AT, **data: Any) -> Event:
    return told(groups.GroupMemberJoined, group, data, at=at, by=by)


def left(group: str = "g1", *, by: str = BEN, ended_by: str = "member", at: str = AT, **data: Any) -> Event:
    return told(groups.GroupMemberLeft, group, {"by": ended_by, **data}, at=at, by=by)


def led_by(group: str = "g1", *, leader: str = BEN, at: str = AT, **data: Any) -> Event:
    return told(groups.GroupLeaderChanged, group, data, at=at, leader_ref=leader)
