"""What volunteers' time is worth: hours first, then the rate of each year, its source and the value."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from events.scalars import FIRST_YEAR, LAST_YEAR
from infra.directory import City
from infra.mongo import Database
from infra.problems import documented
from projections import read
from projections.api import queries
from projections.api.impact_queries import text
from projections.api.models import Answer, AsOf
from projections.api.respond import After, answer, wait
from projections.api.state import State
from projections.metrics import reading
from projections.metrics.core import Inputs, Scope
from projections.metrics.families.volunteer_value import hours_asks, people, worth_of
from projections.metrics.suppression import few, hidden
from projections.registry import BY_NAME
from projections.volunteer_value import Worth, YearOfWork

VOLUNTEERING: Final = BY_NAME["volunteering"]
FEW: Final = "few volunteers stand behind it, or behind what could be computed from it"
SUPPRESSED: Final = f"null where {FEW}"
router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})


class ValueOfYear(Answer):
    """The verified hours of a year of work, at the rate of that year."""

    year: int
    hours: str | None = Field(description=f"verified, decimal text; {SUPPRESSED}")
    rate: str | None = Field(description="what an hour is worth; null where no rate is known for the year")
    rate_place: str | None = Field(description="the region or country whose rate it is (ISO 3166)")
    source: str | None = Field(description="who published the rate")
    value: str | None = Field(description=f"hours by rate, to the cent; {SUPPRESSED}, or no rate is known")
    why: str | None = Field(description="why there is no value")


class VolunteerValue(Answer):
    """What the verified hours of volunteers would have cost. A wage nobody paid; hours are the fact."""

    city: str
    country: str | None
    region: str | None
    hours: str | None = Field(description=f"verified, of all years; {SUPPRESSED}")
    hours_valued: str | None = Field(description="those for whose year a rate is known")
    value: str | None = Field(description="of these, summed exactly and rounded to the cent")
    currency: str | None
    why: str | None = Field(description="why there is no value, or what is not in it")
    years: list[ValueOfYear]
    as_of: AsOf


@router.get("/volunteer-value/{city}", response_model=VolunteerValue, responses=documented(404))
async def volunteer_value(
    *,
    request: Request,
    reads: State,
    city: str,
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="only this one")] = None,
    after: After = None,
) -> Response:
    """What volunteers' verified hours would have cost, by the year of work, with each rate and its source."""
    await wait(reads.db, after, VOLUNTEERING)
    known = await queries.known_city(reads.db, city)
    return answer(request, await of_city(reads.db, known, year))


async def of_city(db: Database, city: City, year: int | None = None) -> VolunteerValue:
    """The value of one year of work, or of all."""
    whole = _years(city, *((FIRST_YEAR, LAST_YEAR) if year is None else (year, year)))
    async with reading.opened(db) as reads:
        as_of = read.up_to(await reads.nexts([VOLUNTEERING]))
        found = await _inputs(reads, whole)
        worked = worth_of(found, whole)
        each = {one.year: await _inputs(reads, _years(city, one.year, one.year)) for one in worked.years}
    suppressed = few(people(found))
    hide = {*each} if suppressed else hidden({of: people(inputs) for of, inputs in each.items()})
    return _answered(city, worked, hide, as_of, suppressed=suppressed)


def _years(city: City, first: int, last: int) -> Scope:
    return Scope(city, date(first, 1, 1), date(last, 12, 31), datetime.now(UTC))


async def _inputs(reads: reading.Reads, scope: Scope) -> Inputs:
    return {name: await reads.rows(ask, ask.by) for name, ask in hours_asks(scope).items()}


def _answered(
    city: City, found: Worth, hide: set[int], as_of: str | None, *, suppressed: bool
) -> VolunteerValue:
    without = ", ".join(map(str, found.without_rate))
    return VolunteerValue(
        city=city.id,
        country=city.country,
        region=city.region,
        hours=None if suppressed else _hours(found.minutes),
        hours_valued=None if suppressed else _hours(found.minutes_valued),
        value=None if suppressed or found.value is None else f"{found.value:f}",
        currency=found.currency,
        why=FEW if suppressed else (_no_rate(city, without) if without else None),
        years=[_of_year(city, one, hide=one.year in hide) for one in found.years],
        as_of=as_of,
    )


def _of_year(city: City, one: YearOfWork, *, hide: bool) -> ValueOfYear:
    rate = one.rate
    return ValueOfYear(
        year=one.year,
        hours=None if hide else _hours(one.minutes),
        rate=f"{rate.rate:f}" if rate else None,
        rate_place=rate.place if rate else None,
        source=rate.source if rate else None,
        value=None if hide or one.value is None else f"{one.value:f}",
        why=FEW if hide else (None if rate else _no_rate(city, str(one.year))),
    )


def _no_rate(city: City, years: str) -> str:
    place = city.region or city.country
    return f"no rate is known for {place or 'a city that names no country'} in {years}"


def _hours(minutes: int) -> str:
    return text(Fraction(minutes, 60))
