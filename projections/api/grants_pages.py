"""Pages of grants: what a city offers and has granted, one call, one award.

What tests may rely on, as on the other pages: `[data-count=NAME]` with the bare number in `data-value`.
Names: on a city's grants `open-calls`, `awards/CURRENCY`, `reports-on-time`; on a call `applications`,
`accepted`.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from projections.api import grant_queries, queries
from projections.api.pages import Cursor, PageRoute, of_city, shown
from projections.api.state import State
from projections.read import Where

LISTED_CALLS = 50
LISTED_AWARDS = 25
LISTED_REGRANTS = 100
router = APIRouter(
    prefix="/cities/{city}/grants",
    route_class=PageRoute,
    include_in_schema=False,
    default_response_class=HTMLResponse,
)


@router.get("")
async def grants_page(request: Request, reads: State, city: str, cursor: Cursor = None) -> Response:
    """A city's money, its calls, and its awards page by page."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        db = reads.db
        here: Where = {"city": known.id}
        return {
            **of_city(known),
            "grants": await grant_queries.overview(db, known),
            "calls": await grant_queries.calls(db, known, limit=LISTED_CALLS, cursor=None),
            "awards": await grant_queries.awards(db, here, limit=LISTED_AWARDS, cursor=cursor),
            "first": cursor is None,
        }

    return await shown(request, reads, "grants.html", context)


@router.get("/calls/{call_id}")
async def call_page(
    request: Request, reads: State, city: str, call_id: str, cursor: Cursor = None
) -> Response:
    """One call: its terms, its ranking once the city has told it, and the awards made in it."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        made: Where = {"city": known.id, "call_id": call_id}
        return {
            **of_city(known),
            "call": await grant_queries.call(reads.db, known, call_id),
            "awards": await grant_queries.awards(reads.db, made, limit=LISTED_AWARDS, cursor=cursor),
            "first": cursor is None,
        }

    return await shown(request, reads, "grant_call.html", context)


@router.get("/awards/{award_id}")
async def award_page(
    request: Request, reads: State, city: str, award_id: str, cursor: Cursor = None
) -> Response:
    """One award: what is paid, owed and reached, whose money it is, and what was made of it."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await grant_queries.regrants(reads.db, known, award_id, limit=LISTED_REGRANTS, cursor=cursor)
        return {
            **of_city(known),
            "award": await grant_queries.award(reads.db, known, award_id),
            "regrants": found,
            "first": cursor is None,
        }

    return await shown(request, reads, "award.html", context)
