"""Ballot rounds: participants prioritise what the city should do, and what came of it."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from events.checks import no_repeats
from events.envelope import Part, Payload
from events.scalars import Code, Count, Currency, Label, Latitude, Longitude, Money

VoteType = Literal["approval", "choose-1", "ordinal", "cumulative", "scoring"]
ProjectId = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Points = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
MAX_PROJECTS = 2000


class Project(Part):
    """Something that a ballot can choose."""

    project_id: ProjectId
    name: Label
    cost: Money
    category: Label | None = None
    lat: Latitude | None = None
    long: Longitude | None = None


class BallotRoundOpened(Payload):
    """A round begins: what can be chosen, how it is voted and how it will be decided."""

    title: Label
    vote_type: VoteType
    rule: Code
    budget: Money | None = None
    currency: Currency | None = None
    min_choices: Count | None = None
    max_choices: Count | None = None
    score_threshold: Points | None = None
    projects: Annotated[tuple[Project, ...], Field(min_length=1, max_length=MAX_PROJECTS)]

    @model_validator(mode="after")
    def _each_project_once(self) -> Self:
        no_repeats((project.project_id for project in self.projects), "projects: a project")
        return self


class Choice(Part):
    """One project on a ballot; `points` only where the vote type gives points."""

    project_id: ProjectId
    points: Points | None = None


class PriorityBallotCast(Payload):
    """A participant's whole ballot; cast again, it replaces the one before.

    `choices` stand in order of preference where `vote_type` is `ordinal`.
    """

    needs_participant: ClassVar[bool] = True

    ballot_round_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)]
    vote_type: VoteType
    choices: Annotated[tuple[Choice, ...], Field(max_length=MAX_PROJECTS)]

    def expected_subject(self, participant: str | None) -> str | None:
        return f"{self.ballot_round_id}:{participant}"

    @model_validator(mode="after")
    def _each_project_once(self) -> Self:
        no_repeats((choice.project_id for choice in self.choices), "choices: a project")
        return self


class PrioritisationConcluded(Payload):
    """The city's own decision on a round, beside which the computed outcome can be held."""

    rule: Code
    budget: Money | None = None
    ranking: Annotated[tuple[ProjectId, ...], Field(max_length=MAX_PROJECTS)] = ()
    selected: Annotated[tuple[ProjectId, ...], Field(max_length=MAX_PROJECTS)]
    input_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
