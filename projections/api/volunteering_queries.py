"""Opportunities and sessions, put together for the JSON API and the pages alike."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from infra.directory import City
from infra.mongo import Database
from projections import read
from projections.api import volunteering_models as models
from projections.api.moderated import MODERATION, hidden
from projections.api.queries import there
from projections.core import Document
from projections.metrics.suppression import few
from projections.metrics.suppression import hidden as to_hide
from projections.read import Between, OneOf, Where
from projections.registry import BY_NAME

VOLUNTEERING: Final = BY_NAME["volunteering"]
SOURCES: Final = (VOLUNTEERING, MODERATION)
"""What an answer that shows words of organisers is made from."""
STILL_TO_COME: Final = [("listed_at", -1)]
NEXT: Final = [("starts_at", 1)]
LAST: Final = [("starts_at", -1)]
MAX_SESSIONS: Final = 100
_OPPORTUNITY: Final = (
    "city",
    "activity",
    "organisation",
    "group_id",
    "project_id",
    "neighbourhood_id",
    "status",
    "last_starts_at",
    "published_at",
)
_SESSION: Final = (
    "city",
    "opportunity_id",
    "role_id",
    "starts_at",
    "ends_at",
    "remote",
    "accessibility",
    "min_age",
    "status",
    "cancel_reason",
    "capacity",
    "waiting_list",
    "min_attendance",
    "at_risk",
)
When = Literal["upcoming", "past"]
Counts = Mapping[str, int]


class Named(NamedTuple):
    """The opportunity of a session: its title, and whether its words are hidden."""

    title: str | None
    is_hidden: bool


async def opportunities(
    db: Database, city: City, *, limit: int, cursor: str | None = None
) -> models.Opportunities:
    """A page of published opportunities; those with sessions to come stand before those without."""
    as_of = await read.as_of(db, SOURCES)
    where: Where = {"city": city.id, "status": "published"}
    page = await read.documents(db, "opportunities", where, STILL_TO_COME, limit=limit, after=cursor)
    without = await hidden(db, "opportunity", (one["_id"] for one in page.items))
    found = [models.Opportunity(**_opportunity(one, is_hidden=one["_id"] in without)) for one in page.items]
    return models.Opportunities(opportunities=found, next=page.cursor, as_of=as_of)


async def opportunity(db: Database, city: City, opportunity_id: str) -> models.OpportunityDetail:
    """One opportunity, or a 404 problem."""
    as_of = await read.as_of(db, SOURCES)
    key = f"{city.id}/{opportunity_id}"
    found = there(await read.document(db, "opportunities", key), "opportunity")
    is_hidden = bool(await hidden(db, "opportunity", [key]))
    own: Where = {"city": city.id, "opportunity_id": opportunity_id, "starts_at": Between(_now(), None)}
    coming = await read.listing(db, "sessions", own, NEXT, limit=MAX_SESSIONS)
    words = ("description", "cancel_note")
    return models.OpportunityDetail(
        **_opportunity(found, is_hidden=is_hidden),
        **{name: None if is_hidden else found[name] for name in words},
        **{name: found[name] for name in ("cancelled_at", "cancel_reason")},
        roles=[_role(one, is_hidden=is_hidden) for one in found["roles"]],
        sessions=await _sessions(db, city, coming),
        as_of=as_of,
    )


async def sessions(
    db: Database,
    city: City,
    *,
    when: When = "upcoming",
    opportunity_id: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> models.Sessions:
    """A page of sessions that are not cancelled: upcoming, the next first, or past, the last first."""
    as_of = await read.as_of(db, SOURCES)
    upcoming = when == "upcoming"
    where: Where = {
        "city": city.id,
        "status": "scheduled",
        "starts_at": Between(_now(), None) if upcoming else Between(read.EVER, _now()),
        **({} if opportunity_id is None else {"opportunity_id": opportunity_id}),
    }
    order = NEXT if upcoming else LAST
    page = await read.documents(db, "sessions", where, order, limit=limit, after=cursor)
    return models.Sessions(sessions=await _sessions(db, city, page.items), next=page.cursor, as_of=as_of)


async def session(db: Database, city: City, session_id: str) -> models.SessionDetail:
    """One session, or a 404 problem."""
    as_of = await read.as_of(db, SOURCES)
    found = there(await read.document(db, "sessions", f"{city.id}/{session_id}"), "session")
    own: Where = {"city": city.id, "session": session_id}
    (shown,), signups, attended = await asyncio.gather(
        _sessions(db, city, [found]),
        read.tally(db, "session_signups", own),
        read.tally(db, "session_attendance", own),
    )
    outcome = _outcome(_numbers(signups), _numbers(attended))
    return models.SessionDetail(**dict(shown), **outcome, as_of=as_of)


def _now() -> datetime:
    return datetime.now(UTC)


def _opportunity(found: Document, *, is_hidden: bool) -> dict[str, Any]:
    words = {"title": None if is_hidden else found["title"], "hidden": is_hidden}
    return {"id": found["opportunity_id"], **words, **{name: found[name] for name in _OPPORTUNITY}}


def _role(role: Document, *, is_hidden: bool) -> models.Role:
    return models.Role(**{**role, "title": None if is_hidden else role["title"]})


async def _sessions(db: Database, city: City, found: Sequence[Document]) -> list[models.Session]:
    """These sessions with how full they are, and the titles of their opportunities."""
    if not found:
        return []
    ids = OneOf(tuple(one["session_id"] for one in found))
    named, cells = await asyncio.gather(
        _named(db, city, {one["opportunity_id"] for one in found} - {None}),
        read.tally(db, "session_signups", {"city": city.id, "session": ids}),
    )
    counts = {cell.key["session"]: cell.n for cell in cells}
    nobody = Named(None, is_hidden=False)
    return [
        _session(one, counts.get(one["session_id"], {}), named.get(one["opportunity_id"], nobody))
        for one in found
    ]


async def _named(db: Database, city: City, ids: Iterable[str]) -> dict[str, Named]:
    keys = {f"{city.id}/{one}" for one in ids}
    where: Where = {"_id": OneOf(tuple(keys))}
    fields = ("opportunity_id", "title")
    found = await read.listing(db, "opportunities", where, [], limit=max(1, len(keys)), fields=fields)
    without = await hidden(db, "opportunity", keys)
    return {
        one["opportunity_id"]: Named(None if one["_id"] in without else one["title"], one["_id"] in without)
        for one in found
    }


def _session(found: Document, counts: Counts, named: Named) -> models.Session:
    long, lat = found["point"]["coordinates"] if found["point"] else (None, None)
    signed_up, capacity = counts.get("signed_up", 0), found["capacity"]
    return models.Session(
        id=found["session_id"],
        title=named.title,
        place=None if named.is_hidden else found["place"],
        long=long,
        lat=lat,
        signed_up=signed_up,
        places_left=None if capacity is None else max(0, capacity - signed_up),
        waiting=counts.get("waiting", 0),
        **{name: found[name] for name in _SESSION},
    )


def _numbers(cells: Sequence[read.Cell]) -> Counts:
    return cells[0].n if cells else {}


def _outcome(signups: Counts, attended: Counts) -> dict[str, int | None]:
    """How many came. How many signed up is shown, so what is hidden must not follow from what is not."""
    came, missed = signups.get("came", 0), signups.get("no_shows", 0)
    walk_ins = attended.get("walk_ins", 0)
    parts = {"came": came, "no_shows": missed, "rest": signups.get("signed_up", 0) - came - missed}
    hide = to_hide(parts)
    return {
        "came": None if "came" in hide else came,
        "no_shows": None if "no_shows" in hide else missed,
        "walk_ins": None if few(walk_ins) else walk_ins,
    }
