"""Opportunities to volunteer, sessions and hours in the read API.

What one volunteer did is not here: a pseudonym stands in every event of theirs, so it is no secret that could
open a record. City apps that know who asks read `volunteer_signups`, `volunteer_attendance` and
`volunteer_hours` in MongoDB.
"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from events.scalars import FIRST_YEAR, LAST_YEAR, Ref
from infra.problems import ProblemError, documented
from projections.api import queries, volunteer_hours
from projections.api import volunteering_models as models
from projections.api import volunteering_queries as volunteering
from projections.api.respond import After, Cursor, Limit, answer, wait
from projections.api.state import State
from projections.api.volunteering_queries import SOURCES, VOLUNTEERING, When

MAX_YEARS = 20
router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})

Slug = Annotated[str, Query(max_length=64, description="a city's id")]
Year = Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)]


@router.get("/opportunities", response_model=models.Opportunities, responses=documented(404))
async def opportunities(
    *,
    request: Request,
    reads: State,
    city: Slug,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """What a city looks for volunteers for; those whose last session is latest stand first."""
    await wait(reads.db, after, *SOURCES)
    known = await queries.known_city(reads.db, city)
    return answer(request, await volunteering.opportunities(reads.db, known, limit=limit, cursor=cursor))


@router.get(
    "/opportunities/{city}/{opportunity_id}",
    response_model=models.OpportunityDetail,
    responses=documented(404),
)
async def opportunity(
    request: Request, reads: State, city: str, opportunity_id: str, after: After = None
) -> Response:
    """One opportunity with its sessions to come, and how many places they have left."""
    await wait(reads.db, after, *SOURCES)
    known = await queries.known_city(reads.db, city)
    return answer(request, await volunteering.opportunity(reads.db, known, opportunity_id))


@router.get("/sessions", response_model=models.Sessions, responses=documented(404))
async def sessions(
    *,
    request: Request,
    reads: State,
    city: Slug,
    when: When = "upcoming",
    opportunity: Annotated[Ref | None, Query(description="only those of this opportunity")] = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """Sessions that are not cancelled: upcoming ones, the next first, or past ones, the last first."""
    await wait(reads.db, after, *SOURCES)
    known = await queries.known_city(reads.db, city)
    found = await volunteering.sessions(
        reads.db, known, when=when, opportunity_id=opportunity, limit=limit, cursor=cursor
    )
    return answer(request, found)


@router.get("/sessions/{city}/{session_id}", response_model=models.SessionDetail, responses=documented(404))
async def session(
    request: Request, reads: State, city: str, session_id: str, after: After = None
) -> Response:
    """One session: how full it is, and how many came. Nobody is named."""
    await wait(reads.db, after, *SOURCES)
    known = await queries.known_city(reads.db, city)
    return answer(request, await volunteering.session(reads.db, known, session_id))


@router.get("/hours/{city}", response_model=models.Hours, responses=documented(404))
async def hours(
    *,
    request: Request,
    reads: State,
    city: str,
    first: Annotated[Year, Query(alias="from", description="first year; else the last one alone")] = None,
    last: Annotated[Year, Query(alias="to", description="last year; else this one in the city")] = None,
    after: After = None,
) -> Response:
    """Volunteer time by year and month of the work, verified and logged; at most 20 years."""
    await wait(reads.db, after, VOLUNTEERING)
    known = await queries.known_city(reads.db, city)
    end = last or date.fromisoformat(queries.today(known)).year
    begin = end if first is None else first
    if not 0 <= end - begin < MAX_YEARS:
        raise ProblemError(400, "bad_period", f"`from` to `to` must be 1 to {MAX_YEARS} years.")
    return answer(request, await volunteer_hours.hours(reads.db, known, begin, end))
