"""`townhall verify`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from consumers import verify
from consumers.cli.common import run
from consumers.followups.registry import FOLLOW_UPS
from infra.mongo import Database
from infra.settings import Settings
from projections import builds
from projections.core import Projection
from projections.registry import PROJECTIONS

SHOWN = 20


class _Steps:
    """A progress bar for each projection."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, build: Projection, done: int, total: int) -> None:
        if build.group not in self._tasks:
            self._tasks[build.group] = self._progress.add_task(build.group, total=total)
        self._progress.update(self._tasks[build.group], completed=done, total=total)


def verify_command(
    name: Annotated[str | None, typer.Argument(help="a projection, or one build: requests.v3.2")] = None,
    *,
    sample: Annotated[int | None, typer.Option(min=1, help="about so many documents, no sums")] = None,
    at: Annotated[str | None, typer.Option(help="an earlier checkpoint, as verify printed it")] = None,
) -> None:
    """Fold the log again and compare with what readers see, document by document and sum by sum.

    Exit code 1 when anything differs. With --at the log is folded up to an earlier checkpoint and
    compared with the digest of that time.
    """

    async def verified(settings: Settings, db: Database) -> bool:
        with Progress(console=Console(stderr=True)) as progress:
            steps = _Steps(progress)
            chosen = await _chosen(db, name)
            if at is not None:
                return await _recomputed(settings, db, chosen, at, steps)
            results = [
                await verify.verify(settings, db, build, lambda *n, b=build: steps(b, *n), sample=sample)
                for build in chosen
            ]
        for result in results:
            _tell(result)
        return not any(result.wrong for result in results)

    if not run(verified):
        raise typer.Exit(1)


async def _chosen(db: Database, name: str | None) -> list[Projection]:
    """The builds that readers see and the states of follow-ups, or the named one."""
    found = [build for build in await builds.listing(db, PROJECTIONS) if build.projection]
    chosen = [build.projection for build in found if build.projection and _is_meant(build, name)]
    begun = await db["checkpoints"].distinct("group", {"next": {"$gt": 0}})
    follow_ups = [one for one in FOLLOW_UPS if one.group in begun]
    chosen += [one for one in follow_ups if name in (None, one.name)]
    if not chosen:
        known = [f"{build.name}.{build.tag}" for build in found] + [one.name for one in follow_ups]
        there = ", ".join(known) or "none yet: start `townhall project`"
        raise verify.CannotVerify(f"No build {name or ''} that this code knows; there are {there}.")
    return chosen


def _is_meant(build: builds.Build, name: str | None) -> bool:
    return (build.live and name in (None, build.name)) or name == f"{build.name}.{build.tag}"


async def _recomputed(
    settings: Settings, db: Database, chosen: list[Projection], token: str, steps: _Steps
) -> bool:
    if len(chosen) != 1:
        raise verify.CannotVerify("Name the projection whose checkpoint this is.")
    (build,) = chosen
    digest, kept = await verify.recompute(settings, db, build, token, lambda *n: steps(build, *n))
    said = {None: "no verification of that checkpoint is kept to compare with", digest: "the same as then"}
    typer.echo(f"{build.group} at {token}: {digest}, {said.get(kept, f'NOT the same as then: {kept}')}")
    return kept in (None, digest)


def _tell(result: verify.Result) -> None:
    counted = f"{result.events:,} offsets, {result.documents:,} documents, {result.cells:,} cells"
    extent = "a sample, without sums: " if result.sampled else ""
    verdict = f"{result.wrong:,} DIFFERENCES" if result.wrong else "equal"
    typer.echo(f"{result.projection}: {verdict}. {extent}{counted}, {result.seconds:g} s")
    for line in result.differences[:SHOWN]:
        typer.echo(f"    {line}")
    if result.wrong > SHOWN:
        typer.echo(f"    ... the first {len(result.differences)} are kept in the collection `verifications`")
    typer.echo(f"    checkpoint {result.checkpoint}")
    typer.echo(f"    digest {result.digest}")
