"""What the routes of one process share."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from infra.mongo import Database
from projections.api.changes import Changes
from projections.api.memo import Memo


@dataclass(frozen=True)
class Reads:
    """The database, its changes, and the pages rendered last."""

    db: Database
    changes: Changes
    memo: Memo


@asynccontextmanager
async def open_reads(app: FastAPI, db: Database) -> AsyncIterator[Reads]:
    """Give the routes their database; its streams end with the context."""
    reads = Reads(db, Changes(db), Memo(db))
    app.state.reads = reads
    on_stop(app, reads.changes.close)
    try:
        yield reads
    finally:
        reads.changes.close()


def on_stop(app: FastAPI, end: Callable[[], None]) -> None:
    """Have `end` called before a server waits for its connections: no stream ends by itself."""
    app.state.endings = [*getattr(app.state, "endings", ()), end]


def close_streams(app: FastAPI) -> None:
    """End the event streams, so that a server need not wait for them; safe before any is open."""
    for end in getattr(app.state, "endings", ()):
        end()


def _of(request: Request) -> Reads:
    reads: Reads = request.app.state.reads
    return reads


State = Annotated[Reads, Depends(_of)]
