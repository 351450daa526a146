"""`townhall projections`: which builds there are, and rebuilding without downtime."""

import asyncio
import os
import sys
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from consumers import rebuild
from consumers.cli.common import Yes, fail, run
from consumers.projector import BUILDS_SECONDS
from infra.kafka import cluster_id, ends
from infra.memory import fewer_collections
from infra.mongo import Database
from infra.settings import Settings
from projections import builds, storage
from projections.core import Projection
from projections.registry import BY_NAME, PROJECTIONS

app = typer.Typer(no_args_is_help=True, help="The physical copies of read models, and rebuilding them.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="of the projection, as `list` shows it")]
Tag = Annotated[str, typer.Argument(metavar="BUILD", help="as `list` shows it, like v1.2")]
SWITCH_SECONDS = 60.0
_console = Console(stderr=True)


@app.command("list")
def list_builds() -> None:
    """List every build: whether readers see it, and how far it is behind."""
    table = Table("projection", "build", "readers", "state", "to come", box=None)
    for build, waiting in run(_standing):
        live = "see it" if build.live else ""
        table.add_row(build.name, build.tag, live, build.state, "?" if waiting is None else str(waiting))
    Console().print(table)


@app.command("rebuild")
def rebuild_projection(
    name: Name,
    *,
    processes: Annotated[int, typer.Option(min=1, max=32)] = max(1, os.cpu_count() or 1),
    switch: Annotated[bool, typer.Option("--switch", help="give it to readers when it is full")] = False,
) -> None:
    """Fill a new build from the log's start, beside the live one. Cut off, the same command goes on."""
    projection = _known(name)

    async def filled(settings: Settings, db: Database) -> Projection:
        build = await builds.begin(db, projection)
        await _fill(settings, db, build, processes)
        await builds.filled(db, build)
        if switch:
            await _switch_soon(db, build)
        return build

    build = run(filled)
    if switch:
        typer.echo(f"readers see {name} {build.tag} now; `townhall projections list` shows the old one")
    else:
        typer.echo(
            f"{build.tag} is full; `townhall projections switch {name} {build.tag}` gives it to readers"
        )


@app.command("switch")
def switch_build(name: Name, tag: Tag) -> None:
    """Give readers another build, at once."""

    async def switched(_: Settings, db: Database) -> None:
        await builds.switch(db, await _build(db, name, tag))

    run(switched)
    typer.echo(f"readers see {name} {tag} now")


@app.command("drop")
def drop_build(name: Name, tag: Tag, *, yes: Yes = False) -> None:
    """Delete a build that readers do not see."""
    _known(name)
    if not yes:
        typer.confirm(f"Delete all documents of {name} {tag}?", abort=True)

    async def dropped(_: Settings, db: Database) -> None:
        row = await builds.forget(db, name, tag)
        with _console.status("waiting until projectors have let go of it"):
            await asyncio.sleep(2 * BUILDS_SECONDS)
        await storage.erase(db, f"townhall.{name}.{tag}", row["collections"])

    run(dropped)
    typer.echo(f"{name} {tag} is gone")


@app.command("fill", hidden=True)
def fill(name: Name, number: int, part: int, parts: int) -> None:
    """Be one worker of a rebuild."""

    async def filled(settings: Settings, db: Database) -> None:
        build = builds.numbered(_known(name), number)
        mine = rebuild.partitions(build, part, parts)
        fewer_collections(1_000_000)
        await rebuild.fill(settings, db, await cluster_id(settings), build, mine)

    try:
        run(filled)
    except rebuild.Halted as error:
        fail(str(error))


async def _fill(settings: Settings, db: Database, build: Projection, processes: int) -> None:
    workers = [await _worker(settings, build, part, processes) for part in range(processes)]
    ended = asyncio.gather(*(worker.wait() for worker in workers))
    try:
        with Progress(console=_console) as progress:
            task = progress.add_task(f"filling {build.name} {build.tag}", total=None)
            while not ended.done():
                done, total = await _progress(settings, db, build)
                progress.update(task, completed=done, total=total)
                await asyncio.wait([ended], timeout=0.5)
    finally:
        for worker in workers:
            if worker.returncode is None:
                worker.terminate()
    if any(await ended):
        raise ValueError(
            "A worker of the rebuild ended early; what it had filled is kept, readers see what they saw. "
            "Run the same command again: it goes on from there."
        )


async def _switch_soon(db: Database, build: Projection) -> None:
    """Projectors learn of the full build within seconds, and bring it up to the live one."""
    deadline = time.monotonic() + SWITCH_SECONDS
    while True:
        try:
            return await builds.switch(db, build)
        except builds.CannotSwitch:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(1)


async def _worker(settings: Settings, build: Projection, part: int, parts: int) -> asyncio.subprocess.Process:
    arguments = ["projections", "fill", build.name, *map(str, (build.build, part, parts))]
    mongo = settings.mongo.get_secret_value() if settings.mongo else ""
    environment = {**os.environ, "TOWNHALL_KAFKA": settings.kafka or "", "TOWNHALL_MONGO": mongo}
    command = [sys.executable, "-m", "townhall", *arguments]
    return await asyncio.create_subprocess_exec(*command, env=environment)


async def _standing(settings: Settings, db: Database) -> list[tuple[builds.Build, int | None]]:
    found = []
    for build in await builds.listing(db, PROJECTIONS):
        waiting = None
        if build.projection:
            done, total = await _progress(settings, db, build.projection)
            waiting = total - done
        found.append((build, waiting))
    return found


async def _progress(settings: Settings, db: Database, build: Projection) -> tuple[int, int]:
    """Offsets before the checkpoints, and in the log."""
    there = await ends(settings, build.topics)
    rows: list[dict[str, Any]] = await db["checkpoints"].find({"group": build.group}).to_list(None)
    return sum(row["next"] for row in rows), sum(there.values())


async def _build(db: Database, name: str, tag: str) -> Projection:
    for build in await builds.listing(db, [_known(name)]):
        if build.tag == tag and build.state != "following":
            raise builds.CannotSwitch(f"{name} {tag} is not full yet: `townhall projections rebuild {name}`")
        if build.tag == tag and build.projection:
            return build.projection
    raise builds.CannotSwitch(
        f"This code has no build {tag} of {name}; `townhall projections list` names them."
    )


def _known(name: str) -> Projection:
    return BY_NAME.get(name) or fail(f"No projection {name}; there are {', '.join(BY_NAME)}.")
