"""Projects and what came of them: counted, weighed or estimated, and sometimes wrong."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from events.types.awards import AwardRef
from events.types.impact import (
    Each,
    ImpactRecorded,
    ImpactVoided,
    OutOf,
    ProjectEnded,
    ProjectStarted,
)
from producers.simulate import groups
from producers.simulate.agenda import Life
from producers.simulate.assets import Asset
from producers.simulate.granting import Award
from producers.simulate.ideas import Idea
from producers.simulate.problems import Problem
from producers.simulate.sessions import Session
from producers.simulate.town import Town

PER_DAY: Final = 0.03


class _Output(NamedTuple):
    metric: str
    unit: str
    method: Any
    least: int
    most: int
    each: Each | None = None


_PROJECTS: Final = (
    ("A rain garden in {where}", "green"),
    ("Trees along the streets of {where}", "green"),
    ("A safe way to school in {where}", "streets"),
    ("Benches and lights in {where}", "streets"),
    ("A yard for everybody in {where}", "culture"),
)
_OUTPUTS: Final = (
    _Output("litter_removed", "bag", "counted", 3, 60, Each(quantity="20", unit="lb")),
    _Output("litter_removed", "kg", "weighed", 20, 400),
    _Output("trees_planted", "tree", "counted", 2, 40),
    _Output("graffiti_removed", "sq_ft", "estimated", 20, 900),
    _Output("space_repaired", "sq_m", "estimated", 5, 150),
)


@dataclass
class Project:
    """What is so of one project."""

    city: str
    id: str
    data: ProjectStarted
    started_at: datetime
    last_told: datetime
    ended: tuple[ProjectEnded, datetime] | None = None


@dataclass
class Record:
    """One record of something done."""

    city: str
    id: str
    data: ImpactRecorded
    recorded_at: datetime
    last_told: datetime
    voided: tuple[ImpactVoided, datetime] | None = None


def begin(town: Town, day: date) -> None:
    """Projects that begin today."""
    dice = town.dice("impact", day)
    for number in range(town.often(PER_DAY, dice)):
        town.begin(_life(town, f"project-{day:%y%m%d}-{number}"), town.clock.working(town.now, 0, dice))


def session_held(town: Town, session: Session) -> None:
    """After most sessions somebody writes down what was done."""
    dice = town.dice("held", session.id)
    if dice.random() < 0.7:
        town.once(town.clock.working(town.now, 0, dice), _after, town, session)


def _after(town: Town, session: Session) -> None:
    dice = town.dice("after", session.id)
    done_on = town.clock.day(session.terms.starts_at)
    _record(town, f"impact-{session.id}", done_on, dice, session_id=session.id)


def _life(town: Town, id_: str) -> Life:
    dice = town.dice(id_)
    project = _started(town, id_, dice)
    for number in range(dice.randint(2, 8)):
        yield town.clock.working(town.now + timedelta(days=dice.randint(5, 20)), 0, dice)
        things = [one.id for one in town.truth.kept(Asset).values() if one.city == town.id]
        thing = dice.choice(things) if things and dice.random() < 0.1 else None
        links = {"project_id": id_, "award": project.data.award, "asset_id": thing}
        where = project.data.neighbourhood_id
        _record(town, f"impact-{id_}-{number}", town.today, dice, neighbourhood_id=where, **links)
    outcome: Any = "completed" if dice.random() < 0.85 else "abandoned"
    data = ProjectEnded(outcome=outcome, note="We thank all who came." if dice.random() < 0.5 else None)
    at = town.tell(id_, data).at
    project.ended, project.last_told = (data, at), at


def _started(town: Town, id_: str, dice: Random) -> Project:
    group = groups.of(town, dice) if dice.random() < 0.6 else None
    ideas = [one.id for one in town.truth.kept(Idea).values() if one.city == town.id and one.accepted]
    problems = [one.id for one in town.truth.kept(Problem).values() if one.city == town.id]
    awards = [one for one in town.truth.kept(Award).values() if one.city == town.id]
    where, (title, category) = dice.choice(town.place.neighbourhoods).id, dice.choice(_PROJECTS)
    paid = dice.choice(awards) if awards and dice.random() < 0.6 else None
    data = ProjectStarted(
        title=title.format(where=where.replace("-", " ")),
        category=category,
        organisation=None if group else "City works",
        group_id=group.id if group else None,
        idea_ids=tuple(dice.sample(ideas, min(1, len(ideas)))),
        problem_ids=tuple(dice.sample(problems, min(1, len(problems)))),
        award=AwardRef(city=paid.city, award_id=paid.id) if paid else None,
        neighbourhood_id=where if dice.random() < 0.9 else None,
    )
    event = town.tell(id_, data, group.leader if group else None)
    project = Project(town.id, id_, data, event.at, event.at)
    town.truth.kept(Project)[event.key] = project
    return project


def _record(town: Town, id_: str, done_on: date, dice: Random, **links: Any) -> None:
    """Written down; one of twenty-five is found wrong later, and most of those are recorded again."""
    output = dice.choice(_OUTPUTS)
    record = _recorded(town, id_, _data(output, done_on, dice, links))
    if dice.random() < 0.04:
        moment = town.clock.working(town.now, dice.randint(1, 9), dice)
        town.once(moment, _voided, town, record, dice)
    elif output.metric == "trees_planted":
        town.once(town.now + timedelta(days=150), _looked_again, town, record, dice)


def _data(output: _Output, done_on: date, dice: Random, links: dict[str, Any]) -> ImpactRecorded:
    return ImpactRecorded(
        metric_code=output.metric,
        quantity=f"{dice.randint(output.least, output.most)}{'.25' if output.unit == 'kg' else ''}",
        unit=output.unit,
        method=output.method,
        each=output.each,
        done_on=done_on.isoformat(),
        **links,
    )


def _recorded(town: Town, id_: str, data: ImpactRecorded) -> Record:
    event = town.tell(id_, data)
    record = Record(town.id, id_, data, event.at, event.at)
    town.truth.kept(Record)[event.key] = record
    return record


def _voided(town: Town, record: Record, dice: Random) -> None:
    again = f"{record.id}-again" if dice.random() < 0.7 else None
    data = ImpactVoided(reason="wrong_quantity", note="A zero too many.", replaced_by=again)
    at = town.tell(record.id, data).at
    record.voided, record.last_told = (data, at), at
    if again is not None:
        _recorded(town, again, ImpactRecorded(**{**dict(record.data), "quantity": "2"}))


def _looked_again(town: Town, record: Record, dice: Random) -> None:
    """Months later somebody counts which of the trees still stand."""
    planted = int(record.data.quantity)
    data = ImpactRecorded(
        metric_code="trees_surviving",
        quantity=str(planted - dice.randint(0, planted // 4)),
        unit=record.data.unit,
        method="counted",
        done_on=town.today.isoformat(),
        neighbourhood_id=record.data.neighbourhood_id,
        project_id=record.data.project_id,
        out_of=OutOf(record_id=record.id, quantity=record.data.quantity),
    )
    _recorded(town, f"{record.id}-later", data)
