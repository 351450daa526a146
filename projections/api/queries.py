"""Each number and listing is put together here once, for the JSON API and the pages alike."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from infra.directory import City, get_city
from infra.mongo import Database
from infra.problems import ProblemError
from projections import read
from projections.api import links, models, moderated, published
from projections.api.links import OUTCOMES
from projections.api.moderated import MODERATION
from projections.api.present import last_days
from projections.metrics import suppression
from projections.read import EVER, Between, NoneOf, OneOf, Where
from projections.registry import BY_NAME, OWNER

REQUESTS, PARTICIPATION, PULSE = (BY_NAME[name] for name in ("requests", "participation", "pulse"))
MAX_FEATURES = 5_000
SUPPRESS_BELOW = suppression.SUPPRESS_BELOW
CHART_DAYS = 14

SUBMITTED: Where = {"status": NoneOf(("withdrawn",)), "submitted_at": Between(EVER, None)}
NEWEST_IDEAS = [("submitted_at", -1)]
LAST_CHANGED = [("updated_at", -1)]


class Overview(NamedTuple):
    """A city's numbers and its events per day."""

    numbers: models.CityNumbers
    days: dict[str, int]


def today(city: City) -> str:
    """The day on the city's own calendar."""
    return datetime.now(city.zone).date().isoformat()


async def known_city(db: Database, city_id: str) -> City:
    """The city, or a 404 problem."""
    city = await get_city(db, city_id)
    if city is None:
        raise ProblemError(404, "unknown_city", f"No city {city_id!r} takes part. See /v1/cities.")
    return city


async def overviews(db: Database, cities: Sequence[City]) -> list[Overview]:
    """The numbers of these cities, in five queries however many they are."""
    if not cities:
        return []
    ids = OneOf(tuple(city.id for city in cities))
    todays = {city.id: today(city) for city in cities}
    days = Between(last_days(min(todays.values()), CHART_DAYS)[0], max(todays.values()))
    events, stages, ballots, ideas = await asyncio.gather(
        read.tally(db, "pulse", {"city": ids, "day": days}, by=("city", "day")),
        read.tally(db, "requests_by_stage", {"city": ids}, by=("city", "stage")),
        read.tally(db, "round_ballots", {"city": ids}, by=("city",)),
        read.count(db, "ideas", {"city": ids, **SUBMITTED}, by="city"),
    )
    per_day: dict[str, dict[str, int]] = defaultdict(dict)
    for cell in events:
        per_day[cell.key["city"]][cell.key["day"]] = cell.n["events"]
    all_, open_ = Counter[str](), Counter[str]()
    for cell in stages:
        all_[cell.key["city"]] += cell.n["count"]
        open_[cell.key["city"]] += cell.n["count"] * (cell.key["stage"] != "closed")
    cast = {cell.key["city"]: cell.n["ballots"] for cell in ballots}
    return [
        Overview(
            models.CityNumbers(
                id=city.id,
                name=city.name,
                timezone=city.timezone,
                country=city.country,
                languages=list(city.languages),
                residents=[models.Residents(**one.model_dump()) for one in city.residents],
                today=todays[city.id],
                events_today=per_day[city.id].get(todays[city.id], 0),
                open_requests=open_[city.id],
                requests=all_[city.id],
                ideas=ideas.get(city.id, 0),
                ballots=cast.get(city.id, 0),
            ),
            per_day[city.id],
        )
        for city in cities
    ]


async def pulse(db: Database, city: City, days: Sequence[str]) -> models.Pulse:
    """Events per day and type, for these days."""
    as_of = await read.as_of(db, [PULSE])
    cells = await read.tally(db, "pulse", {"city": city.id, "day": Between(days[0], days[-1])})
    types: dict[str, dict[str, int]] = defaultdict(dict)
    for cell in sorted(cells, key=lambda cell: (-cell.n["events"], cell.key["type"])):
        types[cell.key["day"]][cell.key["type"]] = cell.n["events"]
    return models.Pulse(
        city=city.id,
        timezone=city.timezone,
        today=today(city),
        days=[models.PulseDay(day=one, events=sum(types[one].values()), types=types[one]) for one in days],
        as_of=as_of,
    )


async def requests(db: Database, where: Where, *, limit: int, cursor: str | None) -> models.Requests:
    """A page of service requests, the last changed first."""
    as_of = await read.as_of(db, [REQUESTS, MODERATION])
    page = await read.documents(db, "service_requests", where, LAST_CHANGED, limit=limit, after=cursor)
    hidden = await moderated.hidden(db, "service_request", (one["_id"] for one in page.items))
    found = [published.service_request(one, is_hidden=one["_id"] in hidden) for one in page.items]
    return models.Requests(requests=found, next=page.cursor, as_of=as_of)


async def features(db: Database, city: City) -> models.FeatureCollection:
    """The open requests that have a place."""
    where: Where = {"city": city.id, "status": "open", "point.type": "Point"}
    fields = (
        "city",
        "request_id",
        "service_name",
        "service_code",
        "stage",
        "anonymous",
        "opened_at",
        "point",
    )
    found = await read.listing(
        db, "service_requests", where, LAST_CHANGED, limit=MAX_FEATURES + 1, fields=fields
    )
    shown = [published.feature(one) for one in found[:MAX_FEATURES]]
    nowhere: Where = {"city": city.id, "status": "open", "point": OneOf((None,))}
    rest = await read.count(db, "service_requests", nowhere, by="city")
    return models.FeatureCollection(
        features=shown, truncated=len(found) > MAX_FEATURES, without_place=rest.get(city.id, 0)
    )


async def request_detail(db: Database, city: City, request_id: str) -> models.RequestDetail:
    """One request with what came of it, or a 404 problem."""
    as_of = await read.as_of(db, [REQUESTS, PARTICIPATION, *OUTCOMES])
    key = f"{city.id}/{request_id}"
    found = there(await read.document(db, "service_requests", key), "request")
    problems = await links.problems_of_request(db, city.id, request_id)
    by_problem = await links.results_of(db, city.id, "problem_ids", [one.id for one in problems])
    results = {one.id: one for named in by_problem.values() for one in named}
    hidden = await moderated.hidden(db, "service_request", [key])
    return published.request_detail(
        found, as_of, problems=problems, results=list(results.values()), is_hidden=bool(hidden)
    )


async def ideas_by_support(db: Database, city: City, *, limit: int, cursor: str | None) -> models.Ideas:
    """A page of ideas, most supporters first; those without any follow, newest first."""
    as_of = await read.as_of(db, [PARTICIPATION, *OUTCOMES])
    support = await _support(db, city.id)
    own: Where = {"city": city.id, **SUBMITTED}
    if cursor is None or cursor.isdecimal():
        start = min(int(cursor or 0), len(support))
        ranked = sorted(support, key=lambda idea: (-support[idea], idea))[start : start + limit]
        keys = OneOf(tuple(f"{city.id}/{idea}" for idea in ranked))
        found = await read.listing(db, "ideas", {**own, "_id": keys}, [], limit=limit)
        found.sort(key=lambda one: ranked.index(one["idea_id"]))
        after = start + len(ranked)
        if after < len(support):
            return models.Ideas(ideas=await _shown(db, city, found, support), next=str(after), as_of=as_of)
        cursor = None
    else:
        found = []
    rest: Where = {**own, "_id": NoneOf(tuple(f"{city.id}/{idea}" for idea in support))}
    if len(found) >= limit:
        shown = await _shown(db, city, found, support)
        return models.Ideas(ideas=shown, next=str(len(support)), as_of=as_of)
    page = await read.documents(db, "ideas", rest, NEWEST_IDEAS, limit=limit - len(found), after=cursor)
    shown = await _shown(db, city, [*found, *page.items], support)
    return models.Ideas(ideas=shown, next=page.cursor, as_of=as_of)


async def ideas_by_age(db: Database, city: City, *, limit: int, cursor: str | None) -> models.Ideas:
    """A page of ideas, newest first."""
    as_of = await read.as_of(db, [PARTICIPATION, *OUTCOMES])
    page = await read.documents(
        db, "ideas", {"city": city.id, **SUBMITTED}, NEWEST_IDEAS, limit=limit, after=cursor
    )
    named = OneOf(tuple(one["idea_id"] for one in page.items))
    shown = await _shown(db, city, page.items, await _support(db, city.id, named))
    return models.Ideas(ideas=shown, next=page.cursor, as_of=as_of)


async def idea_detail(db: Database, city: City, idea_id: str) -> models.IdeaDetail:
    """One idea with what came of it, or a 404 problem."""
    as_of = await read.as_of(db, [PARTICIPATION, *OUTCOMES])
    found = there(await read.document(db, "ideas", f"{city.id}/{idea_id}"), "idea")
    (shown,) = await _shown(db, city, [found], await _support(db, city.id, idea_id))
    return models.IdeaDetail(**dict(shown), as_of=as_of)


async def _support(db: Database, city: str, ideas: str | OneOf | None = None) -> dict[str, int]:
    where: Where = {"city": city} if ideas is None else {"city": city, "idea": ideas}
    cells = await read.tally(db, "idea_support", where)
    return {cell.key["idea"]: cell.n["supporters"] for cell in cells}


async def _shown(
    db: Database, city: City, found: Sequence[dict[str, Any]], support: dict[str, int]
) -> list[models.Idea]:
    now, ids = datetime.now(UTC), [one["idea_id"] for one in found]
    results = await links.results_of(db, city.id, "idea_ids", ids)
    hidden = await moderated.hidden(db, "idea", (one["_id"] for one in found))
    return [
        published.idea(
            one,
            support.get(one["idea_id"], 0),
            now,
            results=results.get(one["idea_id"], ()),
            is_hidden=one["_id"] in hidden,
        )
        for one in found
    ]


async def feedback(db: Database, city: City) -> models.Feedback:
    """Ratings per program, those from few responses suppressed."""
    as_of = await read.as_of(db, [OWNER["program_ratings"]])
    cells = await read.tally(db, "program_ratings", {"city": city.id}, by=("program_id",))
    ordered = sorted(cells, key=lambda cell: cell.key["program_id"])
    return models.Feedback(city=city.id, programs=[_rating(cell) for cell in ordered], as_of=as_of)


def _rating(cell: read.Cell) -> models.ProgramRating:
    responses = cell.n["responses"]
    hidden = responses < SUPPRESS_BELOW
    return models.ProgramRating(
        program_id=cell.key["program_id"],
        suppressed=hidden,
        responses=None if hidden else responses,
        mean=None if hidden else round(cell.n["rating_sum"] / responses, 2),
        ratings=None if hidden else {str(stars): cell.n[f"r{stars}"] for stars in range(1, 6)},
    )


def there(found: dict[str, Any] | None, what: str) -> dict[str, Any]:
    """The document, or a 404 problem."""
    if found is None:
        detail = f"No such {what} is known here. If it was just published, read with ?after=<position token>."
        raise ProblemError(404, f"unknown_{what}", detail)
    return found
