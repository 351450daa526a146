"""Pages of what came of it: results and the problems behind them."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from projections.api import problems, queries, results
from projections.api.pages import Cursor, PageRoute, of_city, shown
from projections.api.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)
LISTED = 50


@router.get("/cities/{city}/results")
async def results_page(request: Request, reads: State, city: str, cursor: Cursor = None) -> Response:
    """All results of a city, page by page."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await results.listing(reads.db, {"city": known.id}, limit=LISTED, cursor=cursor)
        return {**of_city(known), "results": found, "first": cursor is None}

    return await shown(request, reads, "results.html", context)


@router.get("/cities/{city}/results/{result_id}")
async def result_page(request: Request, reads: State, city: str, result_id: str) -> Response:
    """One result: how far it is, what it came from, what shows it."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        return {**of_city(known), "result": await results.detail(reads.db, known, result_id)}

    return await shown(request, reads, "result.html", context)


@router.get("/cities/{city}/problems")
async def problems_page(request: Request, reads: State, city: str, cursor: Cursor = None) -> Response:
    """All problems of a city, page by page."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await problems.listing(reads.db, known, limit=LISTED, cursor=cursor)
        return {**of_city(known), "problems": found, "first": cursor is None}

    return await shown(request, reads, "problems.html", context)


@router.get("/cities/{city}/problems/{problem_id}")
async def problem_page(request: Request, reads: State, city: str, problem_id: str) -> Response:
    """One problem with its requests, the ideas that answer it and what came of it."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        return {**of_city(known), "problem": await problems.detail(reads.db, known, problem_id)}

    return await shown(request, reads, "problem.html", context)
