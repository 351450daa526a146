"""The JSON read API."""

import re
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from events.scalars import Code
from events.stages import Stage
from infra.directory import City, list_cities
from infra.mongo import Database
from infra.neighbourhoods import Neighbourhoods, get_neighbourhoods
from infra.problems import ProblemError, documented
from projections import read
from projections.api import models, queries
from projections.api import rounds as ballot_rounds
from projections.api.links import OUTCOMES
from projections.api.moderated import MODERATION
from projections.api.present import last_days
from projections.api.queries import PARTICIPATION, PULSE, REQUESTS
from projections.api.respond import After, Cursor, Limit, answer, wait
from projections.api.state import State
from projections.read import Box, Where

MAX_PULSE_DAYS = 366
GEOJSON = "application/geo+json"
router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})

Slug = Annotated[str, Query(max_length=64, description="a city's id")]
_NUMBER = r"-?\d{1,3}(?:\.\d{1,15})?"
_BBOX = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER})")


@router.get("/cities", response_model=models.Cities, summary="All cities and their numbers")
async def cities(request: Request, reads: State, after: After = None) -> Response:
    """All cities with their numbers now."""
    every = (REQUESTS, PARTICIPATION, PULSE)
    await wait(reads.db, after, *every)
    as_of = await read.as_of(reads.db, every)
    found = await queries.overviews(reads.db, await list_cities(reads.db))
    return answer(request, models.Cities(cities=[one.numbers for one in found], as_of=as_of))


@router.get("/cities/{city}", response_model=models.CityNumbers, responses=documented(404))
async def city_numbers(request: Request, reads: State, city: str, after: After = None) -> Response:
    """One city and its numbers."""
    await wait(reads.db, after, REQUESTS, PARTICIPATION, PULSE)
    found = await queries.overviews(reads.db, [await queries.known_city(reads.db, city)])
    return answer(request, found[0].numbers)


@router.get("/cities/{city}/neighbourhoods", response_model=Neighbourhoods, responses=documented(404))
async def neighbourhoods(request: Request, reads: State, city: str) -> Response:
    """Where a city's neighbourhoods are, as GeoJSON."""
    known = await queries.known_city(reads.db, city)
    return answer(request, await get_neighbourhoods(reads.db, known.id), media_type=GEOJSON)


@router.get("/pulse/{city}", response_model=models.Pulse, responses=documented(404))
async def pulse(
    *,
    request: Request,
    reads: State,
    city: str,
    first: Annotated[date | None, Query(alias="from", description="first day; 13 days before `to`")] = None,
    last: Annotated[date | None, Query(alias="to", description="last day; today in the city")] = None,
    after: After = None,
) -> Response:
    """Events per day and type, on the city's own calendar; at most 366 days."""
    await wait(reads.db, after, PULSE)
    known = await queries.known_city(reads.db, city)
    end = last or date.fromisoformat(queries.today(known))
    count = queries.CHART_DAYS if first is None else (end - first).days + 1
    if not 1 <= count <= MAX_PULSE_DAYS:
        raise ProblemError(400, "bad_period", f"`from` to `to` must be 1 to {MAX_PULSE_DAYS} days.")
    if end.toordinal() < count:
        raise ProblemError(400, "bad_period", "`to` lies before the first day of the calendar.")
    return answer(request, await queries.pulse(reads.db, known, last_days(end.isoformat(), count)))


@router.get("/rounds", response_model=models.Rounds, responses=documented(404))
async def rounds(
    *,
    request: Request,
    reads: State,
    city: Slug | None = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """Ballot rounds, newest first."""
    await wait(reads.db, after, PARTICIPATION)
    known = await _maybe(reads.db, city)
    return answer(request, await ballot_rounds.listing(reads.db, known, limit=limit, cursor=cursor))


@router.get("/rounds/{round_id}", response_model=models.RoundResult, responses=documented(404, 409))
async def ballot_round(
    request: Request, reads: State, round_id: str, city: Slug | None = None, after: After = None
) -> Response:
    """The outcome of a round as its ballots stand. `city` is needed only where two use the same id."""
    await wait(reads.db, after, PARTICIPATION)
    known = await _maybe(reads.db, city) or await ballot_rounds.find(reads.db, round_id)
    return answer(request, ballot_rounds.answered(await ballot_rounds.result(reads.db, known, round_id)))


@router.get("/requests", response_model=models.Requests, responses=documented(404))
async def requests(
    *,
    request: Request,
    reads: State,
    city: Slug,
    stage: Stage | None = None,
    service_code: Annotated[Code | None, Query()] = None,
    status: Literal["open", "closed"] | None = None,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees")] = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """A city's service requests, the last changed first."""
    await wait(reads.db, after, REQUESTS, MODERATION)
    known = await queries.known_city(reads.db, city)
    chosen = {"stage": stage, "service_code": service_code, "status": status}
    bounds = box(bbox)
    where: Where = {
        "city": known.id,
        **{field: value for field, value in chosen.items() if value is not None},
        **({} if bounds is None else {"point": bounds}),
    }
    return answer(request, await queries.requests(reads.db, where, limit=limit, cursor=cursor))


@router.get("/requests.geojson", response_model=models.FeatureCollection, responses=documented(404))
async def requests_geojson(request: Request, reads: State, city: Slug, after: After = None) -> Response:
    """Open requests that have a place, at most 5,000; places of anonymous ones are rounded."""
    await wait(reads.db, after, REQUESTS)
    found = await queries.features(reads.db, await queries.known_city(reads.db, city))
    return answer(request, found, media_type=GEOJSON)


@router.get("/requests/{city}/{request_id}", response_model=models.RequestDetail, responses=documented(404))
async def one_request(
    request: Request, reads: State, city: str, request_id: str, after: After = None
) -> Response:
    """A service request with its history, the problems it belongs to and what came of them."""
    await wait(reads.db, after, REQUESTS, PARTICIPATION, *OUTCOMES)
    known = await queries.known_city(reads.db, city)
    return answer(request, await queries.request_detail(reads.db, known, request_id))


@router.get("/ideas", response_model=models.Ideas, responses=documented(404))
async def ideas(
    *,
    request: Request,
    reads: State,
    city: Slug,
    sort: Literal["support", "new"] = "support",
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """A city's ideas and what came of them."""
    await wait(reads.db, after, PARTICIPATION, *OUTCOMES)
    known = await queries.known_city(reads.db, city)
    listing = queries.ideas_by_support if sort == "support" else queries.ideas_by_age
    return answer(request, await listing(reads.db, known, limit=limit, cursor=cursor))


@router.get("/ideas/{city}/{idea_id}", response_model=models.IdeaDetail, responses=documented(404))
async def one_idea(request: Request, reads: State, city: str, idea_id: str, after: After = None) -> Response:
    """One idea with the city's answer and what came of it."""
    await wait(reads.db, after, PARTICIPATION, *OUTCOMES)
    known = await queries.known_city(reads.db, city)
    return answer(request, await queries.idea_detail(reads.db, known, idea_id))


@router.get("/feedback", response_model=models.Feedback, responses=documented(404))
async def feedback(request: Request, reads: State, city: Slug, after: After = None) -> Response:
    """Ratings of a city's programs; below five responses they are suppressed."""
    await wait(reads.db, after, REQUESTS)
    known = await queries.known_city(reads.db, city)
    return answer(request, await queries.feedback(reads.db, known))


async def _maybe(db: Database, city: str | None) -> City | None:
    return None if city is None else await queries.known_city(db, city)


def box(text: str | None) -> Box | None:
    """The bounds that `bbox` names; a problem where it names none."""
    if text is None:
        return None
    match = _BBOX.fullmatch(text)
    if match is None:
        raise ProblemError(
            400, "bad_bbox", "`bbox` is west,south,east,north in degrees, like -74.3,40.5,-73.7,40.9."
        )
    west, south, east, north = (float(part) for part in match.groups())
    if west > east or south > north:
        raise ProblemError(400, "bad_bbox", "`bbox` must run from west to east and from south to north.")
    return Box(west, south, east, north)
