"""`/v1/webhooks`: the endpoints of a city and their deliveries, with keys of the scope `webhooks`.

A key sees the endpoints of its own city; all others are as if they were not there. A secret is in the
answer that makes it, and in no other. It sends nothing itself: the process `townhall webhooks` does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response
from structlog import get_logger

from consumers.webhooks.addresses import networks
from consumers.webhooks.deliveries import MAX_PAGE, Deliveries, NoDelivery, Status
from consumers.webhooks.endpoints import Endpoint, Endpoints, NoEndpoint, Refused
from consumers.webhooks.models import (
    Asked,
    Change,
    DeliveryShown,
    EndpointShown,
    Listed,
    Log,
    Made,
    Period,
    Replayed,
    Secret,
    Sent,
)
from infra.bounded import BoundedRoute
from infra.callers import caller
from infra.keys import Keys
from infra.mongo import Database, PyMongoError
from infra.problems import ProblemError, documented
from infra.settings import Settings

SECONDS: Final = 20.0
MAX_ID: Final = 100
_SECURED: Final[dict[str, Any]] = {"openapi_extra": {"security": [{"apiKey": []}]}}
_log = get_logger(__name__)
T = TypeVar("T")

Id = Annotated[str, Path(max_length=MAX_ID, description="`wh_...`, as the list shows it")]
MessageId = Annotated[str, Path(max_length=MAX_ID, description="the `webhook-id` of the message")]


class _Desk:
    """What a route works with: the caller's city, and what is there of it."""

    def __init__(self, db: Database, settings: Settings, city: str) -> None:
        self.city = city
        self.endpoints = Endpoints(db, networks(settings.webhook_networks))
        self.deliveries = Deliveries(db)

    async def find(self, endpoint: str) -> Endpoint:
        return await _in_time(self.endpoints.find(endpoint, self.city))


_Opened = Callable[[Request], Awaitable[_Desk]]


def webhooks_router(opened: Callable[[], tuple[Database, Keys]], settings: Settings) -> APIRouter:
    """The routes; `opened` gives the database and its keys while the application runs."""
    router = APIRouter(
        prefix="/v1/webhooks",
        tags=["webhooks"],
        route_class=BoundedRoute,
        responses=documented(401, 403, 404, 408, 409, 413, 422, 503),
    )

    async def desk(request: Request) -> _Desk:
        db, keys = opened()
        key = await caller(keys, request, "webhooks")
        return _Desk(db, settings, key.city)

    _add_endpoints(router, desk)
    _add_changes(router, desk)
    _add_deliveries(router, desk)
    return router


def _add_endpoints(router: APIRouter, desk: _Opened) -> None:
    @router.post("", status_code=201, summary="Have events sent to an endpoint", **_SECURED)
    async def create(request: Request, response: Response, asked: Asked) -> Made:
        """Make an endpoint. Its secret is in this answer and in no other."""
        at = await desk(request)
        made, secret = await _in_time(at.endpoints.create(at.city, asked.url, asked.types, _now()))
        _log.info("webhook_created", webhook=made.id, city=at.city)
        response.headers["cache-control"] = "no-store"
        return Made(**made.told, secret=secret)

    @router.get("", summary="List the endpoints", **_SECURED)
    async def listing(request: Request) -> Listed:
        """The endpoints of the key's city, with what waits for them and what ran out."""
        at = await desk(request)
        found = await _in_time(at.endpoints.of_city(at.city))
        counts = await _in_time(at.deliveries.counts(found))
        return Listed(items=[EndpointShown(**one.told, **counts[one.id]) for one in found])

    @router.get("/{endpoint}", summary="Look at one endpoint", **_SECURED)
    async def show(request: Request, endpoint: Id) -> EndpointShown:
        """One endpoint, whether it fails, and why it is disabled where it is."""
        at = await desk(request)
        one = await at.find(endpoint)
        counts = await _in_time(at.deliveries.counts([one]))
        return EndpointShown(**one.told, **counts[one.id])


def _add_changes(router: APIRouter, desk: _Opened) -> None:
    @router.patch("/{endpoint}", summary="Change URL or types; enable, disable", **_SECURED)
    async def change(request: Request, endpoint: Id, asked: Change) -> EndpointShown:
        """What is not named stays. Enabled again, it gets at once what still waits for it."""
        at = await desk(request)
        one = await at.find(endpoint)
        one = await _in_time(at.endpoints.change(one, url=asked.url, types=asked.types))
        if asked.enabled is not None:
            one = await _in_time(_switch(at, one, on=asked.enabled))
        return EndpointShown(**one.told)

    @router.delete("/{endpoint}", status_code=204, summary="Delete an endpoint", **_SECURED)
    async def delete(request: Request, endpoint: Id) -> None:
        """It is gone, with all that waits for it."""
        at = await desk(request)
        one = await at.find(endpoint)
        await _in_time(at.endpoints.delete(one))
        await _in_time(at.deliveries.forget(one.id))
        _log.info("webhook_deleted", webhook=one.id, city=at.city)

    @router.post("/{endpoint}/rotate", summary="Make a new secret", **_SECURED)
    async def rotate(request: Request, response: Response, endpoint: Id) -> Secret:
        """The secret before signs beside the new one for 24 hours."""
        at = await desk(request)
        secret = await _in_time(at.endpoints.rotate(await at.find(endpoint), _now()))
        response.headers["cache-control"] = "no-store"
        return Secret(secret=secret)


def _add_deliveries(router: APIRouter, desk: _Opened) -> None:
    @router.post("/{endpoint}/test", status_code=202, summary="Send a test", **_SECURED)
    async def test(request: Request, endpoint: Id) -> Sent:
        """An event `webhook.test` is sent now; the log tells what came of it."""
        at = await desk(request)
        one = await at.find(endpoint)
        if not one.enabled:
            raise ProblemError(409, "disabled", "The endpoint is disabled: nothing is sent. Enable it first.")
        return Sent(id=await _in_time(at.deliveries.test(one, _now())))

    @router.get("/{endpoint}/deliveries", summary="What was sent, and what came of it", **_SECURED)
    async def log(
        request: Request,
        endpoint: Id,
        after: Annotated[
            str | None, Query(max_length=MAX_ID, description="`next` of the page before")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
        status: Annotated[Status | None, Query(description="only these")] = None,
    ) -> Log:
        """The log of 30 days, the latest first."""
        at = await desk(request)
        one = await at.find(endpoint)
        rows = await _in_time(at.deliveries.page(one, after=after, limit=limit, status=status))
        items = [DeliveryShown.of(row) for row in rows]
        return Log(items=items, next=items[-1].id if len(items) == limit else None)

    @router.post(
        "/{endpoint}/deliveries/{message}/replay", status_code=202, summary="Send one again", **_SECURED
    )
    async def replay(request: Request, endpoint: Id, message: MessageId) -> Sent:
        """Send it again, with the same id and all attempts anew."""
        at = await desk(request)
        await _in_time(at.deliveries.replay(await at.find(endpoint), message, _now()))
        return Sent(id=message)

    @router.post("/{endpoint}/replay", status_code=202, summary="Send a time again", **_SECURED)
    async def replay_between(request: Request, endpoint: Id, asked: Period) -> Replayed:
        """Send everything again that was written in this time, with the same ids."""
        at = await desk(request)
        one = await at.find(endpoint)
        sent = await _in_time(at.deliveries.replay_between(one, asked.since, asked.until, _now()))
        return Replayed(deliveries=sent)


async def _switch(at: _Desk, endpoint: Endpoint, *, on: bool) -> Endpoint:
    if not on:
        return await at.endpoints.disable(endpoint, "by_hand")
    enabled = await at.endpoints.enable(endpoint)
    await at.deliveries.now(enabled, _now())
    return enabled


def _now() -> datetime:
    return datetime.now(UTC)


async def _in_time(work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(SECONDS):
            return await work
    except NoEndpoint as error:
        raise ProblemError(404, "no_webhook", str(error)) from None
    except NoDelivery as error:
        raise ProblemError(404, "no_delivery", str(error)) from None
    except Refused as error:
        raise ProblemError(422, "bad_webhook", str(error)) from None
    except (TimeoutError, PyMongoError) as error:
        detail = "MongoDB did not answer in time. What was done stays done; try the same again."
        raise ProblemError(503, "unavailable", detail, headers={"retry-after": "2"}) from error
