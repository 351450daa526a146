"""What the read API answers about grants. Money and scores are exact decimal text, days the city's own."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from projections.api.models import Answer, AsOf, Next

CallStatus = Literal["open", "closed", "cancelled"]
Tier = Literal["coalition_to_city", "city_to_group"]


class AwardLink(Answer):
    """An award, perhaps of another city or of the coalition."""

    city: str
    id: str


class Money(Answer):
    """Sums of one currency over all time."""

    currency: str
    awards: int
    awarded: str
    disbursed: str
    regranted: str = Field(description="what was granted again, from awards of this city or coalition")


class Kept(Answer):
    """How many of those that were due before today were done, and done in time."""

    due: int
    done: int
    on_time: int


class CityGrants(Answer):
    """What a city, or the coalition, grants."""

    city: str
    open_calls: int
    money: list[Money]
    instalments: Kept
    reports: Kept
    overdue: int = Field(description="reports of which it was told that they had not come, and not in time")
    as_of: AsOf


class Criterion(Answer):
    """What reviewers score from 0 to `scale`, and how much it weighs."""

    code: str
    label: str
    weight: int
    scale: int


class CallSummary(Answer):
    """A grant call in a listing."""

    city: str
    id: str
    title: str | None
    tier: Tier | None
    status: CallStatus
    currency: str | None
    budget: str | None
    amount_min: str | None
    amount_max: str | None
    opened_at: datetime | None
    deadline_at: datetime | None
    applications: int
    accepted: int


class Calls(Answer):
    """Grant calls: those that are open first, then the newest."""

    calls: list[CallSummary]
    next: Next
    as_of: AsOf


class Extension(Answer):
    """A deadline that was told, and the one before it."""

    previous_deadline_at: datetime
    deadline_at: datetime
    told_at: datetime


class RankedApplication(Answer):
    """An application as ranked. Only of one that was accepted is it shown what it is about."""

    id: str
    rank: int
    score: str
    accepted: bool
    title: str | None


class Ranking(Answer):
    """The order as the city told it, beside the one computed here from the reviews that count now."""

    rule: str
    ranking: list[RankedApplication]
    input_hash: str | None
    told_at: datetime
    computed_hash: str | None = Field(description="SHA-256 of all that the computed order depends on")
    same: bool | None = Field(description="whether the computed order and scores are those told")
    highest: str | None = Field(description="the highest score that can be had")
    spread: str | None = Field(
        description="median of the highest less the lowest review of an application; "
        "null where fewer than five people reviewed"
    )


class Asked(Answer):
    """What is asked for and accepted in one currency."""

    currency: str
    requested: str
    accepted: str


class Call(CallSummary):
    """A grant call with its terms and what came of it."""

    description: str | None
    eligibility: list[str]
    criteria: list[Criterion]
    parent: AwardLink | None = Field(description="the award whose money is granted again")
    extensions: list[Extension]
    closed_at: datetime | None
    withdrawn: int
    determined: int
    asked: list[Asked]
    ranking: Ranking | None
    as_of: AsOf


class AcceptedApplication(Answer):
    """An application that was accepted. Of the others nothing is published but their number."""

    id: str
    title: str | None
    city: str | None = Field(description="the city that applied, or null")
    group_id: str | None = Field(description="the group that applied, or null")
    neighbourhood_id: str | None
    requested: str | None
    accepted: str
    currency: str
    pending_info: bool


class AcceptedApplications(Answer):
    """The applications of a call that were accepted."""

    applications: list[AcceptedApplication]
    next: Next
    as_of: AsOf


class Award(Answer):
    """An award in a listing."""

    city: str
    id: str
    call_id: str
    title: str | None
    grantee_city: str | None
    grantee_group_id: str | None
    grantee_name: str | None
    amount: str
    currency: str
    granted_at: datetime
    paid: str
    parent: AwardLink | None = Field(description="the award of whose money it was made")


class Awards(Answer):
    """Awards, the newest first."""

    awards: list[Award]
    next: Next
    as_of: AsOf


class Instalment(Answer):
    """A part of an award. `on_time` is null until it is paid in whole."""

    id: str
    amount: str
    due_at: datetime
    paid_on: str | None
    on_time: bool | None


class Achieved(Answer):
    """What came of something measured."""

    metric_code: str
    unit: str
    target: str | None
    actual: str


class Report(Answer):
    """What the grantee owes and told. `on_time` is null until it came; a date once missed stays missed."""

    id: str
    first_day: str | None
    last_day: str | None
    due_at: datetime | None
    extensions: int
    submitted_at: datetime | None
    on_time: bool | None
    overdue: bool
    spent: str | None
    currency: str | None
    metrics: list[Achieved]


class Target(Answer):
    """What is to be reached, and what all reports together say of it."""

    metric_code: str
    unit: str
    target: str
    actual: str | None
    met: bool


class AwardDetail(Award):
    """An award with what is paid, owed and reached, and how much of it was granted again."""

    description: str | None
    call_title: str | None = Field(description="null where its call is not told, as of imported awards")
    instalments: list[Instalment]
    reports: list[Report]
    targets: list[Target]
    regrants: int = Field(description="awards made of its money")
    as_of: AsOf


class Regrant(Answer):
    """An award made of the money of another."""

    award: AwardLink
    amount: str
    currency: str
    granted_at: datetime


class Regrants(Answer):
    """The awards made of the money of one, the newest first."""

    regrants: list[Regrant]
    next: Next
    as_of: AsOf
