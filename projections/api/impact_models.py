"""What the read API answers about projects and what was done. Quantities are decimal text, as shown."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from projections.api.models import Answer, AsOf, Next

Method = Literal["counted", "weighed", "estimated"]


class ImpactPart(Answer):
    """Records that were told alike: what a total is made of."""

    unit: str = Field(description="as recorded")
    each: str | None = Field(description="what one unit is taken for, as the city declares it: `20 lb`")
    method: Method | None = Field(description="how it was found out; null where methods are not told apart")
    records: int
    quantity: str = Field(description="as recorded, in `unit`")
    in_total: str = Field(description="the same in the unit of the total, rounded to three decimals")


class ImpactTotal(Answer):
    """What was done by one metric, summed exactly and rounded once, to three decimals."""

    metric_code: str
    unit: str
    quantity: str
    out_of: str | None = Field(description="of later looks: how much was looked at again, in the same unit")
    records: int = Field(description="records that count")
    voided: int = Field(description="records that were voided and do not count")
    parts: list[ImpactPart]


class Impact(Answer):
    """What was done in a city, in the months from `first_month` to `last_month`; null where all count."""

    city: str
    first_month: str | None
    last_month: str | None
    neighbourhood_id: str | None
    totals: list[ImpactTotal]
    as_of: AsOf


class Award(Answer):
    """An award, perhaps of another jurisdiction."""

    city: str
    award_id: str


class Measure(Answer):
    """A quantity and its unit."""

    quantity: str
    unit: str


class LookedAt(Answer):
    """The earlier record that was looked at again, and how much of it."""

    record_id: str
    quantity: str


class ImpactRecord(Answer):
    """One record, as it was told. Voided, it counts no more."""

    city: str
    id: str
    metric_code: str
    quantity: str
    unit: str
    each: Measure | None
    out_of: LookedAt | None
    method: Method
    done_on: str
    neighbourhood_id: str | None
    project_id: str | None
    award: Award | None
    session_id: str | None
    asset_id: str | None
    evidence: list[str]
    voided: bool
    void_reason: str | None
    replaced_by: str | None


class ImpactRecords(Answer):
    """Records of a city, the last done first; voided ones too."""

    records: list[ImpactRecord]
    next: Next
    as_of: AsOf


class Project(Answer):
    """Work that was begun together."""

    city: str
    id: str
    title: str | None
    category: str | None
    organisation: str | None
    group_id: str | None
    idea_ids: list[str]
    problem_ids: list[str]
    award: Award | None
    neighbourhood_id: str | None
    status: Literal["running", "completed", "abandoned"]
    started_at: datetime | None
    ended_at: datetime | None
    note: str | None = Field(description="what was said at its end")
    evidence: list[str] = Field(description="addresses of what shows its end")


class ProjectDetail(Project):
    """A project and what came of it."""

    totals: list[ImpactTotal]
    as_of: AsOf


class Projects(Answer):
    """Projects of a city, the last begun first."""

    projects: list[Project]
    next: Next
    as_of: AsOf
