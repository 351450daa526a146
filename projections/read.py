"""The only place that queries MongoDB for readers.

Whatever a reader asks for is a typed value under an operator chosen here: never a filter
document, so no input can become a query.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from events.positions import Position, to_token
from infra.mongo import Database, Session
from projections.core import DocumentView, Projection
from projections.cursors import Order, Scalar, from_cursor, to_cursor
from projections.registry import VIEWS
from projections.storage import live_tag

MAX_PAGE = 100
MAX_TIME_MS = 2_000
"""A read that takes longer is stopped by the server."""
PUBLIC_DECIMALS = 3
"""Decimals of a degree that the place of an anonymous report keeps: about 100 m."""
EVER = datetime(1, 1, 2, tzinfo=UTC)
"""Before every stored time: `Between(EVER, None)` lets through what has a time at all."""


@dataclass(frozen=True)
class OneOf:
    """Equal to one of these."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Between:
    """From `low` to `high`, both included; None leaves that end open."""

    low: Scalar
    high: Scalar


@dataclass(frozen=True)
class NoneOf:
    """Different from all of these."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Box:
    """A GeoJSON point inside these bounds, in degrees, as the public sees it.

    Points of anonymous documents are compared as they are published, rounded: else whoever asks
    for ever smaller boxes finds the very house.
    """

    west: float
    south: float
    east: float
    north: float


Condition = Scalar | OneOf | NoneOf | Between | Box
Where = Mapping[str, Condition]


class NotYet(TimeoutError):
    """A projection did not pass the positions in the time given."""


class Page(NamedTuple):
    """Documents and the cursor of the next page; None on the last."""

    items: list[dict[str, Any]]
    cursor: str | None


class Cell(NamedTuple):
    """One cell of a tally, summed over partitions: dimensions and measures by name."""

    key: dict[str, str]
    n: dict[str, int]


def query(where: Where) -> dict[str, Any]:
    """The filter document for these conditions."""
    boxes = [_inside(field, value) for field, value in where.items() if isinstance(value, Box)]
    plain = {field: _condition(value) for field, value in where.items() if not isinstance(value, Box)}
    return {**plain, "$expr": {"$and": boxes}} if boxes else plain


def _condition(value: Condition) -> dict[str, Any]:
    match value:
        case OneOf():
            return {"$in": list(value.values)}
        case NoneOf():
            return {"$nin": list(value.values)}
        case Between():
            bounds = {"$gte": value.low, "$lte": value.high}
            return {operator: bound for operator, bound in bounds.items() if bound is not None}
    return {"$eq": value}


def _inside(field: str, box: Box) -> dict[str, Any]:
    steps = []
    for place, (low, high) in enumerate([(box.west, box.east), (box.south, box.north)]):
        exact = {"$arrayElemAt": [f"${field}.coordinates", place]}
        shown = {"$cond": ["$anonymous", {"$round": [exact, PUBLIC_DECIMALS]}, exact]}
        steps += [{"$gte": [shown, {"$literal": low}]}, {"$lte": [shown, {"$literal": high}]}]
    return {"$and": steps}


@asynccontextmanager
async def snapshot(db: Database) -> AsyncIterator[Session]:
    """A session whose reads all see the same moment."""
    async with await db.client.start_session(snapshot=True) as session:
        yield session


async def document(
    db: Database, view: str, key: str, *, session: Session | None = None
) -> dict[str, Any] | None:
    """The document of a view with this key."""
    return await db[view].find_one({"_id": {"$eq": key}}, session=session, max_time_ms=MAX_TIME_MS)


async def documents(
    db: Database, view: str, where: Where, order: Order, *, limit: int = MAX_PAGE, after: str | None = None
) -> Page:
    """One page of a view. `after` is the cursor of the page before; raises BadCursor.

    Each field of `order` must stand in every document that `where` lets through, with values of one type.
    """
    size = max(1, min(limit, MAX_PAGE))
    total = [*order, ("_id", 1)]
    conditions: list[dict[str, Any]] = [query(where)]
    if after is not None:
        conditions.append(_beyond(total, from_cursor(after, total)))
    found = db[view].find({"$and": conditions}, max_time_ms=MAX_TIME_MS).sort(total).limit(size + 1)
    items = await found.to_list(size + 1)
    more = len(items) > size
    return Page(items[:size], to_cursor(items[size - 1], total) if more else None)


async def listing(
    db: Database, view: str, where: Where, order: Order, *, limit: int, fields: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """The first `limit` documents, where a bound beyond a page is meant (a map, an overview)."""
    chosen = dict.fromkeys(fields, 1) or None
    found = db[view].find(query(where), chosen, max_time_ms=MAX_TIME_MS)
    return await found.sort([*order, ("_id", 1)]).limit(limit).to_list(limit)


async def count(db: Database, view: str, where: Where, *, by: str) -> dict[str, int]:
    """How many documents of a view fit, per value of the field `by`."""
    pipeline = [{"$match": query(where)}, {"$group": {"_id": f"${by}", "count": {"$sum": 1}}}]
    rows = await db[view].aggregate(pipeline, maxTimeMS=MAX_TIME_MS).to_list(None)
    return {row["_id"]: row["count"] for row in rows}


async def tally(
    db: Database,
    name: str,
    where: Where,
    *,
    by: Sequence[str] | None = None,
    session: Session | None = None,
) -> list[Cell]:
    """The cells of a tally that fit, summed over partitions and over dimensions not in `by`.

    `by` is every dimension unless given. Cells that are zero in every measure are left out: they
    mean the same as no cell.
    """
    declared = VIEWS[name]
    if isinstance(declared, DocumentView):
        raise TypeError(f"{name} holds documents, not cells")
    dimensions = declared.dimensions if by is None else by
    pipeline = [
        {"$match": query({f"key.{dimension}": value for dimension, value in where.items()})},
        {
            "$group": {
                "_id": {dimension: f"$key.{dimension}" for dimension in dimensions},
                **{measure: {"$sum": f"$n.{measure}"} for measure in declared.measures},
            }
        },
    ]
    found = db[f"{name}_cells"].aggregate(pipeline, session=session, maxTimeMS=MAX_TIME_MS)
    cells = [Cell(row.pop("_id"), row) for row in await found.to_list(None)]
    return [cell for cell in cells if any(cell.n.values())]


async def positions(
    db: Database, projection: Projection, *, session: Session | None = None
) -> dict[tuple[str, int], int]:
    """The next offset each partition will apply, of the version that readers see."""
    prefix = f"{await _live_group(db, projection)}/"
    found = db["checkpoints"].find(
        {"_id": {"$gte": prefix, "$lt": prefix + "\uffff"}}, session=session, max_time_ms=MAX_TIME_MS
    )
    nexts = {}
    for row in await found.to_list(None):
        _, topic, partition = row["_id"].rsplit("/", 2)
        nexts[topic, int(partition)] = int(row["next"])
    return nexts


async def revision(db: Database) -> str:
    """A short text that differs whenever a checkpoint moved."""
    found = db["checkpoints"].find({}, {"next": 1}, max_time_ms=MAX_TIME_MS).sort("_id", 1)
    rows = [(str(row["_id"]), row["next"]) for row in await found.to_list(None)]
    return blake2b(orjson.dumps(rows), digest_size=8).hexdigest()


async def slowest(
    db: Database, projections: Iterable[Projection], *, session: Session | None = None
) -> dict[tuple[str, int], int]:
    """The next offset of each partition that one of these projections at least has yet to apply."""
    nexts: dict[tuple[str, int], int] = {}
    for projection in projections:
        for place, following in (await positions(db, projection, session=session)).items():
            nexts[place] = min(following, nexts.get(place, following))
    return nexts


async def as_of(db: Database, projections: Iterable[Projection]) -> str | None:
    """The position token of what these projections show at least; None before the first event.

    Read it before the documents: they are then as new as the token, or newer.
    """
    return up_to(await slowest(db, projections))


def up_to(nexts: Mapping[tuple[str, int], int]) -> str | None:
    """The position token of all before these offsets; None where nothing is."""
    return (
        to_token(Position(*place, following - 1) for place, following in nexts.items() if following) or None
    )


async def wait_for(db: Database, projection: Projection, wanted: Iterable[Position], timeout: float) -> None:  # noqa: ASYNC109 - callers word the error by it
    """Return once the projection has applied all of `wanted` that lie on its topics; else raise NotYet.

    `timeout` is in seconds.
    """
    topics = {topic.name for topic in projection.topics}
    own = [position for position in wanted if position.topic in topics]
    pause = 0.02
    try:
        async with asyncio.timeout(timeout):
            while own:
                nexts = await positions(db, projection)
                own = [one for one in own if nexts.get((one.topic, one.partition), 0) <= one.offset]
                if own:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, 0.25)
    except TimeoutError:
        raise NotYet(f"{projection.name} has not passed {to_token(own)} within {timeout:g} s") from None


async def _live_group(db: Database, projection: Projection) -> str:
    """The group whose collections the public names show: during a rebuild not the code's version."""
    tag = await live_tag(db, projection)
    return projection.group if tag is None else f"townhall.{projection.name}.{tag}"


def _beyond(order: Order, values: Sequence[Scalar]) -> dict[str, Any]:
    """Strictly after `values` in `order`: (a > x) or (a = x and b > y) or ..."""
    steps = []
    for place, (field, direction) in enumerate(order):
        equal = {name: {"$eq": value} for (name, _), value in zip(order[:place], values, strict=False)}
        steps.append({**equal, field: {"$gt" if direction > 0 else "$lt": values[place]}})
    return {"$or": steps}
