"""The reading side as an application of its own, or as a part of the all-in-one one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.responses import Response
from structlog import get_logger

from infra import problems
from infra.mongo import PyMongoError, connect
from infra.problems import ProblemError
from infra.settings import Settings
from projections.api import (
    coalition,
    grants,
    grants_pages,
    groups,
    groups_pages,
    impact,
    impact_pages,
    metrics,
    metrics_pages,
    pages,
    participants,
    practices,
    practices_pages,
    results,
    results_pages,
    routes,
    stewardship,
    stewardship_pages,
    stream,
    volunteer_value,
    volunteering,
    volunteering_pages,
)
from projections.api import problems as stated_problems
from projections.api.assets import STATIC, Static
from projections.api.state import open_reads
from projections.cursors import BadCursor

_log = get_logger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """Read API, live updates and pages. Run it with `projections.api.server.Server`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with connect(settings) as db, open_reads(app, db):
            yield

    app = FastAPI(title="townhall read API", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    problems.install(app)
    add_reads(app)
    return app


def add_reads(app: FastAPI) -> None:
    """Add all routes. Whoever composes enters `open_reads(app, db)` in the lifespan of `app`."""
    app.include_router(routes.router)
    app.include_router(results.router)
    app.include_router(stated_problems.router)
    app.include_router(groups.router)
    app.include_router(practices.router)
    app.include_router(metrics.router)
    app.include_router(coalition.router)
    app.include_router(grants.router)
    app.include_router(impact.router)
    app.include_router(participants.router)
    app.include_router(volunteer_value.router)
    app.include_router(stewardship.router)
    app.include_router(volunteering.router)
    app.include_router(impact_pages.router)
    app.include_router(stream.router)
    app.include_router(pages.router)
    app.include_router(grants_pages.router)
    app.include_router(results_pages.router)
    app.include_router(groups_pages.router)
    app.include_router(practices_pages.router)
    app.include_router(metrics_pages.router)
    app.include_router(stewardship_pages.router)
    app.include_router(volunteering_pages.router)
    problems.show_pages(app, pages.sorry)
    app.mount("/static", Static(directory=STATIC), name="static")
    app.add_exception_handler(PyMongoError, _unreadable)
    app.add_exception_handler(BadCursor, _bad_cursor)


async def _unreadable(request: Request, error: Exception) -> Response:
    _log.warning("read_failed", path=request.url.path, error=type(error).__name__)
    detail = (
        "The read models do not answer in time. Everything published is kept; try again in a few seconds."
    )
    return ProblemError(503, "not_readable", detail, headers={"Retry-After": "2"}).response()


async def _bad_cursor(_: Request, error: Exception) -> Response:
    return ProblemError(400, "bad_cursor", f"`cursor`: {error}. Start again without it.").response()
