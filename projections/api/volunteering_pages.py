"""Pages of volunteering: what a city needs people for, and one opportunity.

Numbers are `[data-count=NAME]` with the bare number in `data-value`. Names: on a city's page `hours/YEAR`, on
both `signed-up/SESSION`, `left/SESSION` and `waiting/SESSION`.
"""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from projections.api import queries, volunteer_hours
from projections.api import volunteering_queries as volunteering
from projections.api.pages import Cursor, PageRoute, of_city, shown
from projections.api.state import State

LISTED_SESSIONS = 20
LISTED_OPPORTUNITIES = 25
YEARS = 5
router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/cities/{city}/volunteering")
async def volunteering_page(request: Request, reads: State, city: str, cursor: Cursor = None) -> Response:
    """The next sessions, the time that volunteers gave, and the city's opportunities page by page."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        db, year = reads.db, date.fromisoformat(queries.today(known)).year
        listed = await volunteering.opportunities(db, known, limit=LISTED_OPPORTUNITIES, cursor=cursor)
        return {
            **of_city(known),
            "sessions": await volunteering.sessions(db, known, limit=LISTED_SESSIONS),
            "hours": await volunteer_hours.hours(db, known, year - YEARS + 1, year),
            "opportunities": listed,
            "first": cursor is None,
        }

    return await shown(request, reads, "volunteering.html", context)


@router.get("/cities/{city}/volunteering/{opportunity_id}")
async def opportunity_page(request: Request, reads: State, city: str, opportunity_id: str) -> Response:
    """One opportunity and its sessions to come."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await volunteering.opportunity(reads.db, known, opportunity_id)
        return {**of_city(known), "opportunity": found}

    return await shown(request, reads, "opportunity.html", context)
