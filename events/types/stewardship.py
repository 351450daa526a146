"""Stewardship: things of the city that citizens and groups take care of.

Everything that is told of a thing and of its adoptions is in one order on the thing's key.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from events.checks import both_or_none, exactly_one
from events.envelope import Derived, Payload
from events.scalars import Code, Label, Latitude, Longitude, Name, Pseudonym, Ref, Timestamp, Words

Condition = Literal["good", "attention", "urgent"]
Missed = Annotated[int, Field(ge=1, le=1000)]
_Codes = Annotated[tuple[Code, ...], Field(max_length=30)]


class _AssetFacts(Payload):
    asset_type: Code
    name: Label | None = None
    feed: Name | None = None
    external_id: Code | None = None
    lat: Latitude | None = None
    long: Longitude | None = None
    neighbourhood_id: Code | None = None
    priority: bool = False
    not_adoptable_because: Name | None = None

    @model_validator(mode="after")
    def _a_point_has_two_coordinates(self) -> Self:
        both_or_none(lat=self.lat, long=self.long)
        return self


class AssetRegistered(_AssetFacts):
    """The city has a thing; anyone may adopt it unless `not_adoptable_because` says why not.

    `feed`: the city's list of such things that it stands in. Registered again, a retired thing is back.
    """


class AssetUpdated(_AssetFacts):
    """What is known of the thing now, all of it."""


class AssetRetired(Payload):
    """The thing is gone, or no longer the city's: whatever adoption it has ends with it."""

    reason: Name
    note: Words | None = None


class AdoptionStarted(Payload):
    """The participant takes care of the thing, alone or for a group, and looks after it every so many days.

    `entry_id`: the entry of the waiting list that it came from.
    """

    needs_participant: ClassVar[bool] = True

    adoption_id: Ref
    group_id: Ref | None = None
    nickname: Words | None = None
    cadence_days: Annotated[int, Field(ge=1, le=3660)]
    obligations: _Codes = ()
    entry_id: Ref | None = None


class AdoptionRefused(Derived):
    """The adoption never began: somebody takes care of the thing, or waits for it, or nobody may adopt it."""

    adoption_id: Ref
    reason: Literal["taken", "others_wait", "not_adoptable", "asset_retired"]


class StewardshipCheckedIn(Payload):
    """A steward looked after the thing: how it is, what was done, and what it needs from the city."""

    needs_participant: ClassVar[bool] = True

    adoption_id: Ref
    condition: Condition
    tasks_done: _Codes = ()
    needs: _Codes = ()
    text_ref: Ref | None = None
    media_ref: Annotated[tuple[Ref, ...], Field(max_length=20)] = ()
    minutes: Annotated[int, Field(ge=1, le=1440)] | None = None

    @model_validator(mode="after")
    def _what_needs_attention_says_which(self) -> Self:
        if self.condition != "good" and not self.needs and self.text_ref is None:
            msg = f"needs: a condition of {self.condition} says what is needed, here or behind text_ref"
            raise ValueError(msg)
        return self


class AdoptionCheckInDue(Derived):
    """A check-in is due at `due_at`."""

    adoption_id: Ref
    due_at: Timestamp


class AdoptionCheckInOverdue(Derived):
    """Nobody had checked in by the end of the grace after `due_at`; so many in a row were missed."""

    adoption_id: Ref
    due_at: Timestamp
    missed: Missed


class AdoptionLapsed(Derived):
    """So many check-ins were missed that the adoption has ended; `due_at` is that of the last."""

    adoption_id: Ref
    due_at: Timestamp
    missed: Missed


class AdoptionReleased(Payload):
    """The adoption has ended otherwise; where the thing was retired, with the reason told there."""

    adoption_id: Ref
    reason: Literal["by_steward", "by_city", "asset_retired"]
    retired_because: Name | None = None
    note: Words | None = None
    rule: Name | None = None

    @model_validator(mode="after")
    def _a_retirement_says_why(self) -> Self:
        if (self.reason == "asset_retired") != (self.retired_because is not None):
            msg = "retired_because: needed when reason is asset_retired, and only then"
            raise ValueError(msg)
        return self


class AdoptionTransferred(Payload):
    """The adoption goes on with another steward, a citizen or a group."""

    adoption_id: Ref
    to_ref: Pseudonym | None = None
    to_group_id: Ref | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _to_one_steward(self) -> Self:
        exactly_one(to_ref=self.to_ref, to_group_id=self.to_group_id)
        return self


class AdoptionWaitlistJoined(Payload):
    """The participant, or the group, would adopt the thing when it is free; the log gives the order."""

    needs_participant: ClassVar[bool] = True

    entry_id: Ref
    group_id: Ref | None = None


class AdoptionWaitlistLeft(Payload):
    """The entry waits no longer; `rule` names what concluded so where nobody told it."""

    entry_id: Ref
    reason: Literal["withdrawn", "declined", "offer_expired", "asset_retired", "adopted", "list_full"]
    rule: Name | None = None


class AdoptionWaitlistOffered(Derived):
    """The thing is free and offered to the first who waits, until `expires_at`."""

    entry_id: Ref
    expires_at: Timestamp
