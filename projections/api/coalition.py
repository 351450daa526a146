"""Cities side by side: what they published of themselves, as an answer for programs and for the page."""

from fastapi import APIRouter, Request, Response

from infra.directory import list_cities
from infra.mongo import Database
from infra.problems import documented
from projections import read
from projections.api import coalition_models as models
from projections.api.metric_queries import Month, definition, known_metric
from projections.api.models import Residents
from projections.api.respond import After, answer, wait
from projections.api.state import State
from projections.metrics import coalition
from projections.metrics.core import Metric
from projections.metrics.numbers import text
from projections.metrics.periods import month_named, months_until
from projections.read import Between, Where
from projections.registry import OWNER

VIEW = "metric_snapshots"
SNAPSHOTS = OWNER[VIEW]
MAX_SNAPSHOTS = 20_000
router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})


@router.get("/coalition/metrics/{code}", response_model=models.CoalitionMetric, responses=documented(404))
async def coalition_metric(
    request: Request, reads: State, code: str, month: Month = None, after: After = None
) -> Response:
    """A number in all cities, as they published it: each beside its own past, then within its size."""
    await wait(reads.db, after, SNAPSHOTS)
    return answer(request, await compared(reads.db, known_metric(code), month))


async def compared(db: Database, metric: Metric, month: str | None) -> models.CoalitionMetric:
    """The comparison for a month, else for the last one for which a city published this number."""
    as_of = await read.as_of(db, [SNAPSHOTS])
    about: Where = {"metric_code": metric.code, "neighbourhood_id": None}
    if month is None:
        newest = await read.listing(db, VIEW, about, [("first_day", -1)], limit=1, fields=("first_day",))
        month = newest[0]["first_day"][:7] if newest else None
    if month is None:
        return _answered(metric, None, as_of)
    months = months_until(month_named(month).first, coalition.MONTHS_SHOWN)
    days = Between(months[0].first.isoformat(), months[-1].last.isoformat())
    found = await read.listing(
        db, VIEW, {**about, "first_day": days}, [("first_day", -1)], limit=MAX_SNAPSHOTS
    )
    return _answered(metric, coalition.compare(metric, month, await list_cities(db), found), as_of)


def _answered(
    metric: Metric, found: coalition.Comparison | None, as_of: str | None
) -> models.CoalitionMetric:
    return models.CoalitionMetric(
        metric=definition(metric),
        month=found.month if found else None,
        min_completeness=coalition.MIN_COMPLETENESS,
        min_cities=coalition.MIN_CITIES,
        bands=[_band(group) for group in found.groups if group.standings] if found else [],
        unsized=[_standing(one) for one in found.unsized] if found else [],
        as_of=as_of,
    )


def _band(group: coalition.Group) -> models.BandComparison:
    return models.BandComparison(
        band=group.band.name,
        least_residents=group.band.least,
        below_residents=group.band.below,
        median=text(group.median),
        reason=group.reason,
        cities=[_standing(one) for one in group.standings],
    )


def _standing(one: coalition.Standing) -> models.CityStanding:
    return models.CityStanding(
        city=one.city.id,
        name=one.city.name,
        residents=Residents(**one.residents.model_dump()) if one.residents else None,
        trend=[
            models.MonthTold(
                month=told.month,
                value=text(told.value),
                completeness=told.completeness,
                suppressed=told.suppressed,
            )
            for told in one.trend
        ],
        value=text(one.value),
        rank=one.rank,
        reason=one.reason,
    )
