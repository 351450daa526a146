"""Pages on which citizens act: report a problem, and say whether it is fixed. They ask for no name.

A page of ours is one city app among others; it publishes as every app does. There are no cookies and no
accounts, so there is nothing that another site could do in somebody's name.
"""

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from structlog import get_logger

from events.envelope import Event, Payload
from events.registry import BY_PAYLOAD
from events.types.requests import ResolutionConfirmed, ResolutionDisputed, ServiceRequestOpened
from infra.directory import City
from infra.problems import ProblemError
from infra.tracking import tracking
from producers.http.gateway import Gateway
from projections import read
from projections.api.assets import TEMPLATES
from projections.api.pages import PageRoute
from projections.api.queries import known_city

APP: Final = "pages"
SERVICES: Final = {
    "pothole": "Pothole",
    "street_light": "Street light out",
    "graffiti": "Graffiti",
    "litter": "Litter",
    "tree": "Fallen or damaged tree",
    "drain": "Blocked drain",
    "other": "Something else",
}
MOST_BYTES: Final = 16_384
MOST_WORDS: Final = 2_000
MOST_PLACE: Final = 300
A_MINUTE: Final = 30
"""Reports that one process takes in a minute: the page is open to everybody."""
REMEMBERED: Final = 1_000
Told = Callable[[City, Event], None]
_log = get_logger(__name__)


class Forms:
    """What the pages remember: forms that were sent already, and how many came in the last minute."""

    def __init__(self, gateway: Gateway, told: Told) -> None:
        self.gateway = gateway
        self.told = told
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._times: deque[float] = deque()

    def sent(self, token: str) -> str | None:
        """Where a form that came before has led: pressing the button twice is pressing it once."""
        return self._sent.get(token)

    def remember(self, token: str, where: str) -> None:
        """Keep where the form has led."""
        self._sent[token] = where
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    def take(self) -> None:
        """One form more, or the 429 that says to come again."""
        now = time.monotonic()
        while self._times and self._times[0] < now - 60:
            self._times.popleft()
        if len(self._times) >= A_MINUTE:
            detail = "Many reports come in at once. Nothing was sent. Try again in a minute."
            raise ProblemError(429, "too_many_reports", detail, headers={"retry-after": "60"})
        self._times.append(now)


def forms_router(forms: Forms) -> APIRouter:
    """The routes; they need what the gateway opens."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/cities/{city}/report")
    async def blank(city: str) -> Response:
        known = await known_city(forms.gateway.db, city)
        return _page(known, {"form": secrets.token_hex(12)}, {})

    @router.post("/cities/{city}/report")
    async def report(request: Request, city: str) -> Response:
        """Published, then shown with its tracking code."""
        known = await known_city(forms.gateway.db, city)
        given = await _fields(request)
        if (where := forms.sent(given.get("form", ""))) is not None:
            return RedirectResponse(where, 303)
        wrong = _wrong(given)
        if wrong:
            return _page(known, {**given, "form": secrets.token_hex(12)}, wrong, status=422)
        forms.take()
        id_ = f"web-{given['form']}"
        event = _event(known, id_, f"report-{given['form']}", _opened(known, given))
        await forms.gateway.publish([event])
        codes = await tracking(forms.gateway.db)
        where = codes.path(known.id, "service_request", id_)
        forms.remember(given["form"], where)
        forms.told(known, event)
        _log.info("reported", city=known.id)
        return RedirectResponse(where, 303)

    @router.post("/track/{city}/service_request/{id_}/answer")
    async def answer(request: Request, city: str, id_: str) -> Response:
        """Confirms or disputes that it is fixed; once for each time that it was closed."""
        known = await known_city(forms.gateway.db, city)
        given = await _fields(request)
        code = given.get("code", "")
        codes = await tracking(forms.gateway.db)
        if not codes.fits(code, known.id, "service_request", id_):
            raise ProblemError(403, "wrong_code", "The tracking code does not fit. Nothing was changed.")
        found = await read.document(forms.gateway.db, "service_requests", f"{known.id}/{id_}")
        if found is None or found["status"] != "closed":
            raise ProblemError(409, "not_closed", "The request is not closed. Nothing was changed.")
        survey = f"closed-{found['closed_at']:%Y%m%dT%H%M%S}"
        data = _answered(survey, fixed=given.get("fixed") == "yes")
        if (where := forms.sent(f"{id_}/{survey}")) is None:
            forms.take()
            await forms.gateway.publish([_event(known, id_, f"answer-{id_}-{survey}", data)])
            where = f"{codes.path(known.id, 'service_request', id_)}&answered=1"
            forms.remember(f"{id_}/{survey}", where)
        return RedirectResponse(where, 303)

    return router


def _answered(survey: str, *, fixed: bool) -> ResolutionConfirmed | ResolutionDisputed:
    return ResolutionConfirmed(survey_id=survey) if fixed else ResolutionDisputed(survey_id=survey)


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form, the first of each name."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            detail = f"The form holds more than {MOST_BYTES} bytes. Nothing was sent. Say it shorter."
            raise ProblemError(413, "too_large", detail)
    try:
        found = parse_qs(bytes(body).decode(), max_num_fields=20)
    except ValueError as error:
        raise ProblemError(400, "bad_form", "This is no form of ours. Nothing was sent.") from error
    return {name: values[0].strip() for name, values in found.items()}


def _wrong(given: dict[str, str]) -> dict[str, str]:
    """What to mend, by field."""
    wrong: dict[str, str] = {}
    if given.get("service") not in SERVICES:
        wrong["service"] = "Choose what it is about."
    if not given.get("description"):
        wrong["description"] = "Say in a sentence what is wrong."
    elif len(given["description"]) > MOST_WORDS:
        wrong["description"] = f"Say it in at most {MOST_WORDS} characters."
    if len(given.get("place", "")) > MOST_PLACE:
        wrong["place"] = f"Name the place in at most {MOST_PLACE} characters."
    if not _is_token(given.get("form", "")):
        wrong["form"] = "The form was not complete. Send it again."
    return wrong


def _is_token(text: str) -> bool:
    return len(text) == 24 and all(letter in "0123456789abcdef" for letter in text)


def _opened(city: City, given: dict[str, str]) -> ServiceRequestOpened:
    return ServiceRequestOpened(
        service_code=given["service"],
        service_name=SERVICES[given["service"]],
        description=given["description"],
        address=given.get("place") or None,
        channel="web",
        requested_datetime=_now(city),
        anonymous=True,
    )


def _event(city: City, subject: str, id_: str, data: Payload) -> Event:
    return Event(
        id=id_,
        source=f"urn:townhall:{city.id}:{APP}",
        type=BY_PAYLOAD[type(data)].type,
        subject=subject,
        time=_now(city),
        city=city.id,
        data=data,
    )


def _now(city: City) -> datetime:
    now = datetime.now(city.zone)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _page(city: City, given: dict[str, Any], wrong: dict[str, str], *, status: int = 200) -> Response:
    shown = {"city": city, "services": SERVICES, "given": given, "wrong": wrong, "stream": None}
    page = TEMPLATES.get_template("report.html").render(shown)
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})
