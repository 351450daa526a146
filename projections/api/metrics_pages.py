"""Pages about published numbers: what they mean, a city's own, and cities side by side.

They are not live: a number that takes a second to count would be counted anew for every event. Numbers
are `[data-count]` with the bare number in `data-value`: on a city's numbers each by its code;
on one of them `value`, its inputs by name, `month/MONTH` and `neighbourhood/ID`; on a comparison
`city/CITY`.
"""

from datetime import date
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from infra.directory import City
from infra.mongo import Database
from infra.neighbourhoods import get_neighbourhoods
from projections.api import coalition, metric_queries, queries
from projections.api.metric_models import MetricValue
from projections.api.metric_queries import Month, known_metric
from projections.api.pages import PageRoute, of_city, shown
from projections.api.state import State
from projections.metrics.core import Metric
from projections.metrics.periods import month_before, months_until
from projections.metrics.registry import METRICS, SECTIONS

MONTHS = 6
router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/metrics")
async def definitions(request: Request, reads: State) -> Response:
    """Every published number and what it means."""

    async def context() -> dict[str, Any]:
        return {"sections": SECTIONS, "stream": None}

    return await shown(request, reads, "metrics.html", context)


@router.get("/metrics/{code}")
async def comparison(request: Request, reads: State, code: str, month: Month = None) -> Response:
    """A number in the cities that published it."""
    metric = known_metric(code)

    async def context() -> dict[str, Any]:
        found = await coalition.compared(reads.db, metric, month)
        return {"compared": found, "metric": found.metric, "stream": None}

    return await shown(request, reads, "comparison.html", context)


@router.get("/cities/{city}/metrics")
async def city_numbers(request: Request, reads: State, city: str, month: Month = None) -> Response:
    """All published numbers of a city."""
    known = await queries.known_city(reads.db, city)

    async def context() -> dict[str, Any]:
        found = await metric_queries.city_metrics(reads.db, known, METRICS, month)
        return {
            **of_city(known),
            "stream": None,
            "sections": _sections({one.metric.code: one for one in found.metrics}),
            "months": [f"{one.first:%Y-%m}" for one in _months(known)],
            "chosen": month,
        }

    return await shown(request, reads, "city_metrics.html", context)


@router.get("/cities/{city}/metrics/{code}")
async def city_number(request: Request, reads: State, city: str, code: str) -> Response:
    """One number of a city: what it comes from, month by month, and in its neighbourhoods."""
    known, metric = await queries.known_city(reads.db, city), known_metric(code)

    async def context() -> dict[str, Any]:
        asked = metric_queries.scope(metric, known)
        value = await metric_queries.value(reads.db, metric, asked)
        return {
            **of_city(known),
            "stream": None,
            "number": value,
            "metric": value.metric,
            "months": await metric_queries.months(reads.db, metric, known, MONTHS),
            "neighbourhoods": await _neighbourhoods(reads.db, metric, known),
        }

    return await shown(request, reads, "city_metric.html", context)


class Section(NamedTuple):
    """Numbers of one kind: those that tell something, and those for which there is nothing to count."""

    name: str
    shown: list[MetricValue]
    folded: list[MetricValue]


def _sections(values: dict[str, MetricValue]) -> list[Section]:
    sections = []
    for name, metrics in SECTIONS.items():
        every = [values[one.code] for one in metrics]
        shown = [one for one in every if _tells(one)]
        sections.append(Section(name, shown, [one for one in every if one not in shown]))
    return sections


def _tells(one: MetricValue) -> bool:
    return one.value is not None or one.suppressed or one.denominator not in (None, "0")


async def _neighbourhoods(db: Database, metric: Metric, city: City) -> list[tuple[str, MetricValue]]:
    """The names of neighbourhoods, as far as the city told them, with their numbers."""
    if not metric.neighbourhoods:
        return []
    areas = (one.properties for one in (await get_neighbourhoods(db, city.id)).features)
    names = {one.neighbourhood_id: one.name for one in areas}
    found = await metric_queries.neighbourhoods(db, metric, metric_queries.scope(metric, city))
    return [(_name(one.neighbourhood_id, names), one) for one in found.neighbourhoods]


def _name(code: str | None, names: dict[str, str | None]) -> str:
    return names.get(code) or code if code else "No neighbourhood told"


def _months(city: City) -> list[Any]:
    last = month_before(date.fromisoformat(queries.today(city)))
    return months_until(last.first, MONTHS)[::-1]
