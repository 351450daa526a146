"""Published numbers without a database: the same definitions over a log folded in memory.

`number("sla.on_time", *events)` is what a history makes of a metric.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from consumers.engine.memory import MemoryStore, MemoryTopics
from events.envelope import Event
from infra.directory import City, Residents
from projections.core import Document
from projections.counting import COUNT, MINUTES, Row
from projections.metrics import measure
from projections.metrics.core import Ask, Counts, Distinct, Scope, Spans, Sums
from projections.metrics.measure import Measured
from projections.metrics.registry import BY_CODE
from projections.read import Between, Box, Condition, NoneOf, OneOf, Where
from projections.registry import PROJECTIONS, VIEWS
from tests.support import spec
from tests.support.engines import Worker, all_partitions, cells, publish

RIVERTON = City(
    id="riverton",
    name="Riverton",
    timezone="America/New_York",
    residents=(Residents(year=2024, count=7500), Residents(year=2026, count=8000)),
)
NOW = datetime.fromisoformat("2026-05-10T12:00:00+00:00")


class Folded:
    """Answers asks from documents and sums, as MongoDB would."""

    def __init__(
        self, documents: Mapping[str, Mapping[str, Document]], sums: Mapping[str, spec.Sums]
    ) -> None:
        self._documents = documents
        self._sums = sums

    async def rows(self, ask: Ask, by: Sequence[str]) -> list[Row]:
        match ask:
            case Sums(view, where):
                return list(self._cells(view, where, by))
            case Counts(view, where):
                keys = [_key(one, by) for one in self._fitting(view, where)]
            case Spans(view, where, since, until, _, less):
                keys = [
                    (
                        *_key(one, by),
                        (MINUTES, _minutes(_at(one, since), _at(one, until), one[less] if less else 0)),
                    )
                    for one in self._fitting(view, where)
                ]
            case Distinct(view, where, of):
                keys = [key for key, _ in {(_key(one, by), one[of]) for one in self._fitting(view, where)}]
        return [Row(dict(key), {COUNT: count}) for key, count in Counter(keys).items()]

    def _fitting(self, view: str, where: Where) -> list[Document]:
        found = self._documents.get(view, {}).values()
        return [one for one in found if all(_fits(_at(one, name), asked) for name, asked in where.items())]

    def _cells(self, name: str, where: Where, by: Sequence[str]) -> Iterator[Row]:
        tally: Any = VIEWS[name]
        added: dict[tuple[tuple[str, Any], ...], Counter[str]] = defaultdict(Counter)
        for parts, sums in self._sums.get(name, {}).items():
            cell = dict(zip(tally.dimensions, parts, strict=True))
            if all(_fits(cell[dimension], asked) for dimension, asked in where.items()):
                added[_key(cell, by)].update(sums)
        for key, found in added.items():
            if any(found.values()):
                yield Row(dict(key), {measure: found[measure] for measure in tally.measures})


def folded(*events: Event) -> Folded:
    """What a history leaves behind, by the views alone."""
    documents = {
        view.name: spec.given(view, *events).documents for one in PROJECTIONS for view in one.documents
    }
    sums = {tally.name: spec.tallied(tally, *events) for one in PROJECTIONS for tally in one.tallies}
    return Folded(documents, sums)


async def through_the_engine(*events: Event) -> Folded:
    """What the engine leaves behind when it has read a log of these events."""
    topics = MemoryTopics()
    publish(topics, *events)
    documents: dict[str, Mapping[str, Document]] = {}
    sums: dict[str, spec.Sums] = {}
    for projection in PROJECTIONS:
        store = MemoryStore()
        worker = Worker(projection, topics, store)
        await worker.assign(all_partitions(projection))
        await worker.drain()
        for view in projection.documents:
            documents[view.name] = store.documents.get(projection.collection(view), {})
        for tally in projection.tallies:
            sums[tally.name] = cells(store, projection.collection(tally))
    return Folded(documents, sums)


def scope(
    first: str = "2026-04-01", last: str = "2026-04-30", *, city: City = RIVERTON, now: datetime = NOW
) -> Scope:
    """Days of a city; April 2026 in Riverton, seen in May, unless named."""
    return Scope(city, date.fromisoformat(first), date.fromisoformat(last), now)


def number(code: str, *events: Event, about: Scope | None = None) -> Measured:
    """What this history makes of a metric."""
    return asyncio.run(measure.measure(folded(*events), BY_CODE[code], about or scope()))


def numbers(code: str, *events: Event, about: Scope | None = None) -> dict[str, Measured]:
    """The same by neighbourhood."""
    return asyncio.run(measure.by_neighbourhood(folded(*events), BY_CODE[code], about or scope()))


def shows(shown: Measured, value: str | None, **parts: int) -> None:
    """The value, and the numerator and denominator that are named; nothing else is looked at."""
    assert shown.value == (None if value is None else Decimal(value))
    assert {name: getattr(shown, name) for name in parts} == parts
    assert not shown.suppressed


def _key(one: Mapping[str, Any], by: Sequence[str]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, one[name]) for name in by)


def _at(one: Mapping[str, Any], path: str) -> Any:
    value: Any = one
    for name in path.split("."):
        if isinstance(value, list):
            value = [part.get(name) for part in value]
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _minutes(since: datetime | None, until: datetime | None, less: int) -> int | None:
    if since is None or until is None:
        return None
    return (until - since - timedelta(seconds=less)) // timedelta(minutes=1)


def _fits(value: Any, asked: Condition) -> bool:
    match asked:
        case OneOf(values):
            return any(one in values for one in (value if isinstance(value, list) else [value]))
        case NoneOf(values):
            return value not in values
        case Between(low, high):
            return value is not None and (low is None or value >= low) and (high is None or value <= high)
        case Box():
            raise NotImplementedError("no metric asks for a place")
    return bool(value == asked)
