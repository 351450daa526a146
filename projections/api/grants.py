"""Grants in the JSON read API: calls, awards, what is granted again, and all of it as 360Giving data."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from infra.problems import documented
from projections.api import grant_models as models
from projections.api import grant_queries, queries
from projections.api.grant_queries import GRANTS
from projections.api.respond import JSON, After, Cursor, Limit, answer, conditional, wait
from projections.api.state import State
from projections.read import Where

router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})

Slug = Annotated[str, Query(max_length=64, description="a city's id")]
CallId = Annotated[str | None, Query(max_length=200, description="only awards of this call of the city")]


@router.get("/cities/{city}/grants", response_model=models.CityGrants, responses=documented(404))
async def city_grants(request: Request, reads: State, city: str, after: After = None) -> Response:
    """What a city grants: its money by currency, and what was paid and reported on time."""
    await wait(reads.db, after, GRANTS)
    known = await queries.known_city(reads.db, city)
    return answer(request, await grant_queries.overview(reads.db, known))


@router.get("/grants/{city}.json", response_class=Response, responses=documented(404))
async def threesixty_giving(request: Request, reads: State, city: str, after: After = None) -> Response:
    """All awards of a city as a package of the 360Giving Data Standard."""
    await wait(reads.db, after, GRANTS)
    known = await queries.known_city(reads.db, city)
    body = await grant_queries.threesixty_giving(reads.db, known)
    return conditional(request, body, media_type=JSON)


@router.get("/grant-calls", response_model=models.Calls, responses=documented(404))
async def calls(
    *,
    request: Request,
    reads: State,
    city: Slug,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """A city's grant calls: those that are open first, then the newest."""
    await wait(reads.db, after, GRANTS)
    known = await queries.known_city(reads.db, city)
    return answer(request, await grant_queries.calls(reads.db, known, limit=limit, cursor=cursor))


@router.get("/grant-calls/{city}/{call_id}", response_model=models.Call, responses=documented(404))
async def one_call(request: Request, reads: State, city: str, call_id: str, after: After = None) -> Response:
    """One grant call with its terms, how many applied, and the ranking once the city has told it."""
    await wait(reads.db, after, GRANTS)
    known = await queries.known_city(reads.db, city)
    return answer(request, await grant_queries.call(reads.db, known, call_id))


@router.get(
    "/grant-calls/{city}/{call_id}/accepted",
    response_model=models.AcceptedApplications,
    responses=documented(404),
)
async def accepted(
    *,
    request: Request,
    reads: State,
    city: str,
    call_id: str,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """The applications of a call that were accepted. Of the others nothing is published but their number."""
    await wait(reads.db, after, GRANTS)
    known = await queries.known_city(reads.db, city)
    found = await grant_queries.accepted(reads.db, known, call_id, limit=limit, cursor=cursor)
    return answer(request, found)


@router.get("/awards", response_model=models.Awards, responses=documented(404))
async def awards(
    *,
    request: Request,
    reads: State,
    city: Slug,
    call: CallId = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """The awards that a city, or the coalition, has made, the newest first."""
    await wait(reads.db, after, GRANTS)
    known = await queries.known_city(reads.db, city)
    where: Where = {"city": known.id} if call is None else {"city": known.id, "call_id": call}
    return answer(request, await grant_queries.awards(reads.db, where, limit=limit, cursor=cursor))


@router.get("/awards/{city}/{award_id}", response_model=models.AwardDetail, responses=documented(404))
async def one_award(
    request: Request, reads: State, city: str, award_id: str, after: After = None
) -> Response:
    """One award: what is paid, owed and reached, and the award of whose money it was made."""
    await wait(reads.db, after, GRANTS)
    known = await queries.known_city(reads.db, city)
    return answer(request, await grant_queries.award(reads.db, known, award_id))


@router.get("/awards/{city}/{award_id}/regrants", response_model=models.Regrants, responses=documented(404))
async def regrants(
    *,
    request: Request,
    reads: State,
    city: str,
    award_id: str,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """The awards that were made of the money of one, in whichever cities, the newest first."""
    await wait(reads.db, after, GRANTS)
    known = await queries.known_city(reads.db, city)
    found = await grant_queries.regrants(reads.db, known, award_id, limit=limit, cursor=cursor)
    return answer(request, found)
