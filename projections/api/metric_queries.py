"""Published numbers as they are answered: one code path for the JSON API, the exports and the pages."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Query

from infra.directory import City
from infra.mongo import Database
from infra.problems import ProblemError
from projections import read
from projections.api import metric_models as models
from projections.api.queries import today
from projections.core import Projection
from projections.metrics import measure, periods, reading
from projections.metrics.core import Metric, Scope
from projections.metrics.measure import Measured
from projections.metrics.numbers import text
from projections.metrics.periods import month_before, month_named, months_until
from projections.metrics.registry import BY_CODE, METRICS

LATER = "Events that become known later change it."
Month = Annotated[
    str | None, Query(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$", description="like 2026-05")
]


def known_metric(code: str) -> Metric:
    """The metric, or a 404 problem."""
    if code not in BY_CODE:
        raise ProblemError(404, "unknown_metric", f"No number {code!r} is published. See /v1/metrics.")
    return BY_CODE[code]


def scope(metric: Metric, city: City, first: date | None = None, last: date | None = None) -> Scope:
    """What is asked about, or a 400 problem."""
    now = datetime.now(UTC)
    try:
        period = periods.chosen(metric, now.astimezone(city.zone).date(), first, last)
    except periods.BadPeriod as error:
        raise ProblemError(400, "bad_period", f"{error}.") from None
    return Scope(city, *period, now)


async def value(db: Database, metric: Metric, asked: Scope) -> models.MetricValue:
    """The number of a whole city."""
    async with reading.opened(db) as reads:
        as_of = await _as_of(reads, [metric], asked)
        return answered(await measure.measure(reads, metric, asked), as_of)


async def neighbourhoods(db: Database, metric: Metric, asked: Scope) -> models.Neighbourhoods:
    """The number of a city and of each neighbourhood; a 404 problem where it has none."""
    if not metric.neighbourhoods:
        raise ProblemError(404, "not_by_neighbourhood", f"{metric.code} is told for whole cities only.")
    async with reading.opened(db) as reads:
        as_of = await _as_of(reads, [metric], asked)
        whole = await measure.measure(reads, metric, asked)
        parts = await measure.by_neighbourhood(reads, metric, asked)
    return models.Neighbourhoods(
        city=answered(whole, as_of), neighbourhoods=[answered(one, as_of) for one in parts.values()]
    )


async def of_neighbourhood(db: Database, metric: Metric, asked: Scope, name: str) -> models.MetricValue:
    """The number of one neighbourhood, which is shown only where all of them could be."""
    found = (await neighbourhoods(db, metric, asked)).neighbourhoods
    for one in found:
        if one.neighbourhood_id == name:
            return one
    raise ProblemError(404, "unknown_neighbourhood", f"Nothing is known of a neighbourhood {name!r} then.")


async def city_metrics(
    db: Database, city: City, metrics: Iterable[Metric], month: str | None
) -> models.CityMetrics:
    """These numbers of a city, all of one moment; those with a window for a month where one is asked for."""
    asked = [(metric, _in_month(metric, city, month)) for metric in metrics]
    async with reading.opened(db) as reads:
        shown = [
            answered(await measure.measure(reads, metric, about), await _as_of(reads, [metric], about))
            for metric, about in asked
        ]
    return models.CityMetrics(city=city.id, metrics=shown)


def _in_month(metric: Metric, city: City, month: str | None) -> Scope:
    if month is None or metric.window == "stock":
        return scope(metric, city)
    return scope(metric, city, *month_named(month))


async def months(db: Database, metric: Metric, city: City, count: int) -> list[models.MetricValue]:
    """A number of a city for each of the last whole months, oldest first; none for how things stand."""
    if metric.window == "stock":
        return []
    last = month_before(date.fromisoformat(today(city)))
    asked = [scope(metric, city, *month) for month in months_until(last.first, count)]
    async with reading.opened(db) as reads:
        as_of = await _as_of(reads, [metric], asked[0])
        return [answered(await measure.measure(reads, metric, about), as_of) for about in asked]


def sources(city: City) -> list[Projection]:
    """Every projection that a city's numbers are computed from."""
    return measure.projections_of(METRICS, scope(METRICS[0], city))


def definition(metric: Metric) -> models.Definition:
    """What a metric means, in words."""
    same = ("code", "version", "title", "unit", "decimals", "window", "numerator", "denominator")
    return models.Definition(
        **{name: getattr(metric, name) for name in (*same, "neighbourhoods", "better")},
        explanation=f"{metric.explanation} {LATER}",
    )


def answered(one: Measured, as_of: str | None) -> models.MetricValue:
    """A number as the API answers it."""
    return models.MetricValue(
        city=one.scope.city.id,
        neighbourhood_id=one.neighbourhood,
        first_day=one.scope.first.isoformat(),
        last_day=one.scope.last.isoformat(),
        value=text(one.value),
        numerator=text(one.numerator),
        denominator=text(one.denominator),
        inputs={name: str(number) for name, number in one.inputs.items()},
        notes=list(one.notes),
        completeness=one.completeness,
        suppressed=one.suppressed,
        metric=definition(one.metric),
        as_of=as_of,
    )


async def _as_of(reads: reading.Reads, metrics: Iterable[Metric], asked: Scope) -> str | None:
    return read.up_to(await reads.nexts(measure.projections_of(metrics, asked)))
