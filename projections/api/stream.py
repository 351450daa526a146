"""Live updates by server-sent events: they tell that something moved, a read tells what."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from infra.directory import City
from infra.problems import ProblemError, documented
from projections.api import queries
from projections.api.changes import TooManyListeners
from projections.api.state import State

RETRY_MS = 3_000
router = APIRouter(prefix="/v1/stream", tags=["live"])


async def _revisions(reads: State) -> AsyncIterator[AsyncIterator[str]]:
    try:
        async with reads.changes.listen() as revisions:
            yield revisions
    except TooManyListeners:
        detail = "This server has as many live streams as it may. Nothing is lost: reload for new numbers."
        raise ProblemError(503, "too_many_streams", detail, headers={"Retry-After": "30"}) from None


async def _known(city: str, reads: State) -> City:
    return await queries.known_city(reads.db, city)


Revisions = Annotated[AsyncIterator[str], Depends(_revisions)]
Known = Annotated[City, Depends(_known)]


@router.get("", response_class=EventSourceResponse, responses=documented(503))
async def coalition(revisions: Revisions) -> AsyncIterator[ServerSentEvent]:
    """An event `changed` whenever the read models moved; its data is a revision, no number."""
    async for event in _events(revisions):
        yield event


@router.get("/{city}", response_class=EventSourceResponse, responses=documented(404, 503))
async def one_city(city: Known, revisions: Revisions) -> AsyncIterator[ServerSentEvent]:  # noqa: ARG001 - asked for its 404
    """As for the coalition. It may tell of another city's change: read again with the ETag you have."""
    async for event in _events(revisions):
        yield event


async def _events(revisions: AsyncIterator[str]) -> AsyncIterator[ServerSentEvent]:
    # A comment comes every 15 s by itself, so that proxies keep the stream.
    yield ServerSentEvent(comment="listening", retry=RETRY_MS)
    async for revision in revisions:
        yield ServerSentEvent(event="changed", data={"revision": revision})
