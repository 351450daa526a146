"""Community groups: who leads them and who belongs to them."""

from typing import ClassVar, Literal

from events.envelope import Payload
from events.scalars import Code, Pseudonym, Words


class GroupFormed(Payload):
    """Citizens formed a group. Its leader belongs to it without joining."""

    name: Words
    purpose: Words | None = None
    neighbourhood_id: Code | None = None
    leader_ref: Pseudonym


class GroupMemberJoined(Payload):
    """The participant belongs to the group; twice is once."""

    needs_participant: ClassVar[bool] = True


class GroupMemberLeft(Payload):
    """The participant no longer belongs to the group."""

    needs_participant: ClassVar[bool] = True

    by: Literal["member", "leader", "city"] = "member"


class GroupLeaderChanged(Payload):
    """Another member leads the group."""

    leader_ref: Pseudonym
