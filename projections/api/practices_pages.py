"""Pages of practices: what worked in one city, for all of them."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from infra.directory import list_cities
from infra.mongo import Database
from projections.api import practices, queries
from projections.api.pages import Cursor, PageRoute, of_city, shown
from projections.api.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)
LISTED = 50


@router.get("/practices")
async def practices_page(request: Request, reads: State, cursor: Cursor = None) -> Response:
    """The coalition's practices, page by page."""

    async def context() -> dict[str, Any]:
        found = await practices.listing(reads.db, {}, limit=LISTED, cursor=cursor)
        names = await _names(reads.db)
        return {"practices": found, "first": cursor is None, "names": names, "stream": "/v1/stream"}

    return await shown(request, reads, "practices.html", context)


@router.get("/cities/{city}/practices/{practice_id}")
async def practice_page(request: Request, reads: State, city: str, practice_id: str) -> Response:
    """One practice: what it changed, where it is from and where it went."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await practices.detail(reads.db, known, practice_id)
        names = await _names(reads.db)
        return {**of_city(known), "practice": found, "names": names, "stream": "/v1/stream"}

    return await shown(request, reads, "practice.html", context)


async def _names(db: Database) -> dict[str, str]:
    return {city.id: city.name for city in await list_cities(db)}
