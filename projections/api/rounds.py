"""Ballot rounds and their outcomes, put together for the JSON API and the pages alike."""

from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple

from infra.directory import City, list_cities
from infra.mongo import Database, Session
from infra.problems import ProblemError
from projections import read
from projections.api import models
from projections.api.present import amount
from projections.api.queries import PARTICIPATION, there
from projections.outcome import Outcome, Standing, outcome
from projections.read import EVER, Between, OneOf, Where

NEWEST = [("opened_at", -1)]
MAX_ROUNDS = 1_000
FOLD_OVER = 10
"""So many projects that are not selected are still shown among the others."""
FIRST = 20
"""So many projects are shown at once where none is selected."""
_ROUND_KEY = (("city", "city"), ("round", "round_id"))


class Decided(NamedTuple):
    """The city's own selection: ids, and the names of the projects on which the computed one differs."""

    selected: frozenset[str]
    city_only: list[str]
    computed_only: list[str]


class Mark(NamedTuple):
    """Who selected a project: the `city`, the `rule` alone, or `none`; `words` say it."""

    by: Literal["city", "rule", "none"]
    words: str


MARKS: Final[dict[tuple[bool | None, bool | None], Mark | None]] = {
    (True, True): Mark("city", "Selected"),
    (True, False): Mark("city", "Selected by the city only"),
    (True, None): Mark("city", "Selected by the city"),
    (False, True): Mark("rule", "Selected by the rule only"),
    (None, True): Mark("rule", "Selected by the rule"),
    (False, False): Mark("none", "Not selected"),
    (False, None): Mark("none", "Not selected by the city"),
    (None, False): Mark("none", "Not selected by the rule"),
    (None, None): None,
}
"""By whether the city and whether the rule selected a project; None where that is not known."""


class Row(NamedTuple):
    """A project on the page; without a mark where nobody's selection is known."""

    standing: Standing
    mark: Mark | None


class Rows(NamedTuple):
    """The projects shown at once and those folded, each best first."""

    shown: list[Row]
    folded: list[Row]


class Result(NamedTuple):
    """A ballot round with its outcome, all read at one moment."""

    document: dict[str, Any]
    outcome: Outcome
    as_of: str | None


async def listing(db: Database, city: City | None, *, limit: int, cursor: str | None) -> models.Rounds:
    """A page of the rounds whose opening is known, newest first."""
    as_of = await read.as_of(db, [PARTICIPATION])
    where: Where = {"opened_at": Between(EVER, None)} | ({"city": city.id} if city else {})
    page = await read.documents(db, "ballot_rounds", where, NEWEST, limit=limit, after=cursor)
    named: Where = {field: OneOf(tuple({one[key] for one in page.items})) for field, key in _ROUND_KEY}
    cells = await read.tally(db, "round_ballots", named)
    ballots = {(cell.key["city"], cell.key["round"]): cell.n["ballots"] for cell in cells}
    shown = [_summary(one, ballots.get((one["city"], one["round_id"]), 0)) for one in page.items]
    return models.Rounds(rounds=shown, next=page.cursor, as_of=as_of)


async def latest(db: Database, cities: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Of each of these cities the round opened last, by city: its id, title and opening."""
    where: Where = {"city": OneOf(tuple(cities)), "opened_at": Between(EVER, None)}
    fields = ("city", "round_id", "title", "opened_at")
    found = await read.listing(db, "ballot_rounds", where, NEWEST, limit=MAX_ROUNDS, fields=fields)
    return {one["city"]: one for one in reversed(found)}


def _summary(document: dict[str, Any], ballots: int) -> models.RoundSummary:
    same = ("city", "title", "vote_type", "rule", "currency", "opened_at")
    return models.RoundSummary(
        **{name: document[name] for name in same},
        round=document["round_id"],
        budget=_amount(document["budget"]),
        ballots=ballots,
        concluded=document["concluded"] is not None,
    )


async def find(db: Database, round_id: str) -> City:
    """The one city that has a round of this id; a problem when there is none or more than one."""
    cities = {city.id: city for city in await list_cities(db)}
    keys = OneOf(tuple(f"{city}/{round_id}" for city in cities))
    found = await read.listing(db, "ballot_rounds", {"_id": keys}, [], limit=3, fields=("city",))
    if len(found) > 1:
        named = ", ".join(str(one["city"]) for one in found)
        detail = f"More than one city has a round {round_id!r}, among them {named}. Ask with ?city=."
        raise ProblemError(409, "ambiguous_round", detail)
    return cities[there(found[0] if found else None, "round")["city"]]


async def result(db: Database, city: City, round_id: str) -> Result:
    """A round with its outcome, or a 404 problem."""
    async with read.snapshot(db) as session:
        # Read first: what is read after it is as new, or newer.
        as_of = await read.as_of(db, [PARTICIPATION])
        found = await read.document(db, "ballot_rounds", f"{city.id}/{round_id}", session=session)
        document = there(found, "round")
        return Result(document, await _outcome(db, document, session), as_of)


async def leaders(db: Database, city: City, rounds: Iterable[models.RoundSummary]) -> dict[str, Outcome]:
    """The outcomes of these rounds, by round id."""
    results = [await result(db, city, one.round) for one in rounds]
    return {one.document["round_id"]: one.outcome for one in results}


async def _outcome(db: Database, document: dict[str, Any], session: Session) -> Outcome:
    where: Where = {"city": document["city"], "round": document["round_id"]}
    ballots = await read.tally(db, "round_ballots", where, session=session)
    votes = await read.tally(db, "votes_by_project", where, session=session)
    by_project = {cell.key["project"]: cell.n for cell in votes}
    return outcome(document, by_project, sum(cell.n["ballots"] for cell in ballots))


def decided(found: Result) -> Decided | None:
    """What the city selected beside what is computed; None while it has not decided."""
    document, computed, _ = found
    if document["concluded"] is None:
        return None
    city, here = frozenset[str](document["concluded"]["selected"]), frozenset(computed.selected)
    names = {one.project_id: one.name for one in computed.standings}
    if computed.reason:
        return Decided(city, [], [])
    return Decided(
        city, *([names.get(one, one) for one in sorted(ids)] for ids in (city - here, here - city))
    )


def rows(found: Result) -> Rows:
    """The projects of a round; where many are not selected, those are folded."""
    told = decided(found)
    every = [
        Row(one, MARKS[None if told is None else one.project_id in told.selected, one.selected])
        for one in found.outcome.standings
    ]
    losing = [row for row in every if row.mark and row.mark.by == "none"]
    if len(losing) == len(every) or not losing:
        losing = every[FIRST:]
    if len(losing) <= FOLD_OVER:
        return Rows(every, [])
    return Rows([row for row in every if row not in losing], losing)


def answered(found: Result) -> models.RoundResult:
    """The outcome as the API answers it."""
    document, computed, as_of = found
    projects = [
        models.Project(
            id=one.project_id,
            name=one.name,
            cost=amount(one.cost),
            votes=one.votes,
            score=one.score,
            selected=one.selected,
        )
        for one in computed.standings
    ]
    return models.RoundResult(
        city=document["city"],
        round=document["round_id"],
        ballots=computed.ballots,
        rule=computed.rule,
        budget=_amount(computed.budget),
        projects=projects,
        **{name: document[name] for name in ("title", "vote_type", "currency", "opened_at")},
        spent=_amount(computed.spent),
        ties=[models.Tie(projects=list(tie.project_ids), decisive=tie.decisive) for tie in computed.ties],
        input_hash=computed.input_hash,
        reason=computed.reason,
        concluded=_concluded(document["concluded"]),
        unknown_projects={name: dict(tally) for name, tally in computed.unknown_projects.items()},
        as_of=as_of,
    )


def _concluded(decision: dict[str, Any] | None) -> models.Concluded | None:
    if decision is None:
        return None
    return models.Concluded(**{**decision, "budget": _amount(decision["budget"])})


def _amount(text: str | None) -> int | float | None:
    return None if text is None else amount(text)
