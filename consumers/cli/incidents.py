"""`townhall incidents`."""

from typing import Annotated

import typer

from consumers import incidents
from consumers.cli.common import Every, Id, Yes, as_json, run

app = typer.Typer(no_args_is_help=True, help="Partitions that halted, and how they go on.")


@app.command("list")
def list_incidents(*, every: Every = False) -> None:
    """List what halted, the latest first."""
    rows = run(lambda _, db: incidents.listing(db, every=every))
    if not rows:
        typer.echo("no incident" if every else "no open incident: every partition goes on")
    for row in rows:
        typer.echo(
            f"{row['_id']}  {row['status']}, {row['count']} times, last {row['last_at']:%Y-%m-%d %H:%M}Z"
        )
        typer.echo(f"    {row['detail']}")


@app.command("show")
def show_incident(incident: Id) -> None:
    """Show all that is known of one, as JSON."""
    typer.echo(as_json(run(lambda _, db: incidents.find(db, incident))))


@app.command("accept")
def accept_incident(
    incident: Id,
    *,
    start: Annotated[int | None, typer.Option("--from", help="offset to go on at")] = None,
    yes: Yes = False,
) -> None:
    """Let the partition go on. What the log has lost stays lost; the incident keeps the record of it."""
    row = run(lambda _, db: incidents.find(db, incident))
    if not yes:
        typer.confirm(f"{row['detail']}. Go on in spite of it?", abort=True)
    typer.echo(run(lambda settings, db: incidents.accept(settings, db, incident, start)))
