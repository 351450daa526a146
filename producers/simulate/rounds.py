"""Ballot rounds: once a year a city asks what it should spend a budget on."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from events.types.prioritisation import (
    BallotRoundOpened,
    Choice,
    PrioritisationConcluded,
    PriorityBallotCast,
    Project,
)
from producers.simulate.clock import moment_between
from producers.simulate.people import Person
from producers.simulate.town import Town

DAYS: Final = 14
_MOST: Final = 3
_BUDGET: Final = "250000"
_KINDS: Final = (
    "Play street",
    "Rain garden",
    "Cycle racks",
    "Night lights",
    "Drinking water",
    "Reading room",
)


@dataclass
class Ballot:
    """A participant's ballot as cast last."""

    participant: str
    choices: tuple[str, ...]
    cast_at: datetime
    times: int


@dataclass
class Round:
    """What is so of one round."""

    city: str
    id: str
    data: BallotRoundOpened
    opened_at: datetime
    ballots: dict[str, Ballot] = field(default_factory=dict)
    concluded: PrioritisationConcluded | None = None
    concluded_at: datetime | None = None

    def votes(self) -> dict[str, int]:
        """How many ballots name each project; in the order of the round."""
        named = [choice for ballot in self.ballots.values() for choice in ballot.choices]
        return {one.project_id: named.count(one.project_id) for one in self.data.projects}


def begin(town: Town, day: date) -> None:
    """Each city has a day of the year of its own, the first of them soon."""
    dice = town.dice("round", day.year)
    if (day - date(day.year, 1, 1)).days == dice.randint(12, 60):
        _open(town, day, dice)


def _open(town: Town, day: date, dice: Random) -> None:
    town.once(town.clock.at(day, 9), _opened, town, f"budget-{town.id}-{day.year}", dice)


def _opened(town: Town, id_: str, dice: Random) -> None:
    data = BallotRoundOpened(
        title=f"What {town.city.name} builds next",
        vote_type="approval",
        rule="greedy",
        budget=_BUDGET,
        currency=town.place.currency,
        max_choices=_MOST,
        projects=tuple(_projects(town, dice)),
    )
    event = town.tell(id_, data)
    round_ = Round(town.id, id_, data, event.at)
    town.truth.kept(Round)[event.key] = round_
    _expect_ballots(town, round_, dice)
    town.once(town.clock.at(town.today + timedelta(days=DAYS + 3), 11), _concluded, town, round_)


def _projects(town: Town, dice: Random) -> list[Project]:
    return [
        Project(
            project_id=f"p{number + 1}",
            name=f"{_KINDS[number % len(_KINDS)]} in {part.id.replace('-', ' ')}",
            cost=str(dice.randint(12, 130) * 1000 + dice.choice([0, 0, 500])),
            category=dice.choice(["green", "play", "safety"]),
            lat=part.lat,
            long=part.long,
        )
        for number, part in enumerate(town.place.neighbourhoods * 2)
    ]


def _expect_ballots(town: Town, round_: Round, dice: Random) -> None:
    """A third of all take part, most on the first and the last days; some change their minds."""
    for person in town.people.all:
        if town.people.takes_part(person, town.today) and dice.random() < 0.34:
            for _ in range(dice.choice([1, 1, 1, 1, 1, 1, 1, 1, 2])):
                days = dice.choice([0, 0, 1, 2, 4, 7, 10, DAYS - 1, DAYS - 1, DAYS])
                moment = town.clock.waking(town.today + timedelta(days=1 + days), dice)
                town.once(moment + moment_between(dice, timedelta(minutes=9)), _cast, town, round_, person)


def _cast(town: Town, round_: Round, person: Person) -> None:
    before = round_.ballots.get(person.ref)
    times = before.times + 1 if before else 1
    dice = town.dice(round_.id, person.ref, times)
    ids = [one.project_id for one in round_.data.projects]
    choices = tuple(dict.fromkeys(dice.choices(ids, range(len(ids), 0, -1), k=dice.randint(1, _MOST))))
    data = PriorityBallotCast(
        ballot_round_id=round_.id,
        vote_type="approval",
        choices=tuple(Choice(project_id=one) for one in choices),
    )
    event = town.tell(f"{round_.id}:{person.ref}", data, person.ref)
    round_.ballots[person.ref] = Ballot(person.ref, choices, event.at, times)


def _concluded(town: Town, round_: Round) -> None:
    """The most wanted first, each that the money still reaches for; of equals the cheaper, then by id."""
    votes = round_.votes()
    order = sorted(
        round_.data.projects, key=lambda one: (-votes[one.project_id], Decimal(one.cost), one.project_id)
    )
    left, selected = Decimal(_BUDGET), []
    for project in order:
        if Decimal(project.cost) <= left:
            left -= Decimal(project.cost)
            selected.append(project.project_id)
    data = PrioritisationConcluded(
        rule="greedy",
        budget=_BUDGET,
        ranking=tuple(one.project_id for one in order),
        selected=tuple(selected),
    )
    round_.concluded_at = town.tell(round_.id, data).at
    round_.concluded = data
