"""Community groups in the read API: what they are for and do, and how many belong to them, never who."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from events.scalars import Code
from infra.directory import City
from infra.mongo import Database
from infra.problems import documented
from projections import read
from projections.api import queries
from projections.api.models import Answer, AsOf, Next
from projections.api.moderated import MODERATION, hidden
from projections.api.queries import SUPPRESS_BELOW, there
from projections.api.respond import After, Cursor, Limit, answer, wait
from projections.api.state import State
from projections.core import Document
from projections.read import EVER, Between, OneOf, Where
from projections.registry import BY_NAME

GROUPS = BY_NAME["groups"]
router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})
DETAIL = (GROUPS, MODERATION, BY_NAME["stewardship"], BY_NAME["volunteering"])
NEWEST = [("formed_at", -1)]
MAX_DOINGS = 200

Slug = Annotated[str, Query(max_length=64, description="a city's id")]


class Group(Answer):
    """A community group; of a hidden one the words are left out."""

    city: str
    id: str
    name: str | None
    purpose: str | None
    neighbourhood_id: str | None
    members: int | None = Field(description="its leader included; null below five")
    formed_at: datetime | None
    hidden: bool


class Cared(Answer):
    """A thing of the city that the group takes care of."""

    asset_id: str
    since: datetime | None
    check_ins: int


class Organised(Answer):
    """An opportunity to volunteer that the group organises; its title is null when hidden."""

    id: str
    title: str | None
    status: str
    last_starts_at: datetime | None = Field(description="when the last of its sessions starts")


class GroupDetail(Group):
    """One group with what it does."""

    cares_for: list[Cared] = Field(description="at most 200 things")
    organises: list[Organised] = Field(description="at most 200 opportunities")
    as_of: AsOf


class Groups(Answer):
    """Groups of a city, the youngest first."""

    groups: list[Group]
    next: Next
    as_of: AsOf


async def listing(
    db: Database, city: City, *, neighbourhood: str | None = None, limit: int, cursor: str | None
) -> Groups:
    """A page of groups whose forming is known, the youngest first."""
    as_of = await read.as_of(db, [GROUPS, MODERATION])
    where: Where = {"city": city.id, "formed_at": Between(EVER, None)}
    chosen = where if neighbourhood is None else {**where, "neighbourhood_id": neighbourhood}
    page = await read.documents(db, "groups", chosen, NEWEST, limit=limit, after=cursor)
    return Groups(groups=await _shown(db, city, page.items), next=page.cursor, as_of=as_of)


async def detail(db: Database, city: City, group_id: str) -> GroupDetail:
    """One group with what it does, or a 404 problem."""
    as_of = await read.as_of(db, DETAIL)
    found = there(await read.document(db, "groups", f"{city.id}/{group_id}"), "group")
    (shown,) = await _shown(db, city, [found])
    own: Where = {"city": city.id, "group_id": group_id}
    return GroupDetail(
        **dict(shown), cares_for=await _cares_for(db, own), organises=await _organises(db, own), as_of=as_of
    )


async def _cares_for(db: Database, own: Where) -> list[Cared]:
    fields = ("asset_id", "started_at", "check_ins")
    where: Where = {**own, "state": "active"}
    found = await read.listing(db, "adoptions", where, [("started_at", 1)], limit=MAX_DOINGS, fields=fields)
    return [
        Cared(asset_id=one["asset_id"], since=one["started_at"], check_ins=one["check_ins"]) for one in found
    ]


async def _organises(db: Database, own: Where) -> list[Organised]:
    fields = ("opportunity_id", "title", "status", "last_starts_at")
    order = [("last_starts_at", -1)]
    found = await read.listing(db, "opportunities", own, order, limit=MAX_DOINGS, fields=fields)
    without = await hidden(db, "opportunity", (one["_id"] for one in found))
    return [
        Organised(
            id=one["opportunity_id"],
            title=None if one["_id"] in without else one["title"],
            status=one["status"],
            last_starts_at=one["last_starts_at"],
        )
        for one in found
    ]


async def _shown(db: Database, city: City, found: Sequence[Document]) -> list[Group]:
    members = await _members(db, city, found)
    without = await hidden(db, "group", (one["_id"] for one in found))
    return [_group(one, members[one["_id"]], is_hidden=one["_id"] in without) for one in found]


async def _members(db: Database, city: City, found: Sequence[Document]) -> dict[str, int]:
    """How many belong to each group: who joined, and the leader where they did not."""
    ids = OneOf(tuple(one["group_id"] for one in found))
    cells = await read.tally(db, "group_members", {"city": city.id, "group": ids})
    joined = {f"{city.id}/{cell.key['group']}": cell.n["joined"] for cell in cells}
    leaders = {one["_id"]: f"{one['_id']}/{one['leader_ref']}" for one in found if one["leader_ref"]}
    where: Where = {"_id": OneOf(tuple(leaders.values())), "active": True}
    rows = await read.listing(db, "group_memberships", where, [], limit=len(found) or 1, fields=("_id",))
    counted = {row["_id"] for row in rows}
    return {
        key: joined.get(key, 0) + (key in leaders and leaders[key] not in counted)
        for key in (one["_id"] for one in found)
    }


def _group(group: Document, members: int, *, is_hidden: bool) -> Group:
    return Group(
        city=group["city"],
        id=group["group_id"],
        name=None if is_hidden else group["name"],
        purpose=None if is_hidden else group["purpose"],
        neighbourhood_id=group["neighbourhood_id"],
        members=None if members < SUPPRESS_BELOW else members,
        formed_at=group["formed_at"],
        hidden=is_hidden,
    )


@router.get("/groups", response_model=Groups, responses=documented(404))
async def groups(
    *,
    request: Request,
    reads: State,
    city: Slug,
    neighbourhood: Annotated[Code | None, Query(description="only those of it")] = None,
    cursor: Cursor = None,
    limit: Limit = 25,
    after: After = None,
) -> Response:
    """A city's community groups, the youngest first."""
    await wait(reads.db, after, GROUPS, MODERATION)
    known = await queries.known_city(reads.db, city)
    found = await listing(reads.db, known, neighbourhood=neighbourhood, limit=limit, cursor=cursor)
    return answer(request, found)


@router.get("/groups/{city}/{group_id}", response_model=GroupDetail, responses=documented(404))
async def one_group(
    request: Request, reads: State, city: str, group_id: str, after: After = None
) -> Response:
    """One community group with the things it takes care of and the opportunities it organises."""
    await wait(reads.db, after, *DETAIL)
    known = await queries.known_city(reads.db, city)
    return answer(request, await detail(reads.db, known, group_id))
