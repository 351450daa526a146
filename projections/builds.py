"""Builds: the physical copies of a projection, and which of them readers see.

A build is one version of a projection filled from the log's start, with collections, checkpoints and
a ledger of its own. The collection `builds` holds a row for each: `filling` by a rebuild, or
`following` the log, kept up to date by projectors. Readers see the build that the public names, which
are MongoDB views, point at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from infra.mongo import Database, DuplicateKeyError
from projections import storage
from projections.core import Projection, build_tag
from projections.registry import BY_NAME

Row = Mapping[str, Any]
State = Literal["filling", "following"]
COLLECTION = "builds"


class Build(NamedTuple):
    """One row, with the projection as this build names it; None where this code has another version."""

    name: str
    tag: str
    state: State
    live: bool
    projection: Projection | None


class CannotSwitch(ValueError):
    """The build is not to be given to readers, or not to be dropped; nothing was changed."""


async def listing(db: Database, projections: Sequence[Projection]) -> list[Build]:
    """All builds of these projections, the oldest first."""
    found: list[Build] = []
    for projection in projections:
        live = await storage.live_tag(db, projection)
        rows = await db[COLLECTION].find({"projection": projection.name}).sort("_id", 1).to_list(None)
        for row in rows:
            here = row["version"] == projection.version
            own = numbered(projection, row["build"]) if here else None
            tag = build_tag(row["version"], row["build"])
            found.append(Build(projection.name, tag, row["state"], tag == live, own))
    return found


async def prepare(db: Database, projections: Sequence[Projection]) -> list[Projection]:
    """Make the first builds of all, and what the others lack; returns `following`."""
    for projection in projections:
        await _first(db, projection)
    return await following(db, projections)


async def following(db: Database, projections: Sequence[Projection]) -> list[Projection]:
    """The builds that projectors of this code keep up to date."""
    builds = await listing(db, projections)
    return [one.projection for one in builds if one.projection and one.state == "following"]


async def begin(db: Database, projection: Projection) -> Projection:
    """The build to fill: one whose filling was cut off, or a new one, with its collections."""
    mine = {"projection": projection.name, "version": projection.version}
    while True:
        rows = await db[COLLECTION].find(mine).sort("build", 1).to_list(None)
        filling = [row["build"] for row in rows if row["state"] == "filling"]
        number = filling[0] if filling else max((row["build"] for row in rows), default=0) + 1
        build = numbered(projection, number)
        if filling or await _add(db, build, "filling"):
            await storage.create(db, build)
            return build


def numbered(projection: Projection, build: int) -> Projection:
    """The projection as this build names it."""
    return replace(projection, build=build)


async def filled(db: Database, build: Projection) -> None:
    """From here on projectors keep it up to date."""
    await db[COLLECTION].update_one({"_id": _id(build)}, {"$set": {"state": "following"}})


async def _first(db: Database, projection: Projection) -> None:
    """A projection that nobody has built yet begins at once; an update of the code needs a rebuild."""
    if await db[COLLECTION].count_documents({"projection": projection.name}, limit=1) == 0:
        await _add(db, projection, "following")
    row = {"_id": _id(projection), "state": "following"}
    if await db[COLLECTION].count_documents(row, limit=1):
        await storage.prepare(db, projection)


async def _add(db: Database, build: Projection, state: State) -> bool:
    row: dict[str, Any] = {
        "_id": _id(build),
        "projection": build.name,
        "version": build.version,
        "build": build.build,
        "collections": build.collections,
        "state": state,
        "made_at": datetime.now(UTC),
    }
    try:
        await db[COLLECTION].insert_one(row)
    except DuplicateKeyError:
        return False
    return True


async def switch(db: Database, build: Projection) -> None:
    """Give readers this build. Raises CannotSwitch while it is behind the one they see."""
    tag = await storage.live_tag(db, build)
    if tag not in (None, build.tag):
        await _check_not_behind(db, build, f"townhall.{build.name}.{tag}")
    await storage.switch(db, build)


async def _check_not_behind(db: Database, build: Projection, live: str) -> None:
    theirs = await _positions(db, live)  # first: both move on, and what is asked last is newer
    mine = await _positions(db, build.group)
    behind = sum(max(0, next_ - mine.get(place, 0)) for place, next_ in theirs.items())
    if behind:
        raise CannotSwitch(
            f"{build.name} {build.tag} is {behind} records behind what readers see now: they would go back "
            "in time. Let it catch up (`townhall projections list`), then switch. Nothing was changed."
        )


async def _positions(db: Database, group: str) -> dict[tuple[str, int], int]:
    rows = await db["checkpoints"].find({"group": group}).to_list(None)
    return {(row["topic"], row["partition"]): row["next"] for row in rows}


async def forget(db: Database, name: str, tag: str) -> Row:
    """Take a build that readers do not see off the list: projectors let go of it within seconds.

    Raises CannotSwitch for the one they see. The row says what is left to `storage.erase`.
    """
    row = await db[COLLECTION].find_one({"_id": f"{name}.{tag}"})
    if row is None:
        raise CannotSwitch(f"{name} has no build {tag}; `townhall projections list` names them.")
    if tag == await storage.live_tag(db, BY_NAME[name]):
        raise CannotSwitch(f"Readers see {name} {tag}: switch to another build first. Nothing was deleted.")
    await db[COLLECTION].delete_one({"_id": row["_id"]})
    return row


def _id(build: Projection) -> str:
    return f"{build.name}.{build.tag}"
