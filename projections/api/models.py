"""What the read API answers. Counts are whole numbers, times UTC, days the city's own."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from events.stages import Stage
from events.types.prioritisation import VoteType

AsOf = Annotated[
    str | None,
    Field(
        description="position token: this answer shows at least all events up to it; null before the first"
    ),
]
Next = Annotated[str | None, Field(description="give it as `cursor` for the next page; null on the last")]


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class Residents(Answer):
    """How many people lived in a city in a year."""

    year: int
    count: int


class CityNumbers(Answer):
    """A city of the coalition and what stands there now."""

    id: str
    name: str
    timezone: str
    country: str | None
    languages: list[str] = Field(description="language tags, the city's first one first")
    residents: list[Residents] = Field(description="by year, as the city told them")
    today: str = Field(description="the day on the city's own clock")
    events_today: int
    open_requests: int
    requests: int
    ideas: int = Field(description="ideas submitted and not withdrawn")
    ballots: int = Field(description="ballots that stand, over all rounds; each participant's once per round")


class Cities(Answer):
    """All cities."""

    cities: list[CityNumbers]
    as_of: AsOf


class Project(Answer):
    """How a project did. `selected` is null where the round is not decided; the round's `reason` says why."""

    id: str
    name: str
    cost: int | float
    votes: int
    score: int
    selected: bool | None


class Tie(Answer):
    """Projects of equal score; `decisive` when another order among them would select others."""

    projects: list[str]
    decisive: bool


class Concluded(Answer):
    """The city's own decision, beside which the computed one can be held."""

    rule: str
    budget: int | float | None
    ranking: list[str]
    selected: list[str]
    input_hash: str | None
    at: datetime


class RoundSummary(Answer):
    """A ballot round in a listing."""

    city: str
    round: str
    title: str | None
    vote_type: VoteType | None
    rule: str | None
    budget: int | float | None
    currency: str | None
    ballots: int
    opened_at: datetime | None
    concluded: bool


class Rounds(Answer):
    """Ballot rounds, newest first."""

    rounds: list[RoundSummary]
    next: Next
    as_of: AsOf


class RoundResult(Answer):
    """The outcome of a ballot round, computed from the ballots that stand; projects best first."""

    city: str
    round: str
    ballots: int
    rule: str | None
    budget: int | float | None
    projects: list[Project]
    title: str | None
    vote_type: VoteType | None
    currency: str | None
    spent: int | float | None = Field(description="cost of the selected projects together")
    ties: list[Tie]
    input_hash: str = Field(description="SHA-256 over all that the outcome depends on")
    reason: str | None = Field(description="why nothing could be decided; null where it could")
    concluded: Concluded | None
    unknown_projects: dict[str, dict[str, int]] = Field(description="votes for what the round does not offer")
    opened_at: datetime | None
    as_of: AsOf


class ResultSummary(Answer):
    """How far a result is, as it stands now; of a hidden one the words are left out."""

    city: str
    id: str
    title: str | None
    percent: int
    milestone: str | None = Field(description="the milestone reached last")
    progressed_at: datetime = Field(description="since when it stands there")
    completed_at: datetime | None
    evidence_total: int = Field(description="addresses of what shows it")
    hidden: bool


class ProblemSummary(Answer):
    """A problem defined together; of a hidden one the words are left out."""

    city: str
    id: str
    statement: str | None
    requests: int = Field(description="service requests that belong to it")
    defined_at: datetime | None
    hidden: bool


class IdeaLink(Answer):
    """An idea by its name; null when it is not known, withdrawn or hidden."""

    city: str
    id: str
    title: str | None


class ServiceRequest(Answer):
    """A service request. Of an anonymous one the place is rounded and address and words are left out.

    Of a hidden one address and words are left out.
    """

    city: str
    id: str
    service_code: str | None
    service_name: str | None
    stage: Stage
    status: Literal["open", "closed"]
    local_status: str | None
    resolution_code: str | None
    lat: float | None
    long: float | None
    address: str | None
    neighbourhood_id: str | None
    agency_responsible: str | None
    anonymous: bool
    opened_at: datetime | None
    expected_at: datetime | None
    overdue_at: datetime | None = Field(description="the last such time at which it was still open")
    closed_at: datetime | None
    updated_at: datetime
    duplicate_of: str | None
    hidden: bool


class Change(Answer):
    """One step in a request's life. Notes are the city's; what reporters wrote is not repeated."""

    at: datetime
    stage: Stage
    local_status: str | None
    by: str
    notes: str | None


class RequestDetail(ServiceRequest):
    """A service request with its history, oldest first as the log tells it, and what came of it."""

    description: str | None
    service_notice: str | None
    acknowledge_by: datetime | None = Field(description="by when the service level promised an answer")
    acknowledged_at: datetime | None
    duplicates: int = Field(description="how many times a request was told to be a duplicate of this one")
    reopened: int
    confirmed: int = Field(description="participants who looked and found the problem gone")
    disputed: int = Field(description="participants who looked and found it still there")
    history: list[Change]
    history_total: int
    problems: list[ProblemSummary] = Field(description="what it belongs to")
    results: list[ResultSummary] = Field(description="what came of these problems")
    as_of: AsOf


class Requests(Answer):
    """Service requests, the last changed first."""

    requests: list[ServiceRequest]
    next: Next
    as_of: AsOf


class Decision(Answer):
    """The city's answer to an idea."""

    decision: Literal["evaluating", "accepted", "rejected"]
    explanation: str | None
    answered_at: datetime


class Idea(Answer):
    """An idea as its author published it, and what came of it; withdrawn or hidden, its words are gone."""

    city: str
    id: str
    title: str | None
    summary: str | None
    category: str | None
    neighbourhood_id: str | None
    problem_id: str | None
    est_cost: int | float | None
    status: Literal["submitted", "evaluating", "accepted", "rejected", "withdrawn"]
    answer: Decision | None
    supporters: int
    submitted_at: datetime | None
    hidden: bool
    results: list[ResultSummary] = Field(description="results that name the idea, the last moved first")


class IdeaDetail(Idea):
    """One idea."""

    as_of: AsOf


class Ideas(Answer):
    """Ideas that are not withdrawn."""

    ideas: list[Idea]
    next: Next
    as_of: AsOf


class ProgramRating(Answer):
    """Feedback on a program. Below five responses all numbers are suppressed (null)."""

    program_id: str
    suppressed: bool
    responses: int | None
    mean: float | None = Field(description="sum of the ratings / responses, rounded to 2 decimals")
    ratings: dict[str, int] | None = Field(description="responses per rating, `1` to `5`")


class Feedback(Answer):
    """Feedback on a city's programs."""

    city: str
    programs: list[ProgramRating]
    as_of: AsOf


class PulseDay(Answer):
    """What happened on one day."""

    day: str
    events: int
    types: dict[str, int]


class Pulse(Answer):
    """What happened in a city, day by day on its own calendar; days without events included."""

    city: str
    timezone: str
    today: str
    days: list[PulseDay]
    as_of: AsOf


class Point(Answer):
    """A GeoJSON point: longitude before latitude."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class Feature(Answer):
    """An open request on a map; `page` is the path of its page."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: Point
    properties: dict[str, Any]


class FeatureCollection(Answer):
    """Open requests with a place (RFC 7946), at most 5,000; `truncated` says when there are more."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature]
    truncated: bool
    without_place: int = Field(description="open requests that no feature shows, as their place is not known")
