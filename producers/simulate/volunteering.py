"""Opportunities to volunteer: who looks for whom, and when they meet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from events.types.volunteering import (
    OpportunityCancelled,
    OpportunityPublished,
    Role,
    SessionScheduled,
)
from producers.simulate import groups
from producers.simulate.agenda import Life
from producers.simulate.clock import SATURDAY
from producers.simulate.gathering import Gathering
from producers.simulate.impact import Project
from producers.simulate.town import Town

PER_DAY: Final = 0.11


class _Work(NamedTuple):
    title: str
    activity: str
    hours: int
    places: int


_WORK: Final = (
    _Work("Clean the bank", "cleanup", 3, 14),
    _Work("Plant trees", "greening", 4, 20),
    _Work("Read with children", "learning", 2, 6),
    _Work("Repair what is broken", "repair", 3, 8),
    _Work("Carry shopping", "neighbours", 2, 10),
)


@dataclass
class Opportunity:
    """What is so of one opportunity."""

    city: str
    id: str
    data: OpportunityPublished
    published_at: datetime
    last_told: datetime
    organiser: str | None
    """Who leads the group that looks for people; None where it is the city."""
    cancelled: OpportunityCancelled | None = None
    cancelled_at: datetime | None = None


def begin(town: Town, day: date) -> None:
    """Who looks for volunteers from today on."""
    dice = town.dice("opportunities", day)
    for number in range(town.often(PER_DAY * town.clock.season(day), dice)):
        id_ = f"opp-{day:%y%m%d}-{number}"
        town.begin(_life(town, id_), town.clock.working(town.now, 0, dice))


def _life(town: Town, id_: str) -> Life:
    dice = town.dice(id_)
    work = dice.choice(_WORK)
    opportunity = _published(town, id_, work, dice)
    gatherings: list[Gathering] = []
    weekday = dice.choice([SATURDAY, SATURDAY, 6, 2])
    first = town.today + timedelta(days=dice.randint(16, 26))
    first += timedelta(days=(weekday - first.weekday()) % 7)
    given_up = dice.randint(1, 5) if dice.random() < 0.15 else None
    for number in range(dice.randint(2, 8)):
        start = town.clock.at(first + timedelta(days=7 * number), 18 if weekday == 2 else 9 + work.hours % 3)
        gatherings += _scheduled(town, opportunity, start, work, dice)
        if number == given_up:
            yield town.clock.working(town.now, 3, dice)
            _given_up(town, opportunity, gatherings)
            return
        yield town.clock.working(town.now + timedelta(days=dice.choice([1, 6, 7])), 0, dice)


def _published(town: Town, id_: str, work: _Work, dice: Random) -> Opportunity:
    group = groups.of(town, dice) if dice.random() < 0.5 else None
    where = dice.choice(town.place.neighbourhoods).id
    data = OpportunityPublished(
        title=f"{work.title} in {where.replace('-', ' ')}",
        description="We bring what is needed." if dice.random() < 0.6 else None,
        activity=work.activity,
        organisation=None if group else "City works",
        group_id=group.id if group else None,
        project_id=_project(town, dice),
        neighbourhood_id=where,
        roles=(Role(role_id="crew", title="Crew"), Role(role_id="lead", title="Leads the crew", min_age=18)),
    )
    organiser = group.leader if group else None
    event = town.tell(id_, data, organiser)
    opportunity = Opportunity(town.id, id_, data, event.at, event.at, organiser)
    town.truth.kept(Opportunity)[event.key] = opportunity
    return opportunity


def _project(town: Town, dice: Random) -> str | None:
    """Some of it is a part of a project that runs."""
    running = [
        one.id for one in town.truth.kept(Project).values() if one.city == town.id and one.ended is None
    ]
    return dice.choice(running) if running and dice.random() < 0.3 else None


def _scheduled(
    town: Town, opportunity: Opportunity, start: datetime, work: _Work, dice: Random
) -> Iterable[Gathering]:
    """A session that starts in a week or later; one that would start sooner is left out."""
    if start < town.now + timedelta(days=8):
        return
    capacity = max(2, work.places + dice.randint(-2, 4)) if dice.random() < 0.9 else None
    terms = SessionScheduled(
        opportunity_id=opportunity.id,
        project_id=opportunity.data.project_id,
        group_id=opportunity.data.group_id,
        neighbourhood_id=opportunity.data.neighbourhood_id,
        role_id="crew" if dice.random() < 0.5 else None,
        starts_at=start,
        ends_at=start + timedelta(hours=work.hours),
        place=f"{opportunity.data.neighbourhood_id} hall" if dice.random() < 0.5 else None,
        accessibility=("step_free",) if dice.random() < 0.3 else (),
        capacity=capacity,
        waiting_list=dice.random() < 0.85,
        min_attendance=work.places // 2 if dice.random() < 0.6 else None,
    )
    id_ = f"session-{opportunity.id}-{town.clock.day(start):%y%m%d}"
    gathering = Gathering(town, id_, terms, opportunity.organiser)
    gathering.begin()
    yield gathering


def _given_up(town: Town, opportunity: Opportunity, gatherings: Iterable[Gathering]) -> None:
    """The opportunity, and each of its sessions that has not begun."""
    data = OpportunityCancelled(reason="no_leader", note="Nobody is left to lead it.")
    opportunity.cancelled = data
    opportunity.cancelled_at = opportunity.last_told = town.tell(opportunity.id, data).at
    for gathering in gatherings:
        gathering.cancelled("no_leader")
