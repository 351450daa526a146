"""Counts of a view's documents for readers: grouped, of distinct values, by the time between two moments."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from infra.mongo import Database, Session
from projections.cursors import Scalar
from projections.read import Where, query

MAX_TIME_MS = 10_000
"""Counting a year of a large city takes longer than reading a page."""
COUNT: Final = "count"
MINUTES: Final = "minutes"
MINUTE_MS: Final = 60_000


class Row(NamedTuple):
    """Whole numbers by the values that they are counted for, as in a tally's cell."""

    key: dict[str, Scalar]
    n: dict[str, int]


async def counts(
    db: Database, view: str, where: Where, *, by: Sequence[str], session: Session | None = None
) -> list[Row]:
    """How many documents fit, for each combination of the fields `by`."""
    return await _grouped(db, view, where, {name: f"${name}" for name in by}, session)


async def spans(
    db: Database,
    view: str,
    where: Where,
    *,
    since: str,
    until: str,
    less: str | None,
    by: Sequence[str],
    session: Session | None = None,
) -> list[Row]:
    """The documents by the whole minutes from one time of theirs to another; None where one is not known.

    The seconds in the field `less` are taken off. Begun minutes are not counted, so that a time before
    `since` is always negative.
    """
    span: dict[str, Any] = {"$subtract": [f"${until}", f"${since}"]}
    if less is not None:
        span = {"$subtract": [span, {"$multiply": [f"${less}", 1000]}]}
    minutes = {"$toLong": {"$floor": {"$divide": [span, MINUTE_MS]}}}
    group = {**{name: f"${name}" for name in by}, MINUTES: minutes}
    return await _grouped(db, view, where, group, session)


async def distinct(
    db: Database, view: str, where: Where, *, of: str, by: Sequence[str], session: Session | None = None
) -> list[Row]:
    """How many different values the field `of` has, for each combination of the fields `by`."""
    each = {"$group": {"_id": {**{name: f"${name}" for name in by}, "of": f"${of}"}}}
    group = {name: f"$_id.{name}" for name in by}
    return await _cells(
        db, view, [{"$match": query(where)}, each, {"$group": {"_id": group, COUNT: {"$sum": 1}}}], session
    )


async def _grouped(
    db: Database, view: str, where: Where, group: dict[str, Any], session: Session | None
) -> list[Row]:
    counted = {"$group": {"_id": group, COUNT: {"$sum": 1}}}
    return await _cells(db, view, [{"$match": query(where)}, counted], session)


async def _cells(
    db: Database, view: str, pipeline: list[dict[str, Any]], session: Session | None
) -> list[Row]:
    found = db[view].aggregate(pipeline, session=session, maxTimeMS=MAX_TIME_MS)
    return [Row(row["_id"], {COUNT: row[COUNT]}) for row in await found.to_list(None)]
