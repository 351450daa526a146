"""Opportunities to volunteer, their sessions, and who signed up and came.

A session is an aggregate of its own: its capacity, sign-ups, waiting list and attendance are in
one order on its key.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from events.checks import both_or_none, exactly_one, in_order, no_repeats
from events.envelope import Derived, Part, Payload
from events.scalars import (
    Age,
    Code,
    Count,
    Label,
    Latitude,
    Longitude,
    Name,
    Place,
    Quantity,
    Ref,
    Timestamp,
    Words,
)

CheckMethod = Literal["qr", "leader", "self", "auto"]
_Codes = Annotated[tuple[Code, ...], Field(max_length=30)]


class Role(Part):
    """Something a volunteer can be in an opportunity, and what it asks."""

    role_id: Code
    title: Words
    commitment: Code | None = None
    min_age: Age | None = None
    skills: _Codes = ()
    requirements: _Codes = ()
    accessibility: _Codes = ()
    remote: bool = False


class OpportunityPublished(Payload):
    """A city or a group looks for volunteers."""

    title: Words
    description: Words | None = None
    activity: Code
    organisation: Label | None = None
    group_id: Ref | None = None
    project_id: Ref | None = None
    neighbourhood_id: Code | None = None
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _each_role_once(self) -> Self:
        no_repeats((role.role_id for role in self.roles), "roles: a role")
        return self


class OpportunitySessionAdded(Derived):
    """The opportunity has this session, with this start, of which the last told counts; on the own key."""

    session_id: Ref
    starts_at: Timestamp


class OpportunityCancelled(Payload):
    """Nothing more comes of the opportunity; each of its sessions is cancelled by an event of its own."""

    reason: Name
    note: Words | None = None


class _SessionTerms(Payload):
    opportunity_id: Ref
    project_id: Ref | None = None
    group_id: Ref | None = None
    neighbourhood_id: Code | None = None
    role_id: Code | None = None
    starts_at: Timestamp
    ends_at: Timestamp
    place: Place | None = None
    lat: Latitude | None = None
    long: Longitude | None = None
    remote: bool = False
    accessibility: _Codes = ()
    min_age: Age | None = None
    capacity: Annotated[int, Field(ge=1, le=5_000)] | None = None
    waiting_list: bool = True
    min_attendance: Count | None = None

    @model_validator(mode="after")
    def _somewhere_for_some_time(self) -> Self:
        in_order(starts_at=self.starts_at, ends_at=self.ends_at)
        both_or_none(lat=self.lat, long=self.long)
        return self


class SessionScheduled(_SessionTerms):
    """A session of an opportunity, with all that a sign-up must be held against. No capacity: no limit.

    Project, group and neighbourhood are what hours from its attendance count for.
    """


class SessionChanged(_SessionTerms):
    """The terms of the session as they are now, all of them."""


class SessionCancelled(Payload):
    """The session does not take place."""

    reason: Name
    note: Words | None = None


class SessionComingUp(Derived):
    """The session starts within 48 hours: are they enough? Within 24, by another rule, they are reminded."""

    starts_at: Timestamp


class SessionAtRisk(Derived):
    """Fewer are expected than the session needs; `expected` weighs who signed up by how many of them come."""

    starts_at: Timestamp
    expected: Quantity
    signed_up: Count
    min_attendance: Count


class SignupRegistered(Payload):
    """The participant wants to come; on the waiting list where the session is full."""

    needs_participant: ClassVar[bool] = True

    signup_id: Ref
    waitlisted: bool = False


class SignupCancelled(Payload):
    """The participant does not come after all, told so many whole hours before the start."""

    signup_id: Ref
    notice_hours: Count
    by: Literal["participant", "organiser"] = "participant"


class SignupPromoted(Payload):
    """A place for one who waited: by `rule` the first in the log's order, else whom an organiser chose."""

    signup_id: Ref
    rule: Name | None = None


class AttendanceCheckedIn(Payload):
    """A volunteer is there from `checked_in_at` on: one who signed up, or one who just came."""

    attendance_id: Ref
    signup_id: Ref | None = None
    walk_in: Literal[True] | None = None
    method: CheckMethod
    checked_in_at: Timestamp

    @model_validator(mode="after")
    def _signed_up_or_walked_in(self) -> Self:
        exactly_one(signup_id=self.signup_id, walk_in=self.walk_in)
        return self


class AttendanceCheckedOut(Payload):
    """The volunteer's time ended at `checked_out_at`; `auto`: a rule assumed it, nobody said so."""

    attendance_id: Ref
    method: CheckMethod
    rule: Name | None = None
    checked_out_at: Timestamp

    @model_validator(mode="after")
    def _what_is_assumed_names_its_rule(self) -> Self:
        if (self.method == "auto") != (self.rule is not None):
            msg = "rule: needed when method is auto, and only then"
            raise ValueError(msg)
        return self


class AttendanceNoShow(Derived):
    """Someone who had signed up did not come by the end of the session."""

    signup_id: Ref
    session_ended_at: Timestamp
