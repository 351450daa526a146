"""Pages about what was done: a city's projects and totals, volunteers' time, and one project.

Numbers are `[data-count=NAME]` with the bare number in `data-value`: `impact/METRIC/UNIT`, `volunteer-hours`,
`volunteer-value`, `participants`.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from projections.api import impact_queries, participants, queries, volunteer_value
from projections.api.pages import Cursor, PageRoute, of_city, shown
from projections.api.state import State

LISTED_PROJECTS = 25
router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/cities/{city}/impact")
async def impact_page(request: Request, reads: State, city: str, cursor: Cursor = None) -> Response:
    """What citizens and their city have done."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        db, year = reads.db, queries.today(known)[:4]
        return {
            **of_city(known),
            "impact": await impact_queries.impact(db, known),
            "worth": await volunteer_value.of_city(db, known),
            "people": await participants.of_year(db, known, year),
            "projects": await impact_queries.projects(db, known, limit=LISTED_PROJECTS, cursor=cursor),
            "first": cursor is None,
        }

    return await shown(request, reads, "impact.html", context)


@router.get("/cities/{city}/projects/{project_id}")
async def project_page(request: Request, reads: State, city: str, project_id: str) -> Response:
    """One project and what came of it."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        return {**of_city(known), "project": await impact_queries.project(reads.db, known, project_id)}

    return await shown(request, reads, "project.html", context)
