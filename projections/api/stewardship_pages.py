"""Pages of the things that a city's people take care of: all of them, and one.

What tests may rely on, as on the other pages: `[data-count=NAME]` with the bare number in `data-value`.
Names on a city's page: `things`, `adoptable`, `adopted`, `attention`, `waited-for`.
"""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from projections.api import queries, stewardship_queries
from projections.api.pages import Cursor, PageRoute, of_city, shown
from projections.api.state import State

LISTED = 25
router = APIRouter(
    prefix="/cities/{city}/stewardship",
    route_class=PageRoute,
    include_in_schema=False,
    default_response_class=HTMLResponse,
)

Status = Literal["free", "adopted", "attention", "retired"]


@router.get("")
async def stewardship_page(
    request: Request, reads: State, city: str, cursor: Cursor = None, status: Status = "free"
) -> Response:
    """How much is taken care of, and the things that are free, adopted, in need or retired, page by page."""
    known = await queries.known_city(reads.db, city)
    asked: dict[str, Any] = {"attention": True} if status == "attention" else {"state": status}

    async def context() -> dict[str, Any]:
        chosen = stewardship_queries.where(known, **asked)
        return {
            **of_city(known),
            "numbers": await stewardship_queries.stewardship(reads.db, known),
            "things": await stewardship_queries.assets(reads.db, chosen, limit=LISTED, cursor=cursor),
            "status": status,
            "first": cursor is None,
        }

    return await shown(request, reads, "stewardship.html", context)


@router.get("/{asset_id}")
async def asset_page(request: Request, reads: State, city: str, asset_id: str) -> Response:
    """One thing, how it is and who took care of it when."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        return {**of_city(known), "asset": await stewardship_queries.asset(reads.db, known, asset_id)}

    return await shown(request, reads, "asset.html", context)
