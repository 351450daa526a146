"""Things of the city that can be taken care of, and how they are."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from events.scalars import Code
from infra.problems import documented
from projections.api import queries, stewardship_queries
from projections.api import stewardship_models as models
from projections.api.moderated import MODERATION
from projections.api.respond import After, Cursor, Limit, answer, wait
from projections.api.routes import box
from projections.api.state import State
from projections.api.stewardship_queries import STEWARDSHIP

router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})

Slug = Annotated[str, Query(max_length=64, description="a city's id")]
AssetType = Annotated[Code | None, Query(description="the city's code of the kind of thing")]
Which = Annotated[
    Literal["free", "adopted", "not_adoptable", "retired"] | None,
    Query(description="without it, all that the city has not given up"),
]
Attention = Annotated[bool, Query(description="only what its last visitor found in need of attention")]
Bounds = Annotated[str | None, Query(description="west,south,east,north in degrees")]


@router.get("/assets", response_model=models.Assets, responses=documented(404))
async def assets(
    *,
    request: Request,
    reads: State,
    city: Slug,
    asset_type: AssetType = None,
    state: Which = None,
    attention: Attention = False,
    bbox: Bounds = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """A city's things that can be taken care of, the last changed first."""
    await wait(reads.db, after, STEWARDSHIP, MODERATION)
    known = await queries.known_city(reads.db, city)
    chosen = stewardship_queries.where(
        known, asset_type=asset_type, state=state, attention=attention, box=box(bbox)
    )
    return answer(request, await stewardship_queries.assets(reads.db, chosen, limit=limit, cursor=cursor))


@router.get("/assets.geojson", response_model=models.AssetFeatures, responses=documented(404))
async def assets_geojson(
    *,
    request: Request,
    reads: State,
    city: Slug,
    asset_type: AssetType = None,
    state: Which = None,
    attention: Attention = False,
    bbox: Bounds = None,
    after: After = None,
) -> Response:
    """The same as points on a map, at most 5,000."""
    await wait(reads.db, after, STEWARDSHIP)
    known = await queries.known_city(reads.db, city)
    chosen = stewardship_queries.where(
        known, asset_type=asset_type, state=state, attention=attention, box=box(bbox)
    )
    found = await stewardship_queries.features(reads.db, chosen)
    return answer(request, found, media_type="application/geo+json")


@router.get("/assets/{city}/{asset_id}", response_model=models.AssetDetail, responses=documented(404))
async def asset(request: Request, reads: State, city: str, asset_id: str, after: After = None) -> Response:
    """One thing with its adoptions and check-ins. Stewards are not named."""
    await wait(reads.db, after, STEWARDSHIP, MODERATION)
    known = await queries.known_city(reads.db, city)
    return answer(request, await stewardship_queries.asset(reads.db, known, asset_id))


@router.get("/stewardship/{city}", response_model=models.Stewardship, responses=documented(404))
async def stewardship(request: Request, reads: State, city: str, after: After = None) -> Response:
    """How much of a city is taken care of, what needs attention, and whether stewards come when expected."""
    await wait(reads.db, after, STEWARDSHIP)
    known = await queries.known_city(reads.db, city)
    return answer(request, await stewardship_queries.stewardship(reads.db, known))
