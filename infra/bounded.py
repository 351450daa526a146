"""Routes whose bodies are bounded: FastAPI reads whatever comes, before it asks who sends it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import Message

from infra.problems import ProblemError

MAX_BYTES: Final = 32_768
SECONDS: Final = 10.0


class BoundedRoute(APIRoute):
    """A route that reads a small body in little time, or refuses it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            body = await _read(request)

            async def whole() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            return await handler(Request(request.scope, whole))

        return bounded


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BYTES:
                    detail = f"The body is larger than {MAX_BYTES} bytes. Nothing was changed."
                    raise ProblemError(413, "too_large", detail, headers={"connection": "close"})
    except TimeoutError:
        detail = f"The body did not arrive within {SECONDS:g} s. Nothing was changed. Send it again."
        raise ProblemError(408, "body_too_slow", detail, headers={"connection": "close"}) from None
    except ClientDisconnect:
        raise ProblemError(400, "bad_request", "The client left before the body had arrived.") from None
    return bytes(body)
