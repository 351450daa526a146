"""Projects, and what was done by metric and unit with all that it was computed from."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from events.scalars import Code, Name
from infra.problems import ProblemError, documented
from projections.api import impact_models as models
from projections.api import impact_queries, queries
from projections.api.impact_queries import IMPACT
from projections.api.respond import After, Cursor, Limit, answer, wait
from projections.api.state import State

router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})

Slug = Annotated[str, Query(max_length=64, description="a city's id")]
_MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
First = Annotated[str | None, Query(alias="from", pattern=_MONTH, description="first month, like 2026-04")]
Last = Annotated[str | None, Query(alias="to", pattern=_MONTH, description="last month, like 2026-04")]


@router.get("/impact/{city}", response_model=models.Impact, responses=documented(404))
async def impact(
    *,
    request: Request,
    reads: State,
    city: str,
    first: First = None,
    last: Last = None,
    neighbourhood: Annotated[Code | None, Query(description="only this one of the city's")] = None,
    unit: Annotated[Name | None, Query(description="the unit to tell it in, where that can be")] = None,
    after: After = None,
) -> Response:
    """What was done in a city by metric, in the months `from` to `to`, with the parts of each total."""
    if first is not None and last is not None and last < first:
        raise ProblemError(400, "bad_period", "`to` lies before `from`.")
    await wait(reads.db, after, IMPACT)
    known = await queries.known_city(reads.db, city)
    where = {"first": first, "last": last, "neighbourhood": neighbourhood, "unit": unit}
    return answer(request, await impact_queries.impact(reads.db, known, **where))


@router.get("/impact/{city}/records", response_model=models.ImpactRecords, responses=documented(404))
async def records(
    *,
    request: Request,
    reads: State,
    city: str,
    metric: Annotated[Name | None, Query(description="only of this metric")] = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """The records that the totals are made of, the last done first; voided ones are marked."""
    await wait(reads.db, after, IMPACT)
    known = await queries.known_city(reads.db, city)
    return answer(
        request, await impact_queries.records(reads.db, known, metric=metric, limit=limit, cursor=cursor)
    )


@router.get("/projects", response_model=models.Projects, responses=documented(404))
async def projects(
    *,
    request: Request,
    reads: State,
    city: Slug,
    status: Literal["running", "completed", "abandoned"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """A city's projects, the last begun first."""
    await wait(reads.db, after, IMPACT)
    known = await queries.known_city(reads.db, city)
    return answer(
        request, await impact_queries.projects(reads.db, known, status=status, limit=limit, cursor=cursor)
    )


@router.get("/projects/{city}/{project_id}", response_model=models.ProjectDetail, responses=documented(404))
async def project(
    request: Request, reads: State, city: str, project_id: str, after: After = None
) -> Response:
    """One project with where it came from and what came of it."""
    await wait(reads.db, after, IMPACT)
    known = await queries.known_city(reads.db, city)
    return answer(request, await impact_queries.project(reads.db, known, project_id))
