"""How participants are reached, as city apps say it: `/v1/contacts`, with keys of the scope `contacts`.

Addresses are taken and deleted here, and never given back. They stand in no event.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Request, Response
from structlog import get_logger

from events.scalars import PSEUDONYM_PATTERN
from infra.callers import caller
from infra.contacts import Contact, delete_contact, put_contact
from infra.keys import Keys
from infra.mongo import Database, PyMongoError
from infra.problems import ProblemError, documented

SECONDS = 5.0
T = TypeVar("T")
_log = get_logger(__name__)

Participant = Annotated[str, Path(pattern=PSEUDONYM_PATTERN, max_length=200, description="the pseudonym")]


def contacts_router(opened: Callable[[], tuple[Database, Keys]]) -> APIRouter:
    """The routes; `opened` gives the database and its keys while the application runs."""
    router = APIRouter(prefix="/v1/contacts", tags=["contacts"], responses=documented(401, 403, 422, 503))
    secured: dict[str, Any] = {"openapi_extra": {"security": [{"apiKey": []}]}}

    @router.put("/{participant}", status_code=204, summary="Say how somebody is reached", **secured)
    async def put(request: Request, participant: Participant, contact: Contact) -> Response:
        """From now on messages go to this address, if the participant allows them."""
        db, keys = opened()
        key = await caller(keys, request, "contacts")
        await _in_time(put_contact(db, key.city, participant, contact))
        _log.info("contact_kept", city=key.city)
        return Response(status_code=204)

    @router.delete("/{participant}", status_code=204, summary="Forget how somebody is reached", **secured)
    async def delete(request: Request, participant: Participant) -> Response:
        """The address is deleted; twice is once."""
        db, keys = opened()
        key = await caller(keys, request, "contacts")
        await _in_time(delete_contact(db, key.city, participant))
        _log.info("contact_deleted", city=key.city)
        return Response(status_code=204)

    return router


async def _in_time(work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(SECONDS):
            return await work
    except (TimeoutError, PyMongoError) as error:
        detail = "MongoDB did not answer in time. Send the same again in a moment; twice is once."
        raise ProblemError(503, "unavailable", detail, headers={"retry-after": "2"}) from error
