"""`townhall messengers`: where a city's own messenger takes messages to its people."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from consumers.cli.common import Yes, run
from consumers.messages.messengers import Messengers
from consumers.webhooks.addresses import networks
from infra.mongo import Database
from infra.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="A city's own messenger, which is handed messages to its people."
)
City = Annotated[str, typer.Argument(help="the city's id in the directory")]


@app.command("set")
def set_messenger(
    city: City, url: Annotated[str, typer.Argument(help="https, of a host of the internet")]
) -> None:
    """Hand the city's messages over here; of a new messenger print the secret, which nobody sees again."""
    secret = run(lambda settings, db: _messengers(settings, db).put(city, url))
    if secret is None:
        typer.echo(f"The messenger of {city} is at {url} now; its secret is as before.", err=True)
    else:
        typer.echo(f"The messenger of {city} is at {url}. Only this once, its secret is:", err=True)
        typer.echo(secret)


@app.command("list")
def list_messengers() -> None:
    """List them."""
    rows = run(lambda settings, db: _messengers(settings, db).of())
    for one in rows.values():
        typer.echo(f"{one.city}  {one.url}")
    if not rows:
        typer.echo("no messenger", err=True)


@app.command("rotate")
def rotate(city: City) -> None:
    """Make a new secret and print it; the one before signs too for 24 hours."""
    typer.echo(run(lambda settings, db: _messengers(settings, db).rotate(city, datetime.now(UTC))))


@app.command("delete")
def delete(city: City, *, yes: Yes = False) -> None:
    """Hand nothing over any more; people with an e-mail address are written to there."""
    if not yes:
        typer.confirm(f"The messenger of {city} will be handed nothing. Delete it?", abort=True)
    gone = run(lambda settings, db: _messengers(settings, db).delete(city))
    typer.echo("deleted" if gone else f"{city} has no messenger", err=not gone)


def _messengers(settings: Settings, db: Database) -> Messengers:
    return Messengers(db, networks(settings.webhook_networks))
