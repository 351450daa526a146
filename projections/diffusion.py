"""How far practices went: days until others took them up, and how much of the change came with them; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from events.scalars import thousandths
from projections.core import Document
from projections.metrics.numbers import nearest_rank

DAY = timedelta(days=1)


class Replication(NamedTuple):
    """One metric at its origin and where the practice was taken up; `ratio` is None where the origin is 0."""

    metric_code: str
    unit: str
    origin: str
    adopter: str
    ratio: Fraction | None


def days(published: datetime | None, adopted: datetime | None) -> int | None:
    """Whole days from publishing to taking up; below zero where it was taken up before."""
    return None if published is None or adopted is None else (adopted - published) // DAY


def median_days(found: Iterable[int | None]) -> int | None:
    """The median of the days that are known; those below zero are defects of the data and left out."""
    return nearest_rank(Counter(one for one in found if one is not None and one >= 0), 50)


def replications(origin: Document, adopter: Document) -> list[Replication]:
    """What the adopter reported against the origin's result, metric by metric of the same unit."""
    there = {_metric(one): one["result"] for one in measures(origin)}
    reported = adopter["outcome"]["measures"] if adopter["outcome"] else ()
    return [
        Replication(*_metric(one), there[_metric(one)], one["result"], _ratio(one, there[_metric(one)]))
        for one in reported
        if _metric(one) in there
    ]


def measures(practice: Document) -> Sequence[Mapping[str, Any]]:
    """What the practice changed, by the last report or else as it was published."""
    outcome = practice["outcome"]
    found: Sequence[Mapping[str, Any]] = outcome["measures"] if outcome else practice["measures"]
    return found


def _metric(measured: Mapping[str, Any]) -> tuple[str, str]:
    return measured["metric_code"], measured["unit"]


def _ratio(reported: Mapping[str, Any], origin: str) -> Fraction | None:
    whole = thousandths(origin)
    return Fraction(thousandths(reported["result"]), whole) if whole else None
