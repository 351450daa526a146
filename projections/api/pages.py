"""Pages for everyone: rendered here, complete without scripts, live with them.

What scripts and tests may rely on: a part that replaces itself is `[data-live][id]`; a number is
`[data-count=NAME]` with the bare number in `data-value`. Names: on `/`, `total-events-today` and so
on, and `CITY/events-today` and so on, left out where a city has none; on a city, `events-today`,
`open-requests`, `ideas`, `ballots`, `ballots/ROUND` and `type/EVENT`; on a round, `ballots`, `projects`,
`selected`, `votes/PROJECT` and, where ballots give points, `points/PROJECT`; on an idea, `supporters`; on a
result, `percent`; on a group, `members`; on a practice, `cities`.
`#live-status` reads `Live` while the stream is open.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from infra.directory import City, list_cities
from infra.mongo import PyMongoError
from infra.problems import ProblemError
from projections.api import described, queries, results
from projections.api import rounds as ballot_rounds
from projections.api.assets import TEMPLATES
from projections.api.present import last_days
from projections.api.queries import CHART_DAYS
from projections.api.respond import conditional
from projections.api.state import Reads, State
from projections.cursors import BadCursor

LISTED_REQUESTS = 7
LISTED_IDEAS = 8
LISTED_ROUNDS = 6
LISTED_RESULTS = 5
LEADING = 3
HTML = "text/html; charset=utf-8"
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_WRONG = "The address of this page is not complete or not right. Start again from the city's page."
_SAID = {
    "not_found": "There is no page at this address.",
    "bad_request": _WRONG,
    "unknown_city": "No city takes part under this address.",
    **{
        f"unknown_{what}": f"No such {what} is known here. If it was just published, reload in a few seconds."
        for what in (
            *("request", "idea", "round", "result", "problem", "group", "practice"),
            *("project", "call", "award", "opportunity", "session", "asset"),
        )
    },
    "unknown_metric": "No number is published under this address.",
    "not_by_neighbourhood": "This number is told for whole cities only.",
    "internal_error": "Something failed on our side and was logged. Reload in a few seconds.",
}
"""What a page says instead of what a problem tells programs."""
Cursor = Annotated[str | None, Query(max_length=1000)]
Status = Literal["open", "closed"]


class PageRoute(APIRoute):
    """A route that answers problems as pages and sends the headers every page needs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def page(request: Request) -> Response:
            try:
                response = await handle(request)
            except (ProblemError, BadCursor, PyMongoError) as error:
                response = sorry(error)
            response.headers.update(HEADERS)
            return response

        return page


router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
async def coalition(request: Request, reads: State) -> Response:
    """Every city with its numbers."""

    async def context() -> dict[str, Any]:
        cities = await list_cities(reads.db)
        found = await queries.overviews(reads.db, cities)
        numbers = [one.numbers for one in found]
        names = ("events_today", "open_requests", "requests", "ideas", "ballots")
        totals = {name: sum(getattr(one, name) for one in numbers) for name in names}
        days = {one.numbers.id: last_days(one.numbers.today, CHART_DAYS) for one in found}
        recent = {one.numbers.id: sum(one.days.get(day, 0) for day in days[one.numbers.id]) for one in found}
        found.sort(key=lambda one: (-recent[one.numbers.id], -one.numbers.ballots, one.numbers.name))
        return {
            "cities": found,
            "totals": totals,
            "days": days,
            "recent": {city for city, events in recent.items() if events},
            "latest": await ballot_rounds.latest(reads.db, recent),
            "zones": {city.id: city.zone for city in cities},
            "stream": "/v1/stream",
        }

    return await shown(request, reads, "coalition.html", context)


@router.get("/cities")
async def cities_page() -> Response:
    """The cities are on the first page."""
    return RedirectResponse("/")


@router.get("/cities/{city}")
async def city_page(request: Request, reads: State, city: str) -> Response:
    """A city today."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        db = reads.db
        overview = (await queries.overviews(db, [known]))[0]
        where = {"city": known.id, "status": "open"}
        rounds = await ballot_rounds.listing(db, known, limit=LISTED_ROUNDS, cursor=None)
        return {
            **of_city(known),
            "numbers": overview.numbers,
            "pulse": await queries.pulse(db, known, last_days(overview.numbers.today, CHART_DAYS)),
            "requests": await queries.requests(db, where, limit=LISTED_REQUESTS, cursor=None),
            "ideas": await queries.ideas_by_support(db, known, limit=LISTED_IDEAS, cursor=None),
            "results": await results.listing(db, {"city": known.id}, limit=LISTED_RESULTS, cursor=None),
            "rounds": rounds,
            "outcomes": await ballot_rounds.leaders(db, known, rounds.rounds),
            "leading": LEADING,
        }

    return await shown(request, reads, "city.html", context)


@router.get("/cities/{city}/requests")
async def requests_page(
    request: Request, reads: State, city: str, cursor: Cursor = None, status: Status = "open"
) -> Response:
    """All open, or all closed, requests of a city, page by page."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        where = {"city": known.id, "status": status}
        found = await queries.requests(reads.db, where, limit=50, cursor=cursor)
        return {**of_city(known), "requests": found, "first": cursor is None, "status": status}

    return await shown(request, reads, "requests.html", context)


@router.get("/cities/{city}/ideas")
async def ideas_page(request: Request, reads: State, city: str, cursor: Cursor = None) -> Response:
    """All ideas of a city, page by page."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await queries.ideas_by_support(reads.db, known, limit=50, cursor=cursor)
        return {**of_city(known), "ideas": found, "first": cursor is None}

    return await shown(request, reads, "ideas.html", context)


@router.get("/cities/{city}/requests/{request_id}")
async def request_page(request: Request, reads: State, city: str, request_id: str) -> Response:
    """One request and its history."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        return {**of_city(known), "request": await queries.request_detail(reads.db, known, request_id)}

    return await shown(request, reads, "request.html", context)


@router.get("/cities/{city}/ideas/{idea_id}")
async def idea_page(request: Request, reads: State, city: str, idea_id: str) -> Response:
    """One idea and the city's answer."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        return {**of_city(known), "idea": await queries.idea_detail(reads.db, known, idea_id)}

    return await shown(request, reads, "idea.html", context)


@router.get("/cities/{city}/rounds/{round_id}")
async def round_page(request: Request, reads: State, city: str, round_id: str) -> Response:
    """A ballot round and how its outcome came about."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await ballot_rounds.result(reads.db, known, round_id)
        return {
            **of_city(known),
            "round": found.document,
            "outcome": found.outcome,
            "decided": ballot_rounds.decided(found),
            "rows": ballot_rounds.rows(found),
        }

    return await shown(request, reads, "round.html", context)


@router.get("/data")
async def data_page(request: Request) -> Response:
    """What programs can read, and where."""
    body = TEMPLATES.get_template("data.html").render(
        paths=list(described.paths(request.app.openapi())),
        collections=described.collections(),
        topics=described.topics(),
        stream=None,
    )
    return conditional(request, body.encode(), media_type=HTML)


def of_city(city: City) -> dict[str, Any]:
    """What every page of a city needs."""
    return {"city": city, "zone": city.zone, "stream": f"/v1/stream/{city.id}"}


async def shown(
    request: Request, reads: Reads, template: str, context: Callable[[], Awaitable[dict[str, Any]]]
) -> Response:
    """The page, rendered once for everyone as long as nothing moves."""

    async def render() -> bytes:
        return TEMPLATES.get_template(template).render(await context()).encode()

    chosen = [request.query_params.get(name, "") for name in ("cursor", "status", "month")]
    address = "?".join([request.url.path, *chosen])
    return conditional(request, await reads.memo.get(address, render), media_type=HTML)


def sorry(error: Exception) -> Response:
    """An error as a page: what happened and where to go on, in words for everyone."""
    status, headers = 503, dict[str, str]()
    detail = "The numbers cannot be read now. Nothing is lost; reload in a few seconds."
    if isinstance(error, ProblemError):
        status, headers = error.status, dict(error.headers or {})
        detail = _SAID.get(error.name, error.detail)
    elif isinstance(error, BadCursor):
        status, detail = 400, _WRONG
    body = TEMPLATES.get_template("error.html").render(status=status, detail=detail, stream=None)
    return Response(body, status, {**headers, **HEADERS, "Cache-Control": "no-store"}, media_type=HTML)
