"""Results: what the city makes of ideas and problems, step by step to the end, or not quite."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from events.envelope import Event
from events.types.results import ResultCreated, ResultProgressUpdated
from producers.simulate.agenda import Life
from producers.simulate.ideas import Idea
from producers.simulate.problems import Problem
from producers.simulate.progress import Told, tell_of
from producers.simulate.town import Town

_MILESTONES: Final = ("Planned", "Paid for", "Under way", "Nearly there", "Done")
_WEEKDAY: Final = 2
"""The day of the week on which the city begins something."""


@dataclass
class Result:
    """What is so of one result."""

    city: str
    id: str
    data: ResultCreated
    created_at: datetime
    last_told: datetime
    percent: int
    milestone: str | None
    evidence: list[str] = field(default_factory=list)
    history: list[tuple[int, str | None, str | None, Event]] = field(default_factory=list)
    """Share, milestone, note and event."""


def begin(town: Town, day: date) -> None:
    """Once a week the city takes up what it has accepted and what was worded as a problem."""
    if day.weekday() == _WEEKDAY:
        dice = town.dice("results", day)
        town.once(town.clock.working(town.now, 0, dice), _take_up, town)


def _take_up(town: Town) -> None:
    """An accepted idea with a problem that waits as well, where there is one."""
    dice = town.dice("taken up", town.today)
    taken = {id_ for one in _mine(town) for id_ in (*one.data.idea_ids, *one.data.problem_ids)}
    ideas = [
        one.id
        for one in town.truth.kept(Idea).values()
        if one.city == town.id and one.accepted and one.id not in taken
    ]
    problems = [
        one.id for one in town.truth.kept(Problem).values() if one.city == town.id and one.id not in taken
    ]
    if (ideas and dice.random() < 0.8) or (problems and dice.random() < 0.4):
        town.begin(_life(town, f"result-{town.today:%y%m%d}", ideas[:2], problems[:1]))


def _mine(town: Town) -> list[Result]:
    return [one for one in town.truth.kept(Result).values() if one.city == town.id]


def _life(town: Town, id_: str, ideas: list[str], problems: list[str]) -> Life:
    dice = town.dice(id_)
    result = _created(town, id_, tuple(ideas), tuple(problems))
    while result.percent < 100 and dice.random() < 0.93:
        yield town.clock.working(town.now + timedelta(days=dice.randint(6, 35)), 0, dice)
        step = dice.choice([10, 20, 30, 40, 40, -10])
        _moved(town, result, max(0, min(100, result.percent + step)))


def _created(town: Town, id_: str, ideas: tuple[str, ...], problems: tuple[str, ...]) -> Result:
    data = ResultCreated(
        title=_title(town, ideas, problems),
        summary="With what was said about it in the neighbourhood.",
        idea_ids=ideas,
        problem_ids=problems,
        milestone=_MILESTONES[0],
    )
    event = town.tell(id_, data)
    result = Result(town.id, id_, data, event.at, event.at, 0, data.milestone)
    result.history.append((0, data.milestone, data.summary, event))
    town.truth.kept(Result)[event.key] = result
    _pass_on(town, result)
    return result


def _title(town: Town, ideas: tuple[str, ...], problems: tuple[str, ...]) -> str:
    """After the first idea, else the problem."""
    if ideas:
        return town.truth.kept(Idea)[town.key(ideas[0])].data.title
    return f"An end to: {town.truth.kept(Problem)[town.key(problems[0])].data.statement}"


def _moved(town: Town, result: Result, percent: int) -> None:
    reached = _MILESTONES[percent // 25] if percent >= result.percent else None
    shown = (f"https://pictures.example/{town.id}/{result.id}-{percent}.jpg",) if percent % 20 == 0 else ()
    note = "Some of it must be done again." if percent < result.percent else None
    data = ResultProgressUpdated(percent=percent, milestone=reached, note=note, evidence=shown)
    event, before = town.tell(result.id, data), (result.percent, result.milestone)
    result.percent, result.milestone, result.last_told = percent, reached or result.milestone, event.at
    result.evidence += shown
    result.history.append((percent, reached, note, event))
    if (result.percent, result.milestone) != before:
        _pass_on(town, result)


def _pass_on(town: Town, result: Result) -> None:
    """Every idea and problem it came from is told, and each request that belongs to such a problem."""
    told, at = Told(result.id, result.percent, result.milestone, result.last_told), result.last_told
    for id_ in result.data.idea_ids:
        tell_of(town, "idea", id_, told, at)
        _heard(town, town.truth.kept(Idea)[town.key(id_)], told)
    for id_ in result.data.problem_ids:
        tell_of(town, "problem", id_, told, at)
        for request in town.truth.kept(Problem)[town.key(id_)].data.request_ids:
            tell_of(town, "service_request", request, told, at, problem_id=id_)


def _heard(town: Town, idea: Idea, told: Told) -> None:
    """Whoever has a part in the idea hears of the step; a result that is done is its end for the authors."""
    said = {"result_id": told.result, "percent": str(told.percent)}
    mine = "idea_result_finished" if told.percent == 100 else "idea_result_progressed"
    town.must_hear(idea.authors, mine, idea.id, told.since, **said)
    town.must_hear(idea.supporters, "supported_idea_result_progressed", idea.id, told.since, **said)
