"""The ingestion API: `POST /v1/events`, alone or as a part of the all-in-one application."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from structlog import get_logger

from infra import problems
from infra.problems import ProblemError
from producers.http.answers import Receipt
from producers.http.gateway import Gateway
from producers.http.health import health_router
from producers.http.openapi import OPERATION, RESPONSES, SECURITY_SCHEMES

_log = get_logger(__name__)


def create_app(gateway: Gateway) -> FastAPI:
    """The gateway as an application of its own, which opens and closes it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with gateway:
            yield

    app = FastAPI(
        title="townhall ingestion API", version="1", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.include_router(gateway_router(gateway))
    app.include_router(health_router(gateway))
    problems.install(app)
    describe(app)
    return app


def gateway_router(gateway: Gateway) -> APIRouter:
    """The route of the gateway; whoever mounts it enters `gateway` in its lifespan."""
    router = APIRouter(tags=["events"])

    @router.post(
        "/v1/events",
        status_code=202,
        response_model=Receipt,
        responses=RESPONSES,
        openapi_extra=OPERATION,
        summary="Publish events",
    )
    async def publish_events(request: Request) -> Response:
        """Publish 1 to 1,000 CloudEvents; 202 means that Kafka has acknowledged what was accepted.

        Sending the same event again, with the same id, counts once: after a 503 or a lost answer, do.
        """
        started = time.perf_counter()
        said: dict[str, object] = {"city": None}
        try:
            sender = await gateway.sender(request)
            said["city"] = sender.key.city
            done = await gateway.accept(request, sender)
        except ProblemError as problem:
            said |= {"status": problem.status, "outcome": problem.name, "accepted": 0}
            said["rejected"] = problem.members.get("rejected", 0)
            return problem.response()
        else:
            said |= {"status": 202, "outcome": "accepted", "mode": done.mode}
            said |= {"accepted": done.accepted, "rejected": done.rejected}
            return done.response
        finally:
            _log.info("events_received", **said, ms=round(1000 * (time.perf_counter() - started), 1))

    return router


def describe(app: FastAPI) -> None:
    """Add how to authenticate to the OpenAPI document; the route reads the header itself, being hot."""
    previous = app.openapi

    def openapi() -> dict[str, object]:
        document = previous()
        document.setdefault("components", {}).setdefault("securitySchemes", {}).update(SECURITY_SCHEMES)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it
