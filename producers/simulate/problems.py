"""Problems: each month the city and its citizens make one of many requests of a kind in one part of town."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from events.types.ideas import ProblemDefined
from producers.simulate.progress import progress_of, tell_of
from producers.simulate.reported import Request
from producers.simulate.town import Town

MONTHLY: Final = 9
"""The day of the month on which they meet."""
_FEWEST: Final = 4
_LOOK_BACK: Final = timedelta(days=45)


@dataclass
class Problem:
    """What is so of one problem."""

    city: str
    id: str
    data: ProblemDefined
    told_at: datetime
    times: int = 1
    """How often it was worded."""


def begin(town: Town, day: date) -> None:
    """In the evening of that day of the month."""
    if day.day == MONTHLY:
        town.once(town.clock.at(day, 19, 30) + timedelta(milliseconds=7), _meet, town)


def _meet(town: Town) -> None:
    for number, (part, requests) in enumerate(_heaps(town)):
        if not _worded_before(town, part, requests):
            _word(town, f"problem-{town.today:%y%m}-{number}", part, requests)


def _heaps(town: Town) -> list[tuple[tuple[str, str], list[Request]]]:
    """The two largest heaps of requests of one service in one neighbourhood."""
    since = town.now - _LOOK_BACK
    heaps: dict[tuple[str, str], list[Request]] = defaultdict(list)
    for one in town.truth.kept(Request).values():
        told = one.opening
        if one.city == town.id and told.requested_datetime > since and told.neighbourhood_id:
            heaps[told.service_code, told.neighbourhood_id].append(one)
    large = [(part, found) for part, found in heaps.items() if len(found) >= _FEWEST]
    return sorted(large, key=lambda heap: (-len(heap[1]), heap[0]))[:2]


def _worded_before(town: Town, part: tuple[str, str], requests: list[Request]) -> bool:
    """A problem that comes back is worded again, with the requests that came since."""
    statement = _statement(part, requests)
    for known in town.truth.kept(Problem).values():
        if known.city == town.id and known.data.statement == statement:
            ids = (*known.data.request_ids, *(one.id for one in requests))
            _tell(town, known.id, statement, tuple(dict.fromkeys(ids)))
            return True
    return False


def _word(town: Town, id_: str, part: tuple[str, str], requests: list[Request]) -> None:
    _tell(town, id_, _statement(part, requests), tuple(one.id for one in requests))


def _statement(part: tuple[str, str], requests: list[Request]) -> str:
    where = part[1].replace("-", " ")
    return f"{requests[0].opening.service_name}, again and again, in {where}"


def _tell(town: Town, id_: str, statement: str, request_ids: tuple[str, ...]) -> None:
    data = ProblemDefined(
        statement=statement,
        who_is_affected="Everybody who passes there on foot",
        evidence=(f"https://minutes.example/{town.id}/{id_}",),
        request_ids=request_ids,
    )
    dice = town.dice("words", id_, town.today)
    who = town.people.someone(dice, town.today) if dice.random() < 0.6 else None
    event = town.tell(id_, data, who.ref if who else None)
    if who is not None:
        progress_of(town, "problem", id_).definers.append(who.ref)
        town.must_hear([who.ref], "problem_received", id_, event.at)
    kept = town.truth.kept(Problem)
    before = kept.get(event.key)
    times = before.times + 1 if before else 1
    kept[event.key] = Problem(town.id, id_, data, event.at, times)
    _catch_up(town, kept[event.key], before.data.request_ids if before else ())


def _catch_up(town: Town, problem: Problem, known: tuple[str, ...]) -> None:
    """Requests that join the problem are told where its results stand."""
    results = progress_of(town, "problem", problem.id).results
    for request in problem.data.request_ids:
        if request not in known:
            for told in results.values():
                tell_of(town, "service_request", request, told, problem.told_at, problem_id=problem.id)
