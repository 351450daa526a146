"""A reader that goes on: page after page, as one answer that waits or as server-sent events.

A reader that takes nothing holds one page and its place among the readers, for a bounded time.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

import orjson
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.types import Message, Receive, Scope, Send
from structlog import get_logger

from consumers.feeds.cursor import Cursor, to_text
from consumers.feeds.feeds import Feeds, as_problems
from consumers.feeds.page import Page
from consumers.feeds.readers import Reader
from infra.problems import ProblemError

TICK_SECONDS: Final = 1.0
"""So often at least the key is looked at again, and whether anybody waits."""
HEARTBEAT_SECONDS: Final = 15.0
SEND_SECONDS: Final = 30.0
"""A stream ends whose reader takes nothing for so long."""
RETRY_MS: Final = 3_000
_log = get_logger(__name__)


async def pages(feeds: Feeds, reader: Reader, cursor: Cursor, limit: int) -> AsyncIterator[Page]:
    """Pages for as long as the key is good, an empty one when nothing came; ends when the process stops."""
    while not feeds.closing:
        await reader.check()
        with as_problems():
            page = await feeds.page(cursor, reader.city, limit)
        yield page
        cursor = page.cursor
        if not page.more:
            await feeds.moved(cursor, TICK_SECONDS)


async def first(found: AsyncIterator[Page], reader: Reader, seconds: float) -> Page | None:
    """The first page with events, or the one that was read when the time was over."""
    until, page = time.monotonic() + seconds, None
    async for page in found:
        if page.items or time.monotonic() >= until or await reader.gone():
            break
    return page


async def events(head: Page, rest: AsyncIterator[Page], reader: Reader) -> AsyncIterator[bytes]:
    """The pages as server-sent events; what ends them early is told as an event `problem`."""
    yield format_sse_event(comment="reading", retry=RETRY_MS)
    beat, said = time.monotonic(), head.cursor
    try:
        async for page in _from(head, rest):
            for item in page.items:
                await reader.check()
                said = item.cursor
                yield format_sse_event(data_str=item.body.decode(), id=to_text(said))
            if time.monotonic() - beat >= HEARTBEAT_SECONDS:
                beat = time.monotonic()
                yield _heartbeat(page.cursor, moved=page.cursor != said)
                said = page.cursor
    except ProblemError as problem:
        yield format_sse_event(event="problem", data_str=orjson.dumps(problem.as_dict()).decode())


def _heartbeat(cursor: Cursor, *, moved: bool) -> bytes:
    """A comment; where only others' events went by, an event `cursor`, which keeps the place in its id."""
    if moved:
        return format_sse_event(event="cursor", data_str="{}", id=to_text(cursor))
    return format_sse_event(comment="nothing new")


async def _from(head: Page, rest: AsyncIterator[Page]) -> AsyncIterator[Page]:
    yield head
    async for page in rest:
        yield page


class EventStream(StreamingResponse):
    """Server-sent events for a reader that keeps taking them."""

    media_type = "text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, in_time)
        except TimeoutError:
            _log.info(
                "feed_reader_too_slow", seconds=SEND_SECONDS
            )  # the server cuts an answer without an end
