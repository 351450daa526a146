"""`townhall quarantine`."""

from typing import Annotated

import typer
from rich.console import Console

from consumers import quarantine
from consumers.cli.common import Every, Id, Yes, as_json, fail, run
from consumers.quarantine import Tried
from infra.mongo import Database
from infra.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Records that could not be counted.")


@app.command("list")
def list_quarantine(
    *,
    every: Every = False,
    after: Annotated[str | None, typer.Option(help="the last id of the page before")] = None,
    limit: Annotated[int, typer.Option(min=1, max=quarantine.MAX_PAGE)] = 50,
) -> None:
    """List a page of records, without their bytes: they may be personal."""
    rows = run(lambda _, db: quarantine.page(db, after=after, limit=limit, every=every))
    for row in rows:
        key = (row["key"] or b"").decode("utf-8", "backslashreplace")
        typer.echo(f"{row['_id']}  {row['status']}")
        typer.echo(
            f"    {row['reason']} at offset {row['first_offset']}, {row['count']} times, key {key[:100]}"
        )
        typer.echo(f"    {row['detail'][:300]}")
    if len(rows) == limit:
        typer.echo(f"more: --after {rows[-1]['_id']}", err=True)
    if not rows:
        typer.echo("nothing there", err=True)


@app.command("show")
def show_quarantine(entry: Id) -> None:
    """Show one record with its bytes, as JSON; bytes that are no text stand as base64."""
    typer.echo(as_json(run(lambda _, db: quarantine.find(db, entry))))


@app.command("retry")
def retry(
    entry: Annotated[str | None, typer.Argument(metavar="ID", help="as `list` shows it")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="everything that other code may count")] = False,
) -> None:
    """Count what waits for the same key as this record, in the order of the log, after a mend."""
    if (entry is None) != every:
        fail("Name one record, or give --all.")
    tried = run(lambda _, db: _retry_all(db) if entry is None else _retry(db, entry))
    _told(tried)


@app.command("drop")
def drop(entry: Id, *, yes: Yes = False) -> None:
    """Give one record up for good: it never counts, and what waits behind it goes on."""
    if not yes:
        typer.confirm(f"{entry} will never count, also when it is sent again. Give it up?", abort=True)

    async def given_up(_: Settings, db: Database) -> Tried:
        row = await quarantine.find(db, entry)
        return await quarantine.drop(db, await quarantine.projection_of(db, row), row)

    tried = run(given_up)
    typer.echo("given up")
    _told(tried)


async def _retry(db: Database, entry: str) -> Tried:
    row = await quarantine.find(db, entry)
    return await quarantine.retry(db, await quarantine.projection_of(db, row), row)


async def _retry_all(db: Database) -> Tried:
    total = Tried()
    with Console(stderr=True).status("trying") as line:
        for known in await quarantine.every(db):
            async for tried in quarantine.retry_all(db, known):
                total.keys += tried.keys
                total.records += tried.records
                total.still += tried.still
                line.update(f"{total.records} records count, {len(total.still)} keys still wait")
    return total


def _told(tried: Tried) -> None:
    typer.echo(f"{tried.records} records settled, of {tried.keys} keys; {len(tried.still)} keys still wait")
    for one in tried.still[:20]:
        typer.echo(f"    {one}")
    if tried.still:
        typer.echo("Nothing of those keys was changed. Mend the code, then try again, or drop the record.")
        raise typer.Exit(1)
