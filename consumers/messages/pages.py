"""The page of whoever gave no name: what they were told of what they sent, shown for its tracking code."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from consumers.messages.subjects import SUBJECTS, path, titles
from consumers.messages.templates import TEMPLATES as MESSAGES
from consumers.messages.writing import Writer
from consumers.notice_rows import Row
from infra.directory import City
from infra.mongo import Database
from infra.problems import ProblemError
from infra.settings import Settings, address
from infra.tracking import tracking
from projections import read
from projections.api.assets import TEMPLATES
from projections.api.pages import PageRoute, of_city
from projections.api.queries import known_city
from projections.api.respond import conditional

SHOWN = 100
"""Messages on one page, the latest."""
Code = Annotated[str, Query(max_length=40)]


def tracking_router(opened: Callable[[], Database], settings: Settings) -> APIRouter:
    """The route; `opened` gives the database while the application runs."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/track/{city}/{kind}/{id_}")
    async def track(request: Request, city: str, kind: str, id_: str, code: Code = "") -> Response:
        db = opened()
        known, codes = await known_city(db, city), await tracking(db)
        if kind not in SUBJECTS or not codes.fits(code, known.id, kind, id_):
            detail = "The tracking code does not fit. Look at it again: it has ten letters and digits."
            raise ProblemError(403, "wrong_code", detail)
        context = await _context(db, known, kind, id_, Writer(partial(titles, db), address(settings), codes))
        shown = {**of_city(known), **context, "code": codes.code(known.id, kind, id_), "id": id_}
        body = TEMPLATES.get_template("track.html").render(shown)
        return conditional(request, body.encode(), media_type="text/html; charset=utf-8")

    return router


async def _context(db: Database, city: City, kind: str, id_: str, writer: Writer) -> dict[str, Any]:
    title = (await titles(db, kind, [f"{city.id}/{id_}"])).get(f"{city.id}/{id_}")
    names = [one.name for one in MESSAGES.values() if one.about == kind]
    theirs = {"city": city.id, "about": id_, "recipient": None, "status": "sent"}
    wanted: dict[str, Any] = {**theirs, "template": {"$in": names}}
    found = db["notifications"].find(wanted, max_time_ms=read.MAX_TIME_MS).sort([("sent_at", -1), ("_id", 1)])
    rows = await found.limit(SHOWN).to_list(SHOWN)
    return {
        "title": title or "Your report",
        "messages": [_shown(writer, row, city, title or id_) for row in reversed(rows)],
        "ask": await _may_answer(db, city, kind, id_),
        "path": path(kind, city.id, id_) if title else None,
    }


def _shown(writer: Writer, row: Row, city: City, title: str) -> dict[str, Any]:
    written = writer.letter(row, city, None, title).written
    return {
        "template": row["template"],
        "subject": written.subject,
        "text": written.text,
        "at": row["sent_at"],
    }


async def _may_answer(db: Database, city: City, kind: str, id_: str) -> bool:
    """Whether it is a request that the city has closed."""
    if kind != "service_request":
        return False
    found = await read.document(db, "service_requests", f"{city.id}/{id_}")
    return found is not None and found["status"] == "closed"
