"""Who calls: the API key of a request, by its `Authorization` header alone."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from starlette.requests import Request

from infra.keys import ApiKey, KeyRefused, Keys, Scope
from infra.mongo import PyMongoError
from infra.problems import ProblemError

T = TypeVar("T")
_LOOKUP_SECONDS: Final = 2.0
_MAY: Final[dict[Scope, str]] = {
    "events:write": "publish events",
    "read": "read what is not public",
    "operate": "operate the quarantine",
    "contacts": "say how participants are reached",
    "webhooks": "set up webhooks",
}


async def caller(keys: Keys, request: Request, scope: Scope) -> ApiKey:
    """The key, which has this scope. Raises the problems 401, 403 and 503."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise _unauthorised("There is no `Authorization: Bearer th_...` header.")
    try:
        key = await in_time(keys.authenticate(text.strip()))
    except KeyRefused as error:
        raise _unauthorised(str(error)) from None
    if scope not in key.scopes:
        detail = f"This key may not {_MAY[scope]}. Nothing was stored. Use one with the scope {scope}."
        raise ProblemError(403, "wrong_scope", detail)
    return key


async def in_time(work: Awaitable[T]) -> T:
    """The result, or the problem 503 when MongoDB does not say soon who calls."""
    try:
        async with asyncio.timeout(_LOOKUP_SECONDS):
            return await work
    except (TimeoutError, PyMongoError) as error:
        detail = "The keys cannot be read now. Nothing was stored. Send the same again in a moment."
        raise ProblemError(503, "unavailable", detail, headers={"retry-after": "1"}) from error


def _unauthorised(detail: str) -> ProblemError:
    detail = f"{detail} Nothing was stored. Ask the city's operator for a key."
    return ProblemError(401, "unauthorised", detail, headers={"www-authenticate": "Bearer"})
