"""Pages of community groups."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from projections.api import groups, queries
from projections.api.pages import Cursor, PageRoute, of_city, shown
from projections.api.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)
LISTED = 50


@router.get("/cities/{city}/groups")
async def groups_page(request: Request, reads: State, city: str, cursor: Cursor = None) -> Response:
    """All groups of a city, page by page."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await groups.listing(reads.db, known, limit=LISTED, cursor=cursor)
        return {**of_city(known), "groups": found, "first": cursor is None}

    return await shown(request, reads, "groups.html", context)


@router.get("/cities/{city}/groups/{group_id}")
async def group_page(request: Request, reads: State, city: str, group_id: str) -> Response:
    """One group."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        return {**of_city(known), "group": await groups.detail(reads.db, known, group_id)}

    return await shown(request, reads, "group.html", context)
