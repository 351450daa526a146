"""Practices in the read API: what worked in a city, who took it up, and what came of it there."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from events.scalars import Name
from infra.directory import City
from infra.mongo import Database
from infra.problems import documented
from projections import diffusion, read
from projections.api import queries
from projections.api.models import Answer, AsOf, Next
from projections.api.moderated import MODERATION, hidden
from projections.api.queries import there
from projections.api.respond import After, Cursor, Limit, answer, wait
from projections.api.state import State
from projections.core import Document
from projections.metrics.numbers import shown
from projections.read import OneOf, Where
from projections.registry import BY_NAME

PRACTICES = BY_NAME["practices"]
router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})
LAST_CHANGED = [("updated_at", -1)]
MAX_ADOPTIONS = 500
"""Cities shown with a practice, the first that took it up."""
_SAME = ("city", "category", "published_at", "from_city", "from_practice_id", "adopted_at", "updated_at")

Slug = Annotated[str | None, Query(max_length=64, description="only those of this city")]


class Practice(Answer):
    """A city's practice, published or taken up from another city; of a hidden one the words are left out."""

    city: str
    id: str
    title: str | None
    challenge: str | None
    category: str | None
    published_at: datetime | None
    from_city: str | None
    from_practice_id: str | None
    adopted_at: datetime | None = Field(description="when it was taken up from there")
    cities: int = Field(description="other cities that took it up")
    updated_at: datetime
    hidden: bool


class Practices(Answer):
    """Practices, the last changed first."""

    practices: list[Practice]
    next: Next
    as_of: AsOf


class Measure(Answer):
    """A metric before and after, decimal text."""

    metric_code: str
    unit: str
    baseline: str
    result: str


class Outcome(Answer):
    """What a practice changed since, by the latest report."""

    measures: list[Measure]
    note: str | None
    evidence: list[str]
    reported_at: datetime


class Replicated(Answer):
    """A metric at its origin and where the practice was taken up."""

    metric_code: str
    unit: str
    origin: str
    adopter: str
    ratio: str | None = Field(description="adopter / origin, to two decimals; null where the origin is 0")


class Adoption(Answer):
    """A city that took the practice up."""

    city: str
    practice_ids: list[str] = Field(description="what it became there")
    adopted_at: datetime
    days: int | None = Field(description="from publishing to taking up; below zero where the times are wrong")
    replicated: list[Replicated]


class PracticeDetail(Practice):
    """One practice with what it changed, and where it went."""

    description: str | None
    measures: list[Measure] = Field(description="what it changed when it was published")
    evidence: list[str]
    note: str | None = Field(description="what the city says about taking it up")
    outcome: Outcome | None
    outcomes: int = Field(description="how many reports there were")
    adoptions: list[Adoption] = Field(description="the earliest first")
    median_days: int | None = Field(description="from publishing to taking up, over these cities")
    as_of: AsOf


async def listing(db: Database, where: Where, *, limit: int, cursor: str | None) -> Practices:
    """A page of practices, the last changed first."""
    as_of = await read.as_of(db, [PRACTICES, MODERATION])
    page = await read.documents(db, "practices", where, LAST_CHANGED, limit=limit, after=cursor)
    return Practices(practices=await _shown(db, page.items), next=page.cursor, as_of=as_of)


async def detail(db: Database, city: City, practice_id: str) -> PracticeDetail:
    """One practice, or a 404 problem."""
    as_of = await read.as_of(db, [PRACTICES, MODERATION])
    found = there(await read.document(db, "practices", f"{city.id}/{practice_id}"), "practice")
    (short,) = await _shown(db, [found])
    adoptions = await _adoptions(db, found)
    return PracticeDetail(
        **dict(short),
        **_told(found, is_hidden=short.hidden),
        outcomes=found["outcomes"],
        adoptions=adoptions,
        median_days=diffusion.median_days(one.days for one in adoptions),
        as_of=as_of,
    )


async def _shown(db: Database, found: Sequence[Document]) -> list[Practice]:
    without = await hidden(db, "practice", (one["_id"] for one in found))
    named: Where = {
        "city": OneOf(tuple({one["city"] for one in found})),
        "practice": OneOf(tuple({one["practice_id"] for one in found})),
    }
    cells = await read.tally(db, "practice_diffusion", named)
    cities = {(cell.key["city"], cell.key["practice"]): cell.n["cities"] for cell in cells}
    return [
        _practice(one, cities.get((one["city"], one["practice_id"]), 0), is_hidden=one["_id"] in without)
        for one in found
    ]


def _practice(practice: Document, cities: int, *, is_hidden: bool) -> Practice:
    words = {name: None if is_hidden else practice[name] for name in ("title", "challenge")}
    same = {name: practice[name] for name in _SAME}
    return Practice(id=practice["practice_id"], cities=cities, hidden=is_hidden, **words, **same)


def _told(practice: Document, *, is_hidden: bool) -> dict[str, object]:
    """What stands in words and numbers; of a hidden practice the numbers alone."""
    outcome = practice["outcome"]
    gone: dict[str, object] = {"note": None, "evidence": []} if is_hidden else {}
    return {
        "description": None if is_hidden else practice["description"],
        "measures": [Measure(**one) for one in practice["measures"]],
        "outcome": outcome and Outcome(**{**outcome, **gone}),
        **{name: practice[name] for name in ("note", "evidence")},
        **gone,
    }


async def _adoptions(db: Database, origin: Document) -> list[Adoption]:
    shown_ = origin["adoptions"][:MAX_ADOPTIONS]
    keys = [f"{one['city']}/{id_}" for one in shown_ for id_ in one["practice_ids"]]
    taken = await read.listing(db, "practices", {"_id": OneOf(tuple(keys))}, [], limit=len(keys) or 1)
    adopters = {one["_id"]: one for one in taken}
    return [_adoption(origin, one, adopters) for one in shown_]


def _adoption(origin: Document, adoption: Document, adopters: Mapping[str, Document]) -> Adoption:
    keys = (f"{adoption['city']}/{id_}" for id_ in adoption["practice_ids"])
    there_ = [adopters[key] for key in keys if key in adopters]
    return Adoption(
        city=adoption["city"],
        practice_ids=adoption["practice_ids"],
        adopted_at=adoption["adopted_at"],
        days=diffusion.days(origin["published_at"], adoption["adopted_at"]),
        replicated=list(_replicated(origin, there_)),
    )


def _replicated(origin: Document, adopters: Iterable[Document]) -> Iterable[Replicated]:
    for adopter in adopters:
        for one in diffusion.replications(origin, adopter):
            ratio = None if one.ratio is None else str(shown(one.ratio, 2))
            yield Replicated(**{**one._asdict(), "ratio": ratio})


@router.get("/practices", response_model=Practices, responses=documented(404))
async def practices(
    *,
    request: Request,
    reads: State,
    city: Slug = None,
    category: Annotated[Name | None, Query(description="as in impact_volunteering")] = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """The coalition's practices, the last changed first."""
    await wait(reads.db, after, PRACTICES, MODERATION)
    known = None if city is None else (await queries.known_city(reads.db, city)).id
    chosen = {"city": known, "category": category}
    where: Where = {name: value for name, value in chosen.items() if value is not None}
    return answer(request, await listing(reads.db, where, limit=limit, cursor=cursor))


@router.get("/practices/{city}/{practice_id}", response_model=PracticeDetail, responses=documented(404))
async def one_practice(
    request: Request, reads: State, city: str, practice_id: str, after: After = None
) -> Response:
    """One practice with what it changed, which cities took it up and what came of it there."""
    await wait(reads.db, after, PRACTICES, MODERATION)
    known = await queries.known_city(reads.db, city)
    return answer(request, await detail(reads.db, known, practice_id))
