"""Results in the read API: how far they are, what they came from, what shows it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from events.scalars import Ref
from infra.directory import City
from infra.mongo import Database
from infra.problems import documented
from projections import read
from projections.api import links, queries
from projections.api.links import LAST_MOVED, OUTCOMES
from projections.api.models import Answer, AsOf, IdeaLink, Next, ProblemSummary, ResultSummary
from projections.api.moderated import hidden
from projections.api.queries import PARTICIPATION, there
from projections.api.respond import After, Cursor, Limit, answer, wait
from projections.api.state import State
from projections.core import Document
from projections.read import Between, OneOf, Where

router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})
STATES: dict[str, read.Condition] = {"not_begun": 0, "under_way": Between(1, 99), "completed": 100}
MAX_SOURCES = 1_000
"""What one result names at most of each kind."""

State_ = Literal["not_begun", "under_way", "completed"]
Slug = Annotated[str, Query(max_length=64, description="a city's id")]
Named = Annotated[Ref | None, Query(description="only those that name it")]


class Results(Answer):
    """Results of a city, those that moved last first."""

    results: list[ResultSummary]
    next: Next
    as_of: AsOf


class Step(Answer):
    """One step of a result, as it was told."""

    at: datetime
    percent: int
    milestone: str | None
    notes: str | None


class ResultDetail(ResultSummary):
    """A result with what it came from, its steps as the log tells them, and what shows it."""

    summary: str | None
    project_id: str | None
    ideas: list[IdeaLink] = Field(description="ideas it came from; those that are not known left out")
    problems: list[ProblemSummary] = Field(description="problems it came from, likewise")
    idea_ids: list[str]
    problem_ids: list[str]
    evidence: list[str] = Field(description="addresses of what shows it")
    created_at: datetime | None
    updated_at: datetime
    history: list[Step]
    history_total: int
    as_of: AsOf


async def listing(db: Database, where: Where, *, limit: int, cursor: str | None) -> Results:
    """A page of results, those that moved last first."""
    as_of = await read.as_of(db, OUTCOMES)
    page = await read.documents(db, "results", where, LAST_MOVED, limit=limit, after=cursor)
    return Results(results=await links.result_summaries(db, page.items), next=page.cursor, as_of=as_of)


async def detail(db: Database, city: City, result_id: str) -> ResultDetail:
    """One result, or a 404 problem."""
    as_of = await read.as_of(db, [*OUTCOMES, PARTICIPATION])
    key = f"{city.id}/{result_id}"
    found = there(await read.document(db, "results", key), "result")
    keys = OneOf(tuple(f"{city.id}/{one}" for one in found["idea_ids"]))
    return _shown(
        found,
        ideas=await links.ideas_of(db, {"_id": keys}, limit=MAX_SOURCES),
        problems=await links.problems_named(db, city.id, found["problem_ids"]),
        is_hidden=bool(await hidden(db, "result", [key])),
        as_of=as_of,
    )


def _shown(
    result: Document,
    *,
    ideas: list[IdeaLink],
    problems: list[ProblemSummary],
    is_hidden: bool,
    as_of: str | None,
) -> ResultDetail:
    same = ("project_id", "idea_ids", "problem_ids", "created_at", "updated_at", "history_total")
    return ResultDetail(
        **dict(links.result_summary(result, is_hidden=is_hidden)),
        **{name: result[name] for name in same},
        summary=None if is_hidden else result["summary"],
        evidence=[] if is_hidden else result["evidence"],
        ideas=ideas,
        problems=problems,
        history=[_step(entry, is_hidden=is_hidden) for entry in result["history"]],
        as_of=as_of,
    )


def _step(entry: Document, *, is_hidden: bool) -> Step:
    words = {name: None if is_hidden else entry[name] for name in ("milestone", "notes")}
    return Step(at=entry["at"], percent=entry["percent"], **words)


@router.get("/results", response_model=Results, responses=documented(404))
async def results(
    *,
    request: Request,
    reads: State,
    city: Slug,
    state: State_ | None = None,
    idea: Named = None,
    problem: Named = None,
    project: Named = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """A city's results, those that moved last first; on request only those of an idea, problem or project."""
    await wait(reads.db, after, *OUTCOMES)
    known = await queries.known_city(reads.db, city)
    named = {"idea_ids": idea, "problem_ids": problem, "project_id": project}
    where: Where = {
        "city": known.id,
        **({} if state is None else {"percent": STATES[state]}),
        **{field: value for field, value in named.items() if value is not None},
    }
    return answer(request, await listing(reads.db, where, limit=limit, cursor=cursor))


@router.get("/results/{city}/{result_id}", response_model=ResultDetail, responses=documented(404))
async def one_result(
    request: Request, reads: State, city: str, result_id: str, after: After = None
) -> Response:
    """One result with the ideas and problems it came from, its steps and what shows them."""
    await wait(reads.db, after, *OUTCOMES, PARTICIPATION)
    known = await queries.known_city(reads.db, city)
    return answer(request, await detail(reads.db, known, result_id))
