"""The quarantine over HTTP, for the operators of a city: `/v1/quarantine`, with keys of the scope `operate`.

A key sees the records of its own city only: those whose Kafka key begins with the city's id. What has
no such key belongs to nobody's city; `townhall quarantine` shows it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from structlog import get_logger

from consumers import quarantine
from consumers.engine.model import Unavailable
from consumers.quarantine import MAX_PAGE, NotDropped, NotFound, Row, UnknownBuild
from infra.callers import caller
from infra.keys import Keys
from infra.mongo import Database, PyMongoError
from infra.problems import ProblemError, documented
from projections.core import Projection

SECONDS: Final = 20.0
"""Trying a long queue again takes several transactions; each stays done."""
MAX_ID: Final = 300
_SHOWN: Final = ("group", "topic", "partition", "reason", "detail", "status", "count", "bytes")
_log = get_logger(__name__)
T = TypeVar("T")

Entry = Annotated[str, Path(max_length=MAX_ID, description="as the list shows it")]


class Listed(BaseModel):
    """A record that could not be counted, without its bytes: they may be personal."""

    id: str
    group: str = Field(description="the projection that could not count it")
    topic: str
    partition: int
    offset: int = Field(description="where it stood first")
    at: datetime = Field(description="when it was set aside first")
    reason: str
    detail: str
    status: str = Field(description="open, replayed or dropped")
    count: int = Field(description="how often the same bytes came")
    bytes: int


class Page(BaseModel):
    """Records in the order of their ids."""

    items: list[Listed]
    next: str | None = Field(description="`after` of the next page; null at the end")


class Settled(BaseModel):
    """What came of it."""

    records: int = Field(description="records that are settled: counted now, or given up")
    still: str | None = Field(description="why what waits behind it cannot be counted yet, where it cannot")


def quarantine_router(opened: Callable[[], tuple[Database, Keys]]) -> APIRouter:
    """The routes; `opened` gives the database and its keys while the application runs."""
    router = APIRouter(prefix="/v1/quarantine", tags=["quarantine"], responses=documented(401, 403, 503))
    secured: dict[str, Any] = {"openapi_extra": {"security": [{"apiKey": []}]}}

    async def own(request: Request, entry: str) -> tuple[Database, Row]:
        db, keys = opened()
        key = await caller(keys, request, "operate")
        row = await _in_time(_found(db, entry))
        if row["city"] != key.city:
            raise _unknown()  # as if it were not there: another city's ids tell nothing
        return db, row

    @router.get("", summary="List what could not be counted", **secured)
    async def page(
        request: Request,
        after: Annotated[
            str | None, Query(max_length=MAX_ID, description="`next` of the page before")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
        *,
        settled: Annotated[bool, Query(description="settled ones too")] = False,
    ) -> Page:
        """A page of the records of the key's city."""
        db, keys = opened()
        key = await caller(keys, request, "operate")
        rows = await _in_time(quarantine.page(db, after=after, limit=limit, city=key.city, every=settled))
        return Page(
            items=[_listed(row) for row in rows], next=rows[-1]["_id"] if len(rows) == limit else None
        )

    @router.post(
        "/{entry:path}/retry", summary="Count what waits, in order", responses=documented(404, 409), **secured
    )
    async def retry(request: Request, entry: Entry) -> Settled:
        """Try again everything that waits for the key of this record, after the code was mended."""
        db, row = await own(request, entry)
        tried = await _in_time(quarantine.retry(db, await _projection(db, row), row))
        _log.info("quarantine_retried", entry=row["_id"], records=tried.records, still=len(tried.still))
        if tried.still:
            detail = "It still cannot be counted. Mend the code and try again, or give the record up."
            raise ProblemError(409, "still_poison", detail, records=tried.records, still=tried.still[0])
        return Settled(records=tried.records, still=None)

    @router.post("/{entry:path}/drop", summary="Give one up", responses=documented(404, 409), **secured)
    async def drop(request: Request, entry: Entry) -> Settled:
        """It never counts, also when it is sent again; what waits behind it goes on."""
        db, row = await own(request, entry)
        try:
            tried = await _in_time(quarantine.drop(db, await _projection(db, row), row))
        except NotDropped as error:
            raise ProblemError(409, "not_open", str(error)) from None
        _log.info("quarantine_dropped", entry=row["_id"], records=tried.records, still=len(tried.still))
        return Settled(records=1 + tried.records, still=tried.still[0] if tried.still else None)

    # Last: its path takes everything.
    @router.get("/{entry:path}", summary="Look at one record", responses=documented(404), **secured)
    async def show(request: Request, entry: Entry) -> Response:
        """One record with its bytes; those that are no text stand as base64."""
        _, row = await own(request, entry)
        shown = {**_listed(row).model_dump(), **{name: row[name] for name in ("key", "value", "headers")}}
        content = orjson.dumps(shown, default=quarantine.readable)
        return Response(content, media_type="application/json", headers={"cache-control": "no-store"})

    return router


def _listed(row: Mapping[str, Any]) -> Listed:
    told = {name: row[name] for name in _SHOWN}
    return Listed(id=row["_id"], offset=row["first_offset"], at=row["first_at"], **told)


async def _found(db: Database, entry: str) -> Row:
    try:
        return await quarantine.find(db, entry)
    except NotFound:
        raise _unknown() from None


def _unknown() -> ProblemError:
    detail = "No such record of this key's city is in quarantine. Nothing was changed."
    return ProblemError(404, "not_in_quarantine", detail)


async def _projection(db: Database, row: Row) -> Projection:
    try:
        return await _in_time(quarantine.projection_of(db, row))
    except UnknownBuild as error:
        raise ProblemError(409, "unknown_projection", str(error)) from None


async def _in_time(work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(SECONDS):
            return await work
    except (TimeoutError, Unavailable, PyMongoError) as error:
        detail = "MongoDB did not answer in time. What was settled stays settled; try the same again."
        raise ProblemError(503, "unavailable", detail, headers={"retry-after": "2"}) from error
