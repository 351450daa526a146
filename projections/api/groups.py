"""Community groups in the read API: what they are for and how many belong to them, never who."""

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
NEWEST = [("formed_at", -1)]

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


class GroupDetail(Group):
    """One group."""

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
    """One group, or a 404 problem."""
    as_of = await read.as_of(db, [GROUPS, MODERATION])
    found = there(await read.document(db, "groups", f"{city.id}/{group_id}"), "group")
    (shown,) = await _shown(db, city, [found])
    return GroupDetail(**dict(shown), as_of=as_of)


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
    """One community group."""
    await wait(reads.db, after, GROUPS, MODERATION)
    known = await queries.known_city(reads.db, city)
    return answer(request, await detail(reads.db, known, group_id))
