"""Published numbers as events: what a city tells of a period, and up to where the log was read for it.

Everything of a snapshot follows from the number: told again while nothing has changed, it is the
same event, which counts once. Its `time` is the moment from which the number could be told.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from events.envelope import Event
from events.registry import BY_PAYLOAD
from events.types.metrics import MetricSnapshot, ReadUpTo
from infra.directory import City
from infra.mongo import Database
from projections.metrics import measure, reading
from projections.metrics.core import Metric, Scope
from projections.metrics.measure import NOWHERE, Measured
from projections.metrics.numbers import text
from projections.metrics.periods import Period
from projections.metrics.registry import METRICS

Nexts = Mapping[tuple[str, int], int]
_TYPE = BY_PAYLOAD[MetricSnapshot].type


async def of_month(db: Database, city: City, month: Period, now: datetime) -> list[Event]:
    """Every number of a city for a month that is over."""
    told = [metric for metric in METRICS if metric.window != "stock"]
    return await _snapshots(db, told, Scope(city, *month, now))


async def of_today(db: Database, city: City, now: datetime) -> list[Event]:
    """How things stand in a city today."""
    today = now.astimezone(city.zone).date()
    told = [metric for metric in METRICS if metric.window == "stock"]
    return await _snapshots(db, told, Scope(city, today, today, now))


async def _snapshots(db: Database, metrics: Iterable[Metric], about: Scope) -> list[Event]:
    told: list[Event] = []
    async with reading.opened(db) as reads:
        for metric in metrics:
            nexts = await reads.nexts(measure.projections_of([metric], about))
            found = [await measure.measure(reads, metric, about)]
            if metric.neighbourhoods:
                found += (await measure.by_neighbourhood(reads, metric, about)).values()
            told += _events(found, nexts)
    return told


def _events(found: Iterable[Measured], nexts: Nexts) -> Iterator[Event]:
    for one in found:
        if one.neighbourhood != NOWHERE and (one.value is not None or one.suppressed):
            yield snapshot(one, nexts)


def snapshot(one: Measured, nexts: Nexts) -> Event:
    """A number as an event."""
    data = MetricSnapshot(
        metric_code=one.metric.code,
        definition_version=one.metric.version,
        first_day=one.scope.first.isoformat(),
        last_day=one.scope.last.isoformat(),
        neighbourhood_id=one.neighbourhood,
        unit=one.metric.unit,
        value=text(one.value),
        numerator=text(one.numerator),
        denominator=text(one.denominator),
        suppressed=one.suppressed,
        completeness=one.completeness,
        as_of=tuple(
            ReadUpTo(topic=topic, partition=partition, next=following)
            for (topic, partition), following in sorted(nexts.items())
        ),
    )
    city = one.scope.city
    return Event(
        id=f"snapshot-{blake2b(data.model_dump_json().encode(), digest_size=16).hexdigest()}",
        source=f"urn:townhall:{city.id}:metrics",
        type=_TYPE,
        subject=one.metric.code,
        time=_tellable(one),
        city=city.id,
        data=data,
    )


def _tellable(one: Measured) -> datetime:
    """The city's midnight after the period, or before today for how things stand."""
    day = one.scope.first if one.metric.window == "stock" else one.scope.last + timedelta(days=1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=one.scope.city.zone)
    return midnight.astimezone(UTC).astimezone(one.scope.city.zone)  # a midnight that a clock skips
