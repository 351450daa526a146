"""`townhall import`: files of other systems into the log."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.logging import for_terminal
from infra.mongo import PyMongoError
from infra.running import resolve
from infra.settings import Settings, load
from producers.imports import assets, common, nyc311, open311, pabulib, threesixty
from producers.imports.cities import check_id
from producers.imports.outcomes import ImportRefused, Reading
from producers.imports.rejects import Rejects
from producers.imports.summary import FileSummary, report, show

app = typer.Typer(
    no_args_is_help=True,
    help="Import files of other systems. Importing the same file again changes nothing and says so.",
)

_File = typer.Argument(exists=True, dir_okay=False, readable=True, help="Files to read, in this order.")
Files = Annotated[list[Path], _File]
OneFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to read.")
]
Timezone = Annotated[str | None, typer.Option(help="The clock of a city that is new, like Europe/Warsaw.")]
RejectsFile = Annotated[
    Path | None,
    typer.Option(
        "--rejects",
        help="Where rejected rows go, as they stand: they can hold personal data, so only you can read "
        "the file. Default: FILE.rejected.jsonl in this directory, made only when there are any.",
    ),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait to learn how many were duplicates.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]

Job = tuple[Path, Callable[[], Reading]]


@app.command("pabulib")
def import_pabulib(
    files: Files,
    *,
    city: Annotated[
        str | None, typer.Option(help="The id of the city; without it, the file tells the city.")
    ] = None,
    timezone: Timezone = None,
    rejects: RejectsFile = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Participatory-budgeting elections (.pb): the round, every ballot, the city's decision."""
    _check(city)
    jobs: list[Job] = [(file, partial(_pabulib, file, city)) for file in files]
    _run(jobs, timezone=timezone, rejects=rejects, wait=not no_wait, as_json=as_json)


@app.command("nyc311")
def import_nyc311(
    file: OneFile,
    *,
    city: Annotated[str, typer.Option(help="The id of the city the requests belong to.")] = "new-york",
    timezone: Timezone = None,
    rejects: RejectsFile = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Service requests in the CSV format of NYC 311, with any set of its columns."""
    _check(city)
    with ExitStack() as stack:
        job = (file, partial(_nyc311, file, city, stack))
        _run([job], timezone=timezone, rejects=rejects, wait=not no_wait, as_json=as_json)


@app.command("open311")
def import_open311(
    file: OneFile,
    *,
    city: Annotated[str, typer.Option(help="The id of the city the requests belong to.")],
    timezone: Timezone = None,
    rejects: RejectsFile = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Service requests in an Open311 GeoReport v2 answer, JSON or XML.

    A new city without --timezone keeps the offset of the file's first request, without summer time.
    """
    _check(city)
    job = (file, partial(_open311, file, city))
    _run([job], timezone=timezone, rejects=rejects, wait=not no_wait, as_json=as_json)


@app.command("threesixtygiving")
def import_threesixtygiving(
    file: OneFile,
    *,
    city: Annotated[str, typer.Option(help="The id of the city, or of the coalition, that granted them.")],
    timezone: Timezone = None,
    rejects: RejectsFile = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Grants in the 360Giving Data Standard, JSON or CSV: awards. Grants to persons are rejected."""
    _check(city)
    job = (file, partial(_threesixty, file, city))
    _run([job], timezone=timezone, rejects=rejects, wait=not no_wait, as_json=as_json)


@app.command("assets")
def import_assets(
    file: OneFile,
    *,
    city: Annotated[str, typer.Option(help="The id of the city the things belong to.")],
    source: Annotated[str, typer.Option(help="The name of this list, always the same, like storm_drains.")],
    asset_type: Annotated[str, typer.Option(help="The city's code of what is listed.")],
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Retire what is missing, however much it is.")
    ] = False,
    timezone: Timezone = None,
    rejects: RejectsFile = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Things that citizens can take care of, from CSV, GeoJSON or KML: the whole list, each time.

    What is new in it is registered, what changed is updated, what is missing is retired. Columns go by
    their names: id, name, latitude, longitude, neighbourhood, priority, not adoptable because.
    """
    _check(city)
    job = (file, partial(_assets, file, city, (source, asset_type), may_shrink=allow_shrink))
    _run([job], timezone=timezone, rejects=rejects, wait=not no_wait, as_json=as_json)


def _check(city: str | None) -> None:
    """A city that is named is named by its id, as in `townhall cities add`; exits otherwise."""
    try:
        if city is not None:
            check_id(city)
    except ImportRefused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _pabulib(file: Path, city: str | None) -> Reading:
    return pabulib.read(file.read_bytes(), file.stem, city)


def _nyc311(file: Path, city: str, stack: ExitStack) -> Reading:
    lines = stack.enter_context(file.open(encoding="utf-8-sig", errors="replace", newline=""))
    return nyc311.read(lines, city)


def _open311(file: Path, city: str) -> Reading:
    return open311.read(file.read_bytes(), city)


def _threesixty(file: Path, city: str) -> Reading:
    return threesixty.read(file.read_bytes(), city)


def _assets(file: Path, city: str, of: tuple[str, str], *, may_shrink: bool) -> Reading:
    changed = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return assets.read(file.read_bytes(), city, assets.Feed(*of, min(changed, datetime.now(UTC)), may_shrink))


def _run(
    jobs: Sequence[Job], *, timezone: str | None, rejects: Path | None, wait: bool, as_json: bool
) -> None:
    console, errors = Console(), Console(stderr=True)
    path = rejects or Path(f"{jobs[0][0].name}.rejected.jsonl")
    try:
        settings = resolve(load())
        for_terminal(settings, "error")  # the bar and the summary say the rest
        files = asyncio.run(_all(settings, jobs, timezone, path, wait=wait, terminal=errors))
    except (OSError, ValueError) as error:
        errors.print(f"Nothing was published: {error}", style="bold red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except PyMongoError as error:
        said = f"MongoDB did not answer ({type(error).__name__}). Run the same command again."
        errors.print(f"Nothing was published: {said}", style="bold red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        errors.print("Stopped. What was published is kept; run the same command again: it counts once.")
        raise typer.Exit(130) from None
    written = str(path) if any(file.rejected for file in files) else None
    not_tried = [file.name for file, _ in jobs[len(files) :]]
    if as_json:
        typer.echo(json.dumps(report(files, written, not_tried), ensure_ascii=False))
    else:
        show(console, files, written, not_tried)
    if any(file.error or (file.rows and not file.accepted) for file in files):
        raise typer.Exit(1)


async def _all(
    settings: Settings,
    jobs: Sequence[Job],
    timezone: str | None,
    rejects: Path,
    *,
    wait: bool,
    terminal: Console,
) -> list[FileSummary]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=terminal,
    )
    task = bar.add_task("importing", total=None)
    shown: AbstractContextManager[object] = bar if terminal.is_terminal else nullcontext()
    name = jobs[0][0].name

    def progress(work: str, done: int, of: int | None) -> None:
        bar.update(task, description=f"{name}: {work}", completed=done, total=of)

    def named(file: Path, read: Callable[[], Reading]) -> Reading:
        nonlocal name
        name = file.name
        return read()

    with Rejects(rejects) as kept, shown:
        async with common.opened(settings, kept, timezone=timezone, wait=wait, progress=progress) as run:
            return await common.every(run, [(file.name, partial(named, file, read)) for file, read in jobs])
