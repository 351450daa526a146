"""Problems in the read API: what was stated together, from which requests and ideas, and what came of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from events.stages import Stage
from infra.directory import City
from infra.mongo import Database
from infra.problems import documented
from projections import read
from projections.api import links, queries
from projections.api.links import NEWEST_PROBLEMS, OUTCOMES
from projections.api.models import Answer, AsOf, IdeaLink, Next, ProblemSummary, ResultSummary
from projections.api.moderated import hidden
from projections.api.queries import PARTICIPATION, REQUESTS, there
from projections.api.respond import After, Cursor, Limit, answer, wait
from projections.api.state import State
from projections.core import Document
from projections.read import EVER, Between, OneOf, Where

router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})
MAX_REQUESTS = 1_000
"""What one problem names at most."""

Slug = Annotated[str, Query(max_length=64, description="a city's id")]


class Problems(Answer):
    """Problems of a city, the last worded first."""

    problems: list[ProblemSummary]
    next: Next
    as_of: AsOf


class RequestLink(Answer):
    """A service request by its service and stage."""

    id: str
    service_name: str | None
    stage: Stage


class ProblemDetail(ProblemSummary):
    """A problem with the requests it was stated from, the ideas that answer it and the results of it."""

    who_is_affected: str | None
    evidence: list[str] = Field(description="addresses of what shows it")
    definitions: int = Field(description="how many times it was worded")
    request_ids: list[str]
    belonging: list[RequestLink] = Field(description="these requests, as far as they are known")
    ideas: list[IdeaLink] = Field(description="at most 200 ideas that name the problem, the newest first")
    results: list[ResultSummary] = Field(description="results that name the problem, the last moved first")
    as_of: AsOf


async def listing(db: Database, city: City, *, limit: int, cursor: str | None) -> Problems:
    """A page of problems whose definition is known, the last worded first."""
    as_of = await read.as_of(db, [PARTICIPATION, *OUTCOMES])
    where: Where = {"city": city.id, "defined_at": Between(EVER, None)}
    page = await read.documents(db, "problems", where, NEWEST_PROBLEMS, limit=limit, after=cursor)
    return Problems(problems=await links.problem_summaries(db, page.items), next=page.cursor, as_of=as_of)


async def detail(db: Database, city: City, problem_id: str) -> ProblemDetail:
    """One problem, or a 404 problem."""
    as_of = await read.as_of(db, [PARTICIPATION, REQUESTS, *OUTCOMES])
    key = f"{city.id}/{problem_id}"
    found = there(await read.document(db, "problems", key), "problem")
    is_hidden = bool(await hidden(db, "problem", [key]))
    results = await links.results_of(db, city.id, "problem_ids", [problem_id])
    return ProblemDetail(
        **dict(links.problem_summary(found, is_hidden=is_hidden)),
        who_is_affected=None if is_hidden else found["who_is_affected"],
        evidence=[] if is_hidden else found["evidence"],
        definitions=found["definitions"],
        request_ids=found["request_ids"],
        belonging=await _requests(db, found),
        ideas=await links.ideas_of(db, {"city": city.id, "problem_id": problem_id}),
        results=results.get(problem_id, []),
        as_of=as_of,
    )


async def _requests(db: Database, problem: Document) -> list[RequestLink]:
    keys = OneOf(tuple(f"{problem['city']}/{one}" for one in problem["request_ids"]))
    fields = ("request_id", "service_name", "stage")
    found = await read.listing(db, "service_requests", {"_id": keys}, [], limit=MAX_REQUESTS, fields=fields)
    return [
        RequestLink(id=one["request_id"], service_name=one["service_name"], stage=one["stage"])
        for one in found
    ]


@router.get("/problems", response_model=Problems, responses=documented(404))
async def problems(
    *,
    request: Request,
    reads: State,
    city: Slug,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """A city's problems, the last worded first."""
    await wait(reads.db, after, PARTICIPATION, *OUTCOMES)
    known = await queries.known_city(reads.db, city)
    return answer(request, await listing(reads.db, known, limit=limit, cursor=cursor))


@router.get("/problems/{city}/{problem_id}", response_model=ProblemDetail, responses=documented(404))
async def one_problem(
    request: Request, reads: State, city: str, problem_id: str, after: After = None
) -> Response:
    """One problem with its requests, the ideas that answer it and the results of it."""
    await wait(reads.db, after, PARTICIPATION, REQUESTS, *OUTCOMES)
    known = await queries.known_city(reads.db, city)
    return answer(request, await detail(reads.db, known, problem_id))
