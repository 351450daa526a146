"""`townhall endpoints`: what `/v1/webhooks` does, for operators."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from consumers.cli.common import Yes, run
from consumers.webhooks.addresses import networks
from consumers.webhooks.deliveries import MAX_PAGE, Deliveries
from consumers.webhooks.endpoints import WHY, Endpoint, Endpoints
from infra.mongo import Database
from infra.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Endpoints of integrators that `townhall webhooks` sends events to."
)
T = TypeVar("T")
Id = Annotated[str, typer.Argument(metavar="ID", help="wh_..., as `list` shows it")]
Types = Annotated[list[str], typer.Option("--type", help="idea.submitted, a family like ideas, or all")]


@app.command("add")
def add(
    *,
    url: Annotated[str, typer.Argument(help="https, of a host of the internet")],
    city: Annotated[str, typer.Option(help="the city's id in the directory")],
    types: Types,
) -> None:
    """Make an endpoint and print its secret: the only time that anybody sees it."""
    made, secret = run(lambda settings, db: _endpoints(settings, db).create(city, url, types, _now()))
    typer.echo(f"{made.id} gets {', '.join(made.types)} of {city}. Only this once, its secret is:", err=True)
    typer.echo(secret)


@app.command("list")
def list_endpoints(city: Annotated[str | None, typer.Option(help="only this city")] = None) -> None:
    """List endpoints, with what waits for them and what ran out."""

    async def listed(settings: Settings, db: Database) -> list[tuple[Endpoint, dict[str, int]]]:
        found = await _endpoints(settings, db).of_city(city)
        counts = await Deliveries(db).counts(found)
        return [(one, counts[one.id]) for one in found]

    rows = run(listed)
    for one, counts in rows:
        typer.echo(f"{one.id}  {one.city}  {_state(one)}  {one.url}")
        waiting, out = counts.get("pending", 0), counts.get("exhausted", 0)
        typer.echo(f"    {', '.join(one.types)}; {waiting} wait, {out} ran out")
    if not rows:
        typer.echo("no endpoint", err=True)


@app.command("change")
def change(
    endpoint: Id,
    *,
    url: Annotated[str | None, typer.Option(help="another URL")] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="these types instead")] = None,
) -> None:
    """Change the URL or the types; what waits goes to the new URL."""
    changed = _with(endpoint, lambda all_, one, _: all_.change(one, url=url, types=types or None))
    typer.echo(f"{changed.id} gets {', '.join(changed.types)} at {changed.url}")


@app.command("enable")
def enable(endpoint: Id) -> None:
    """Send to it again; what waits goes now. What came while it was disabled is not made up for."""

    async def enabled(all_: Endpoints, one: Endpoint, deliveries: Deliveries) -> None:
        await deliveries.now(await all_.enable(one), _now())

    _with(endpoint, enabled)
    typer.echo("enabled")


@app.command("disable")
def disable(endpoint: Id) -> None:
    """Send nothing to it; what waits is kept for 30 days."""
    _with(endpoint, lambda all_, one, _: all_.disable(one, "by_hand"))
    typer.echo("disabled")


@app.command("delete")
def delete(endpoint: Id, *, yes: Yes = False) -> None:
    """Delete it, with all that waits for it."""
    if not yes:
        typer.confirm(f"{endpoint} and its log will be gone. Delete it?", abort=True)

    async def deleted(all_: Endpoints, one: Endpoint, deliveries: Deliveries) -> None:
        await all_.delete(one)
        await deliveries.forget(one.id)

    _with(endpoint, deleted)
    typer.echo("deleted")


@app.command("rotate")
def rotate(endpoint: Id) -> None:
    """Make a new secret and print it; the one before signs too for 24 hours."""
    typer.echo(_with(endpoint, lambda all_, one, _: all_.rotate(one, _now())))


@app.command("test")
def test(endpoint: Id) -> None:
    """Send an event `webhook.test`; `deliveries` tells what came of it."""
    typer.echo(_with(endpoint, lambda _, one, deliveries: deliveries.test(one, _now())))


@app.command("deliveries")
def list_deliveries(
    endpoint: Id,
    *,
    after: Annotated[str | None, typer.Option(help="the last id of the page before")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_PAGE)] = 50,
) -> None:
    """List a page of what was sent, the latest first, and what came of it."""
    rows = _with(endpoint, lambda _, one, deliveries: deliveries.page(one, after=after, limit=limit))
    for row in rows:
        last = row["tried"][-1] if row["tried"] else {}
        said = f"{last.get('outcome') or 'under way'} {last.get('status') or ''}".strip() if last else ""
        typer.echo(
            f"{row['message']}  {row['at']:%Y-%m-%d %H:%M:%S}Z  {row['type']}  {row['status']}, "
            f"{row['attempts']} attempts  {said}".rstrip()
        )
    if len(rows) == limit:
        typer.echo(f"more: --after {rows[-1]['message']}", err=True)
    if not rows:
        typer.echo("nothing was sent", err=True)


@app.command("replay")
def replay(
    endpoint: Id,
    message: Annotated[str | None, typer.Argument(metavar="MESSAGE", help="one delivery, msg_...")] = None,
    *,
    since: Annotated[datetime | None, typer.Option(help="everything written since then, in UTC")] = None,
    until: Annotated[datetime | None, typer.Option(help="and before then; now where it is left out")] = None,
) -> None:
    """Send one delivery again, or all of a time, with the same ids."""
    if (message is None) == (since is None):
        raise typer.BadParameter("Name one delivery, or give --since.")

    async def again(_: Endpoints, one: Endpoint, deliveries: Deliveries) -> int:
        if message is not None:
            await deliveries.replay(one, message, _now())
            return 1
        start = (since or _now()).replace(tzinfo=UTC)
        end = until.replace(tzinfo=UTC) if until else _now()
        return await deliveries.replay_between(one, start, end, _now())

    typer.echo(f"{_with(endpoint, again)} on their way")


def _state(one: Endpoint) -> str:
    if not one.enabled:
        return f"disabled: {WHY[one.disabled_because or 'by_hand']}"
    return f"failing since {one.failing_since:%Y-%m-%d %H:%M}Z" if one.failing_since else "enabled"


def _with(endpoint: str, work: Callable[[Endpoints, Endpoint, Deliveries], Awaitable[T]]) -> T:
    async def found(settings: Settings, db: Database) -> T:
        all_ = _endpoints(settings, db)
        return await work(all_, await all_.find(endpoint), Deliveries(db))

    return run(found)


def _endpoints(settings: Settings, db: Database) -> Endpoints:
    return Endpoints(db, networks(settings.webhook_networks))


def _now() -> datetime:
    return datetime.now(UTC)
