"""`GET /v1/feeds/{topic}`: the events of a key's city on one topic, page by page, waiting or as a stream.

A reader that follows cursors sees every event of its city once for each time that it stands on the log,
in the order of the log for each key, whoever crashes. It stores the cursor together with what it made of
the events; what it had not stored comes again.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from consumers.feeds.cursor import MAX_TEXT, BadCursor, Cursor, feed_of, from_text, to_text
from consumers.feeds.feeds import Feeds, as_problems
from consumers.feeds.following import EventStream, events, first, pages
from consumers.feeds.page import Page
from consumers.feeds.readers import Reader, Readers
from events.topics import TOPICS, Topic
from infra.callers import caller
from infra.kafka import browser
from infra.keys import Keys
from infra.mongo import Database
from infra.problems import ProblemError, documented
from infra.settings import Settings
from projections.api.state import on_stop

MAX_WAIT: Final = 30
MAX_LIMIT: Final = 500
STREAM: Final = "text/event-stream"
_FEEDS: Final = {feed_of(topic): topic for topic in TOPICS}
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_STREAMED: Final = {**_HEADERS, "X-Accel-Buffering": "no"}

LastId = Annotated[
    str | None,
    Header(alias="last-event-id", max_length=MAX_TEXT, description="a cursor, and it comes before the other"),
]
Name = Annotated[str, Path(max_length=64, description=f"one of {', '.join(_FEEDS)}")]


class Asked(BaseModel):
    """Where to go on or begin, and how much to answer."""

    cursor: str | None = Field(
        default=None, max_length=MAX_TEXT, description="`next` of the answer before: go on behind it"
    )
    since: Literal["beginning", "now"] | AwareDatetime = Field(
        default="beginning",
        description="where to begin without a cursor: with the oldest event, with what comes from now on, or "
        "with what was written at this time or later (RFC 3339, best with `Z`)",
    )
    limit: int = Field(default=100, ge=1, le=MAX_LIMIT, description="events of a page at most")
    wait: int = Field(
        default=0, ge=0, le=MAX_WAIT, description="seconds to wait for an event when there is none"
    )


class FeedPage(BaseModel):
    """Events in the order of the log, for each `partitionkey`."""

    items: list[dict[str, Any]] = Field(description="CloudEvents as they stand on the log")
    next: str = Field(description="`cursor` of the next page; there always is one")
    more: bool = Field(
        description="whether there is more to look at now: ask again at once, also without items"
    )


def feeds_router(settings: Settings, database: Callable[[], Database]) -> APIRouter:
    """The route, which opens and closes what it needs with the application that mounts it.

    `database` gives the database while that runs. Without Kafka the route answers 503.
    """
    feeds, readers = Feeds(lambda: browser(settings)), Readers()
    keys: list[Keys] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keys[:] = [Keys(database())]
        on_stop(app, feeds.close)
        try:
            yield
        finally:
            feeds.close()
            await feeds.disconnect()

    router = APIRouter(prefix="/v1/feeds", tags=["feeds"], lifespan=lifespan)

    async def admitted(request: Request) -> AsyncIterator[Reader]:
        key = await caller(keys[0], request, "read")
        with readers.admit(key):
            yield Reader(keys[0], request, key)

    @router.get(
        "/{topic}",
        summary="Read the events of a city",
        response_model=FeedPage,
        responses={200: {"content": {STREAM: {}}}, **documented(400, 401, 403, 404, 410, 429, 503)},
        openapi_extra={"security": [{"apiKey": []}]},
    )
    async def read(
        request: Request,
        reader: Annotated[Reader, Depends(admitted)],
        topic: Name,
        asked: Annotated[Asked, Query()],
        last_id: LastId = None,
    ) -> Response:
        """The events of the key's city, in the order of the log for each `partitionkey`.

        Store `next` together with what you make of the items, and ask with it: no event is missed
        then, whoever crashes. An event that was published twice comes twice: it is known by `city`,
        `source` and `id`. `410` tells that the log no longer holds what follows the cursor.

        With `Accept: text/event-stream` the events come as server-sent events, whose `id` is the cursor;
        `event: cursor` carries one alone, and `event: problem` says why the stream ends.
        """
        feed = _topic(topic)
        if not settings.kafka:
            raise _no_log()
        cursor = _cursor(feed, last_id or asked.cursor)
        if cursor is None:
            with as_problems():
                cursor = await feeds.begin(feed, asked.since)
        found = pages(feeds, reader, cursor, asked.limit)
        nothing = Page([], cursor, more=False)
        if STREAM in request.headers.get("accept", ""):
            head = await anext(found, nothing)
            return EventStream(events(head, found, reader), headers=_STREAMED)
        return _answer(await first(found, reader, asked.wait) or nothing, asked)

    return router


def _topic(name: str) -> Topic:
    if name not in _FEEDS:
        detail = f"There is no such feed. There are {', '.join(_FEEDS)}."
        raise ProblemError(404, "unknown_feed", detail)
    return _FEEDS[name]


def _no_log() -> ProblemError:
    detail = (
        "This server was started without Kafka, so it has no feeds; all else works. Its operator must set "
        "TOWNHALL_KAFKA."
    )
    return ProblemError(503, "no_log", detail)


def _cursor(topic: Topic, text: str | None) -> Cursor | None:
    try:
        return from_text(text, topic) if text else None
    except BadCursor as error:
        detail = f"`cursor`: {error}. Without one, `since` says where to begin."
        raise ProblemError(400, "bad_cursor", detail) from None


def _answer(page: Page, asked: Asked) -> Response:
    following = to_text(page.cursor)
    told = {
        "items": [orjson.Fragment(item.body) for item in page.items],
        "next": following,
        "more": page.more,
    }
    query = urlencode({"cursor": following, "limit": asked.limit, "wait": asked.wait})
    path = f"/v1/feeds/{feed_of(page.cursor.topic)}?{query}"
    headers = {**_HEADERS, "Link": f'<{path}>; rel="next"'}
    return Response(orjson.dumps(told), headers=headers, media_type="application/json")
