"""What the read API answers about things of the city and who takes care of them. It names nobody."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from projections.api.models import Answer, AsOf, Next, Point

State = Literal["unknown", "free", "adopted", "not_adoptable", "retired"]
Condition = Literal["good", "attention", "urgent"]
Percent = Annotated[float | None, Field(description="rounded to one decimal; null where there is nothing")]


class Asset(Answer):
    """A thing of the city. `nickname` is what its steward calls it, shown while the adoption stands."""

    city: str
    id: str
    asset_type: str | None = Field(description="null where the city has not told what it is")
    name: str | None
    nickname: str | None
    feed: str | None = Field(description="the city's list that it stands in")
    external_id: str | None = Field(description="its id there")
    lat: float | None
    long: float | None
    neighbourhood_id: str | None
    priority: bool = Field(description="the city asks for a steward before others")
    state: State
    not_adoptable_because: str | None
    adopted_since: datetime | None = Field(description="since when it has its present adoption")
    group_id: str | None = Field(description="the group that takes care of it")
    cadence_days: int | None = Field(description="every how many days a check-in is expected")
    free_since: datetime | None = Field(description="when the adoption before ended")
    waiting: int = Field(description="entries that wait for it")
    condition: Condition | None = Field(description="how the last visitor found it")
    needs: list[str] = Field(description="what the last visitor said that it needs")
    checked_in_at: datetime | None
    retired_at: datetime | None
    retired_because: str | None
    updated_at: datetime


class Adoption(Answer):
    """One of the adoptions that a thing had."""

    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None = Field(description="lapsed, by_steward, by_city, asset_retired or refused")


class CheckIn(Answer):
    """What a steward found and did."""

    at: datetime
    condition: Condition
    tasks_done: list[str]
    needs: list[str]


class AssetDetail(Asset):
    """A thing with the last of its adoptions and check-ins, oldest first as the log tells them."""

    registered_at: datetime | None
    adoptions: list[Adoption]
    adoptions_total: int
    check_ins: list[CheckIn]
    check_ins_total: int
    as_of: AsOf


class Assets(Answer):
    """Things of a city, the last changed first."""

    assets: list[Asset]
    next: Next
    as_of: AsOf


class AssetProperties(Answer):
    """What a map shows of a thing; `page` is the path of its page."""

    asset_type: str | None
    name: str | None
    state: State
    priority: bool
    condition: Condition | None
    page: str


class AssetFeature(Answer):
    """A thing on a map."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: Point
    properties: AssetProperties


class AssetFeatures(Answer):
    """Things with a place (RFC 7946), at most 5,000; `truncated` says when there are more."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[AssetFeature]
    truncated: bool


class Coverage(Answer):
    """How many things are taken care of, and how many need the city."""

    assets: int = Field(description="things that the city has")
    adoptable: int = Field(description="of these, those that anyone may adopt")
    adopted: int = Field(description="of these, those with an adoption that stands")
    percent: Percent
    priority_adoptable: int = Field(description="adoptable things that the city asks for first")
    priority_adopted: int
    priority_percent: Percent
    attention: int = Field(
        description="found in need of attention by their last visitor, urgent ones included"
    )
    urgent: int
    wanted: int = Field(description="things for which somebody waits")


class CoverageOf(Coverage):
    """The same for one kind of things or one neighbourhood; the empty code stands for none."""

    code: str


class Need(Answer):
    """What things need, as their last visitors said."""

    need: str
    assets: int


class StewardshipMonth(Answer):
    """A month of the city's calendar. Where fewer than five adoptions stood, its numbers are suppressed."""

    month: str
    suppressed: bool
    stood: int | None = Field(description="adoptions that stood at its start")
    started: int | None
    ended: int | None
    lapsed: int | None = Field(description="of those that ended, by missed check-ins")
    check_ins: int | None = Field(description="check-ins, all of them")
    kept: int | None = Field(description="check-ins that were due and came in time")
    missed: int | None = Field(description="check-ins that were due and did not come by the end of the grace")


class Stewardship(Answer):
    """Who takes care of a city's things, in numbers."""

    city: str
    whole: Coverage
    by_asset_type: list[CoverageOf]
    by_neighbourhood: list[CoverageOf]
    needs: list[Need]
    months: list[StewardshipMonth] = Field(description="the last 12 months, this one included; oldest first")
    as_of: AsOf
