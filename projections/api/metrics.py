"""Published numbers: what they mean, what they are, and as files."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from events.scalars import Code
from infra.problems import documented
from projections.api import exports, metric_queries, queries
from projections.api import metric_models as models
from projections.api.metric_queries import Month, known_metric
from projections.api.respond import After, answer, conditional, wait
from projections.api.state import State
from projections.metrics.measure import projections_of
from projections.metrics.registry import METRICS

CSV = "text/csv; charset=utf-8"
HEADER = (
    "metric",
    "version",
    "city",
    "neighbourhood_id",
    "first_day",
    "last_day",
    "unit",
    "value",
    "numerator",
    "denominator",
    "completeness",
    "suppressed",
    "title",
    "as_of",
)
router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})

Slug = Annotated[str, Query(max_length=64, description="a city's id")]
First = Annotated[
    date | None, Query(alias="from", description="first day; else the last 30, or the last whole month")
]
Last = Annotated[date | None, Query(alias="to", description="last day, included")]


@router.get("/metrics", response_model=models.Definitions)
async def definitions(request: Request) -> Response:
    """Every published number and what it means."""
    return answer(request, models.Definitions(metrics=[metric_queries.definition(one) for one in METRICS]))


@router.get("/metrics/{code}", response_model=models.MetricValue, responses=documented(404))
async def metric(
    *,
    request: Request,
    reads: State,
    code: str,
    city: Slug,
    first: First = None,
    last: Last = None,
    neighbourhood: Annotated[Code | None, Query(description="only this one of the city's")] = None,
    after: After = None,
) -> Response:
    """One number of a city or of one of its neighbourhoods, with all that it was computed from."""
    known = known_metric(code)
    asked = metric_queries.scope(known, await queries.known_city(reads.db, city), first, last)
    await wait(reads.db, after, *projections_of([known], asked))
    if neighbourhood is not None:
        return answer(request, await metric_queries.of_neighbourhood(reads.db, known, asked, neighbourhood))
    return answer(request, await metric_queries.value(reads.db, known, asked))


@router.get("/metrics/{code}/neighbourhoods", response_model=models.Neighbourhoods, responses=documented(404))
async def by_neighbourhood(
    *,
    request: Request,
    reads: State,
    code: str,
    city: Slug,
    first: First = None,
    last: Last = None,
    after: After = None,
) -> Response:
    """One number for a city and each of its neighbourhoods."""
    known = known_metric(code)
    asked = metric_queries.scope(known, await queries.known_city(reads.db, city), first, last)
    await wait(reads.db, after, *projections_of([known], asked))
    return answer(request, await metric_queries.neighbourhoods(reads.db, known, asked))


@router.get("/metrics/{code}/neighbourhoods.csv", response_class=Response, responses=documented(404))
async def by_neighbourhood_csv(
    *, request: Request, reads: State, code: str, city: Slug, first: First = None, last: Last = None
) -> Response:
    """The same as a table for spreadsheets."""
    known = known_metric(code)
    asked = metric_queries.scope(known, await queries.known_city(reads.db, city), first, last)
    found = await metric_queries.neighbourhoods(reads.db, known, asked)
    return _csv(request, [found.city, *found.neighbourhoods])


@router.get("/cities/{city}/metrics", response_model=models.CityMetrics, responses=documented(404))
async def city_metrics(
    request: Request, reads: State, city: str, month: Month = None, after: After = None
) -> Response:
    """Every number of a city: for a month, else the last 30 days or the last month; or as things stand."""
    known = await queries.known_city(reads.db, city)
    await wait(reads.db, after, *metric_queries.sources(known))
    return answer(request, await metric_queries.city_metrics(reads.db, known, METRICS, month))


@router.get("/cities/{city}/metrics.csv", response_class=Response, responses=documented(404))
async def city_metrics_csv(request: Request, reads: State, city: str, month: Month = None) -> Response:
    """The same as a table for spreadsheets."""
    known = await queries.known_city(reads.db, city)
    found = await metric_queries.city_metrics(reads.db, known, METRICS, month)
    return _csv(request, found.metrics)


def _csv(request: Request, values: Iterable[models.MetricValue]) -> Response:
    return conditional(request, exports.table(HEADER, map(_row, values)), media_type=CSV)


def _row(one: models.MetricValue) -> list[str | None]:
    return [
        one.metric.code,
        str(one.metric.version),
        one.city,
        one.neighbourhood_id,
        one.first_day,
        one.last_day,
        one.metric.unit,
        one.value,
        one.numerator,
        one.denominator,
        None if one.completeness is None else str(one.completeness),
        str(one.suppressed).lower(),
        one.metric.title,
        one.as_of,
    ]
