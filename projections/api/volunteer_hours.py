"""Volunteer time by year and month of the work, and what of it may be shown."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Final

from infra.directory import City
from infra.mongo import Database
from projections import counting, read
from projections.api import volunteering_models as models
from projections.api.volunteering_queries import VOLUNTEERING
from projections.counting import COUNT
from projections.metrics.suppression import few, hidden
from projections.read import Between, NoneOf, OneOf, Where

NAMED: Final[Where] = {"participant": NoneOf((None,))}
NOBODY: Final[Where] = {"participant": OneOf((None,))}
People = Mapping[str, int]


async def hours(db: Database, city: City, first: int, last: int) -> models.Hours:
    """The time of these years. A month is hidden with another where the year would tell it."""
    as_of = await read.as_of(db, [VOLUNTEERING])
    days = Between(f"{first:04}-01-01", f"{last:04}-12-31")
    done: Where = {"city": city.id, "worked_on": days, "status": "verified"}
    rest: Where = {**done, "status": NoneOf(("verified",))}
    cells, of_year, of_month, others = await asyncio.gather(
        read.tally(db, "hours_by_day", {"city": city.id, "day": days}, by=("day",)),
        _people(db, done, "year"),
        _people(db, done, "month"),
        _people(db, rest, "year"),
    )
    verified, logged = Counter[str](), Counter[str]()
    for cell in cells:
        for period in (cell.key["day"][:4], cell.key["day"][:7]):
            verified[period] += cell.n["verified"]
            logged[period] += cell.n["logged"]
    years = sorted(period for period in logged if len(period) == 4)
    return models.Hours(
        city=city.id,
        years=[_year(one, verified[one], logged[one], of_year, others) for one in years],
        months=[month for year in years for month in _months(year, verified, of_month)],
        as_of=as_of,
    )


async def _people(db: Database, where: Where, by: str) -> People:
    """Volunteers by year or month, at most: each entry that names nobody may be somebody else's."""
    named, nobody = await asyncio.gather(
        counting.distinct(db, "hours", {**where, **NAMED}, of="participant", by=(by,)),
        counting.counts(db, "hours", {**where, **NOBODY}, by=(by,)),
    )
    people = Counter[str]()
    for row in (*named, *nobody):
        people[str(row.key[by])] += row.n[COUNT]
    return people


def _year(year: str, verified: int, logged: int, people: People, others: People) -> models.WorkOfYear:
    """What was logged is shown where neither it nor what is left of it is from few."""
    hide = few(people.get(year, 0))
    return models.WorkOfYear(
        year=year,
        volunteers=None if hide else people.get(year, 0),
        verified_minutes=None if hide else verified,
        logged_minutes=None if hide or few(others.get(year, 0)) else logged,
    )


def _months(year: str, verified: Mapping[str, int], people: People) -> list[models.WorkOfMonth]:
    own = {month: people[month] for month in sorted(people) if month.startswith(year)}
    hide = hidden(own)
    return [
        models.WorkOfMonth(
            month=month,
            volunteers=None if month in hide else own[month],
            verified_minutes=None if month in hide else verified[month],
        )
        for month in own
    ]
