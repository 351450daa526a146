"""Grants as they are answered, put together once for the JSON API and the pages alike."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from infra.directory import City, list_cities
from infra.mongo import Database
from infra.problems import ProblemError
from projections import read
from projections.api import grant_models as models
from projections.api import grant_published as published
from projections.api import threesixty
from projections.api.present import decimal_text, last_days
from projections.api.queries import there, today
from projections.core import Document
from projections.grants_ranking import Ranking, ranking
from projections.read import EVER, Between, Cell, OneOf, Where
from projections.registry import BY_NAME

GRANTS: Final = BY_NAME["grants"]
OPEN_FIRST: Final = [("status", -1), ("opened_at", -1)]
NEWEST: Final = [("granted_at", -1)]
TOLD: Final = Between(EVER, None)
MOST_APPLICATIONS: Final = 1_000
MOST_REVIEWS: Final = 20_000
"""A call with more of either is ranked by nobody here."""
_BY_CURRENCY: Final = {
    "grants_awarded": ("awards", "awarded"),
    "grants_disbursed": ("disbursed",),
    "grants_regranted": ("regranted",),
}


async def overview(db: Database, city: City) -> models.CityGrants:
    """What a city grants: its money, and what was done in time."""
    here: Where = {"city": city.id}
    until: Where = {**here, "due_on": Between("", last_days(today(city), 2)[0])}
    as_of = await read.as_of(db, [GRANTS])
    calls, money, instalments, reports = await asyncio.gather(
        read.count(db, "grant_calls", {**here, "status": "open", "opened_at": TOLD}, by="city"),
        _money(db, here),
        read.tally(db, "grant_instalments", until, by=()),
        read.tally(db, "grant_reports", until, by=()),
    )
    return models.CityGrants(
        city=city.id,
        open_calls=calls.get(city.id, 0),
        money=money,
        instalments=_kept(instalments, "instalments", "paid"),
        reports=_kept(reports, "reports", "submitted"),
        overdue=sum(cell.n["overdue"] for cell in reports),
        as_of=as_of,
    )


async def _money(db: Database, here: Where) -> list[models.Money]:
    found = await asyncio.gather(*(read.tally(db, name, here, by=("currency",)) for name in _BY_CURRENCY))
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for measures, cells in zip(_BY_CURRENCY.values(), found, strict=True):
        for cell in cells:
            sums[cell.key["currency"]].update({measure: cell.n[measure] for measure in measures})
    return [
        models.Money(
            currency=currency,
            awards=sums[currency]["awards"],
            **{name: decimal_text(sums[currency][name]) for name in ("awarded", "disbursed", "regranted")},
        )
        for currency in sorted(sums)
    ]


def _kept(cells: Iterable[Cell], due: str, done: str) -> models.Kept:
    n: Mapping[str, int] = next((cell.n for cell in cells), defaultdict(int))
    return models.Kept(due=n[due], done=n[done], on_time=n["on_time"])


async def calls(db: Database, city: City, *, limit: int, cursor: str | None) -> models.Calls:
    """A page of a city's calls, those that are open first, then the newest."""
    as_of = await read.as_of(db, [GRANTS])
    where: Where = {"city": city.id, "opened_at": TOLD}
    page = await read.documents(db, "grant_calls", where, OPEN_FIRST, limit=limit, after=cursor)
    cells = await _applications(db, city, OneOf(tuple(one["call_id"] for one in page.items)))
    shown = [published.call_summary(one, cells[one["call_id"]]) for one in page.items]
    return models.Calls(calls=shown, next=page.cursor, as_of=as_of)


async def _applications(db: Database, city: City, of: OneOf | str) -> defaultdict[str, list[Cell]]:
    """The sums of applications by call."""
    by_call = defaultdict[str, list[Cell]](list)
    where: Where = {"city": city.id, "call_id": of}
    for cell in await read.tally(db, "grant_applications_by_call", where):
        by_call[cell.key["call_id"]].append(cell)
    return by_call


async def call(db: Database, city: City, call_id: str) -> models.Call:
    """One call with its ranking, or a 404 problem."""
    as_of = await read.as_of(db, [GRANTS])
    found = there(await read.document(db, "grant_calls", f"{city.id}/{call_id}"), "call")
    cells = await _applications(db, city, call_id)
    return published.call(found, cells[call_id], await _ranking(db, found), as_of)


async def _ranking(db: Database, found: Document) -> models.Ranking | None:
    """None until the city has told an order: before, nobody shall read one out of the reviews."""
    if found["ranking"] is None:
        return None
    stands: Where = {"city": found["city"], "call_id": found["call_id"]}
    fields = ("application_id", "status", "title")
    most = MOST_APPLICATIONS + 1
    applied = await read.listing(db, "grant_applications", stands, [], limit=most, fields=fields)
    titles = {one["application_id"]: one["title"] for one in applied if one["status"] in published.ACCEPTED}
    computed, reviewers = await _computed(db, found, applied)
    return published.ranking(found["ranking"], titles, computed, reviewers)


async def _computed(
    db: Database, found: Document, applied: list[dict[str, Any]]
) -> tuple[Ranking | None, int]:
    """The order computed here, and how many people reviewed; no order where there is too much of it."""
    ids = tuple(one["application_id"] for one in applied if one["status"] != "withdrawn")
    where: Where = {"city": found["city"], "application_id": OneOf(ids)}
    fields = ("application_id", "reviewer", "counts", "scores")
    reviews = await read.listing(db, "grant_reviews", where, [], limit=MOST_REVIEWS + 1, fields=fields)
    reviewers = len({one["reviewer"] for one in reviews if one["counts"]})
    if len(applied) > MOST_APPLICATIONS or len(reviews) > MOST_REVIEWS:
        return None, reviewers
    return ranking(found, ids, reviews), reviewers


async def accepted(
    db: Database, city: City, call_id: str, *, limit: int, cursor: str | None
) -> models.AcceptedApplications:
    """A page of a call's applications that were accepted, by id."""
    as_of = await read.as_of(db, [GRANTS])
    there(await read.document(db, "grant_calls", f"{city.id}/{call_id}"), "call")
    where: Where = {"city": city.id, "call_id": call_id, "status": OneOf(published.ACCEPTED)}
    page = await read.documents(db, "grant_applications", where, [], limit=limit, after=cursor)
    shown = [published.accepted(one) for one in page.items]
    return models.AcceptedApplications(applications=shown, next=page.cursor, as_of=as_of)


async def awards(db: Database, where: Where, *, limit: int, cursor: str | None) -> models.Awards:
    """A page of awards, the newest first."""
    as_of = await read.as_of(db, [GRANTS])
    page = await read.documents(
        db, "awards", {**where, "granted_at": TOLD}, NEWEST, limit=limit, after=cursor
    )
    shown = [published.award(one) for one in await named(db, page.items)]
    return models.Awards(awards=shown, next=page.cursor, as_of=as_of)


def application_of(award: Document) -> str:
    """The key of the application that an award answers."""
    return f"{award['city']}/{award['application_id']}"


async def named(db: Database, awards: Iterable[Document]) -> list[Document]:
    """The awards with the title of the accepted application and the name of the group where they say none."""
    found = list(awards)
    applications = await _by_key(db, "grant_applications", map(application_of, found))
    groups = await _by_key(db, "groups", map(_group_of, found))
    return [
        {
            **one,
            "title": one["title"] or published.title_of(applications.get(application_of(one))),
            "grantee_name": one["grantee_name"] or groups.get(_group_of(one), {}).get("name"),
        }
        for one in found
    ]


def _group_of(award: Document) -> str:
    return f"{award['city']}/{award['grantee_group_id']}"


async def award(db: Database, city: City, award_id: str) -> models.AwardDetail:
    """One award, or a 404 problem."""
    as_of = await read.as_of(db, [GRANTS])
    found = await read.document(db, "awards", f"{city.id}/{award_id}")
    told = there(found if found and found["granted_at"] else None, "award")
    (shown,) = await named(db, [told])
    cells = await read.tally(db, "grants_regranted", {"city": city.id, "award_id": award_id}, by=())
    made = sum(cell.n["awards"] for cell in cells)
    made_in = await read.document(db, "grant_calls", _call_of(told))
    return published.award_detail(shown, made_in, made, as_of)


async def threesixty_giving(db: Database, city: City) -> bytes:
    """All awards of a city as a 360Giving package, which holds one at least: else a 404 problem."""
    names = {one.id: one.name for one in await list_cities(db)}
    grants, cursor, more = list[dict[str, Any]](), None, True
    while more:
        where: Where = {"city": city.id, "granted_at": TOLD}
        page = await read.documents(db, "awards", where, NEWEST, after=cursor)
        applications = await _by_key(db, "grant_applications", map(application_of, page.items))
        calls_ = await _by_key(db, "grant_calls", map(_call_of, page.items))
        grants += [
            threesixty.grant(one, applications.get(application_of(one)), calls_.get(_call_of(one)), names)
            for one in await named(db, page.items)
        ]
        cursor, more = page.cursor, page.cursor is not None
    if not grants:
        raise ProblemError(404, "no_awards", f"{city.name} has made no award yet.")
    return threesixty.package(city, grants)


def _call_of(award: Document) -> str:
    return f"{award['city']}/{award['call_id']}"


async def _by_key(db: Database, view: str, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    wanted = tuple(dict.fromkeys(keys))
    found = await read.listing(db, view, {"_id": OneOf(wanted)}, [], limit=max(1, len(wanted)))
    return {one["_id"]: one for one in found}


async def regrants(
    db: Database, city: City, award_id: str, *, limit: int, cursor: str | None
) -> models.Regrants:
    """A page of the awards made of one, the newest first."""
    as_of = await read.as_of(db, [GRANTS])
    there(await read.document(db, "awards", f"{city.id}/{award_id}"), "award")
    where: Where = {"city": city.id, "award_id": award_id}
    page = await read.documents(
        db, "award_regrants", where, [("regranted_at", -1)], limit=limit, after=cursor
    )
    shown = [published.regrant(one) for one in page.items]
    return models.Regrants(regrants=shown, next=page.cursor, as_of=as_of)
