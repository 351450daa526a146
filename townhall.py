"""The front door: the command `townhall`. It composes; it decides nothing."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from structlog import get_logger

from consumers.cli import endpoints, incidents, messengers, projections, quarantine
from consumers.cli.verify import verify_command
from infra import failpoints
from infra.logging import configure, for_terminal
from infra.memory import fewer_collections
from infra.outages import told
from infra.running import NotRunning, resolve, running
from infra.settings import BadSettings, Settings, load
from producers.http.cli import cities_app, keys_app
from producers.imports.cli import app as import_app
from producers.metrics_cli import metrics_app
from producers.simulate.cli import simulate_command

if TYPE_CHECKING:
    from fastapi import FastAPI

    from consumers.history import History
    from infra.embedded import EmbeddedServers
    from infra.mongo import Database

T = TypeVar("T")
COUNT_SECONDS = 30.0
STATUS_WIDTH = 110
"""No name is cut short, however narrow the terminal."""
console = Console(stderr=True)
_log = get_logger(__name__)
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals hold events and credentials
    help="townhall: what citizens do for their city, counted exactly once.",
)
topics_app = typer.Typer(no_args_is_help=True, help="Kafka topics, as declared in events/topics.py.")
app.add_typer(topics_app, name="topics")
app.add_typer(keys_app, name="keys")
app.add_typer(cities_app, name="cities")
app.add_typer(metrics_app, name="metrics")
app.command("verify")(verify_command)

app.add_typer(projections.app, name="projections")
app.add_typer(incidents.app, name="incidents")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(endpoints.app, name="endpoints")
app.add_typer(messengers.app, name="messengers")
app.add_typer(import_app, name="import", help="Bring in elections and service requests from files.")


def _history(
    settings: Settings, db: "Database", cities: Sequence[str]
) -> contextlib.AbstractAsyncContextManager["History"]:
    from consumers import history

    return history.opened(settings, db, cities)


app.command("simulate")(simulate_command(_history))


@app.command()
def up() -> None:
    """Run everything on this machine: Kafka, MongoDB, ingestion, projector, pages."""
    settings = load()
    for_terminal(settings, "warning")
    with _servers(settings) as (ready, embedded):
        _run(_up(ready, embedded))
    _say("Stopped. Everything is kept; `townhall up` continues, `townhall reset` starts afresh.")


@app.command()
def gateway() -> None:
    """Run the ingestion API alone, against the servers that the environment names."""
    _run(_gateway(_ready()))


@app.command()
def web() -> None:
    """Run the read API and the pages alone."""
    settings = _ready(kafka=False)
    _run(_serve(_reads(settings), settings))


@app.command()
def project(
    names: Annotated[list[str] | None, typer.Argument(help="projections; all when none is named")] = None,
    *,
    supervised: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run a projector. Start as many as there are partitions; they share the work."""
    settings = _ready(logs="warning" if supervised else None)
    _run(_project(settings, names or [], supervised=supervised))


@app.command()
def follow_up(*, supervised: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Run the follow-ups: what events ask for in time. Start as many as there are partitions."""
    settings = _ready(logs="warning" if supervised else None)
    if supervised:  # a projector on this machine has the port
        settings = settings.model_copy(update={"health_port": None})
    _run(_follow_up(settings, supervised=supervised))


@app.command()
def relay(*, supervised: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Run the relay: it publishes what follow-ups derive, and fires their timers. A second one stands by."""
    _run(_relay(_ready(logs="warning" if supervised else None), supervised=supervised))


@app.command()
def mailer(*, supervised: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Run the mailer: it tells people what became of what they did. Start several; they share the work."""
    _run(_mailer(_ready(logs="warning" if supervised else None), supervised=supervised))


@app.command()
def webhooks(*, supervised: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Send events to the endpoints of integrators (`townhall endpoints`). A second one stands by."""
    _run(_webhooks(_ready(logs="warning" if supervised else None), supervised=supervised))


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False) -> None:
    """Show where each projection stands: applied, duplicates, quarantined, still to come, halted."""
    from infra.kafka import TopicsDiffer

    try:
        _run(_status(_ready(logs="error"), as_json=as_json))
    except TopicsDiffer as error:
        _fail(str(error))


@app.command()
def reset(*, yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False) -> None:
    """Delete everything in TOWNHALL_HOME: events, read models, keys and the pseudonym key."""
    settings = load()
    if running(settings):
        _fail(f"townhall runs from {settings.home.absolute()}. Stop it first; nothing was deleted.")
    if not settings.home.exists():
        console.print(f"Nothing to delete: {settings.home.absolute()} does not exist.")
        return
    if not yes:
        typer.confirm(f"Delete all events and data in {settings.home.absolute()}?", abort=True)
    shutil.rmtree(settings.home)
    console.print(f"Deleted {settings.home.absolute()}.")


@topics_app.command("diff")
def topics_diff() -> None:
    """Show what differs between the declaration and the cluster; exit code 1 when anything does."""
    from infra.kafka import diff_topics

    changes = _run(diff_topics(_ready(logs="error")))
    for change in changes:
        typer.echo(str(change))
    if changes:
        raise typer.Exit(1)
    typer.echo("the topics are as declared")


@topics_app.command("apply")
def topics_apply() -> None:
    """Create missing topics and set what differs; refuse to change a partition count."""
    from infra.kafka import apply_topics

    for change in _run(apply_topics(_ready(logs="error"))):
        typer.echo(f"{change.topic}: {change.what} set to {change.declared}")
    typer.echo("the topics are as declared")


@contextlib.contextmanager
def _servers(settings: Settings) -> "Iterator[tuple[Settings, EmbeddedServers | None]]":
    """The servers that the settings name, or embedded ones for as long as we run."""
    if settings.kafka and settings.mongo:
        yield settings, None
        return
    if settings.kafka or settings.mongo:
        _fail("Set both TOWNHALL_KAFKA and TOWNHALL_MONGO, or neither to run the embedded servers.")
    from pydantic import SecretStr

    from infra.embedded import EmbeddedError, EmbeddedServers, HomeInUse

    try:
        with console.status("starting") as line:
            embedded = EmbeddedServers(settings.home, report=line.update)
            endpoints = embedded.start()
    except HomeInUse as error:
        _fail(_already(settings) or str(error))
    except EmbeddedError as error:
        _fail(str(error))
    try:
        mongo = SecretStr(endpoints.mongo)
        yield settings.model_copy(update={"kafka": endpoints.kafka, "mongo": mongo}), embedded
    except EmbeddedError as error:
        _fail(str(error))
    finally:
        with console.status("stopping Kafka and MongoDB"):
            embedded.stop()


def _already(settings: Settings) -> str | None:
    """What somebody is told who starts it twice; None while the other one is still starting."""
    found = running(settings)
    if found is None:
        return None
    return (
        f"townhall runs from {settings.home.absolute()} already: look at {found['url']}/. Nothing was "
        f"changed. Stop it first (process {found['pid']}), or give this one another TOWNHALL_HOME."
    )


async def _up(settings: Settings, embedded: "EmbeddedServers | None") -> None:
    from infra import running as place
    from infra.kafka import apply_topics
    from infra.supervisor import Supervisor, stop_requested

    stop = await stop_requested(supervised=False)
    settings = settings.model_copy(update={"port": _free_port(settings)})
    assert settings.kafka is not None  # noqa: S101 - _servers saw to it
    assert settings.mongo is not None  # noqa: S101
    with console.status("preparing topics and collections"):
        await apply_topics(settings)
        await _collections(settings)
    url = f"http://{settings.host}:{settings.port}"
    mongo = settings.mongo.get_secret_value()
    environment = {"TOWNHALL_KAFKA": settings.kafka, "TOWNHALL_MONGO": mongo}
    environment["TOWNHALL_PUBLIC_URL"] = settings.public_url or url
    children = [
        Supervisor(name, [name, "--supervised"], environment)
        for name in ("project", "follow-up", "relay", "mailer", "webhooks")
    ]
    async with _running(_all_in_one(settings), settings) as ended:
        kept = embedded.keep(_say) if embedded else stop.wait()
        tasks = [asyncio.create_task(work) for work in (kept, *(one.run() for one in children), stop.wait())]
        place.announce(settings, kafka=settings.kafka, mongo=mongo, url=url)
        try:
            await _fill_demo(settings)
            _welcome(url)
            await asyncio.wait([*tasks, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            place.withdraw(settings)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    if not tasks[0].cancelled():
        tasks[0].result()  # why the servers could not be kept


async def _fill_demo(settings: Settings) -> None:
    """Fill the demo city and wait until its numbers can be read, so that the first look shows some."""
    from infra.mongo import PyMongoError, connect
    from producers import demo
    from projections.read import NotYet, wait_for
    from projections.registry import PROJECTIONS

    try:
        with console.status("filling the demo city"):
            positions = await demo.fill(settings)
        with console.status("counting"):
            async with connect(settings) as db:
                for projection in PROJECTIONS:
                    await wait_for(db, projection, positions, COUNT_SECONDS)
    except (NotYet, RuntimeError, PyMongoError) as error:
        console.print(f"The demo city is not complete: {error}", style="yellow", markup=False)


def _welcome(url: str) -> None:
    console.print(f"\n[bold]townhall is running.[/bold]  Look at {url}/  (Ctrl-C stops it)\n")
    _say("In another terminal, try:")
    _say("  townhall import pabulib FILE.pb                        watch real ballots arrive")
    _say("  townhall keys create --city port-linden --app my-app   a key for POST /v1/events")
    _say("  townhall status                                        where each projection stands\n")


def _reads(settings: Settings) -> "FastAPI":
    from consumers.feeds.http import feeds_router
    from consumers.messages.pages import tracking_router
    from producers.http.app import describe
    from projections.api.app import create_app

    served = create_app(settings)
    served.include_router(feeds_router(settings, lambda: served.state.reads.db))
    served.include_router(tracking_router(lambda: served.state.reads.db, settings))
    describe(served)
    return served


def _all_in_one(settings: Settings) -> "FastAPI":
    from fastapi import FastAPI

    from consumers.feeds.http import feeds_router
    from consumers.http import quarantine_router
    from consumers.messages.pages import tracking_router
    from consumers.webhooks.http import webhooks_router
    from infra import problems
    from infra.mongo import connect
    from producers.demo_desk import Desk
    from producers.http.app import describe, gateway_router
    from producers.http.contacts import contacts_router
    from producers.http.forms import Forms, forms_router
    from producers.http.gateway import Gateway
    from producers.http.health import health_router
    from projections.api.app import add_reads
    from projections.api.assets import TEMPLATES
    from projections.api.state import open_reads

    entry = Gateway(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with entry, connect(settings) as db, open_reads(app, db):
            yield

    one = FastAPI(title="townhall", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    one.include_router(gateway_router(entry))
    one.include_router(health_router(entry))
    one.include_router(quarantine_router(lambda: (entry.db, entry.keys)))
    one.include_router(contacts_router(lambda: (entry.db, entry.keys)))
    TEMPLATES.globals["can_report"] = True
    one.include_router(forms_router(Forms(entry, Desk(entry.publish).take)))
    one.include_router(tracking_router(lambda: entry.db, settings))
    one.include_router(feeds_router(settings, lambda: entry.db))
    one.include_router(webhooks_router(lambda: (entry.db, entry.keys), settings))
    add_reads(one)
    problems.install(one)
    describe(one)
    return one


@contextlib.asynccontextmanager
async def _running(served: "FastAPI", settings: Settings) -> AsyncIterator["asyncio.Task[None]"]:
    """Serve HTTP; signals are ours to handle, so that everything stops in order."""
    from producers.http.server import config
    from projections.api.server import Server

    server = Server(config(served, settings), served)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            _fail(f"The HTTP server did not start on {settings.host}:{settings.port}; the log says why.")
        await asyncio.sleep(0.02)
    try:
        yield task
    finally:
        server.should_exit = True
        await task


async def _gateway(settings: Settings) -> None:
    from consumers.http import quarantine_router
    from consumers.webhooks.http import webhooks_router
    from infra.kafka import KafkaError, check_topics
    from producers.http.app import create_app
    from producers.http.contacts import contacts_router
    from producers.http.gateway import Gateway

    try:
        await check_topics(settings, exactly=True)
    except KafkaError as error:
        # Without Kafka it answers 503 and asks again with each request, which is more than no answer.
        _log.warning("topics_not_checked", error=type(error).__name__)
    entry = Gateway(settings)
    served = create_app(entry)
    served.include_router(quarantine_router(lambda: (entry.db, entry.keys)))
    served.include_router(contacts_router(lambda: (entry.db, entry.keys)))
    served.include_router(webhooks_router(lambda: (entry.db, entry.keys), settings))
    await _serve(served, settings)


async def _serve(served: "FastAPI", settings: Settings) -> None:
    from infra.supervisor import stop_requested

    if not _is_free(settings.host, settings.port):
        _fail(
            f"Cannot listen on {settings.host}:{settings.port}: taken, or no address of this machine. "
            "Set TOWNHALL_HOST and TOWNHALL_PORT."
        )
    stop = await stop_requested(supervised=False)
    async with _running(served, settings) as ended:
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([waiting, ended], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()


async def _collections(settings: Settings) -> None:
    """Collections and indexes of every build that is followed, and the first ones of all."""
    from infra.mongo import connect
    from projections import builds
    from projections.registry import PROJECTIONS

    async with connect(settings) as db:
        await builds.prepare(db, PROJECTIONS)


async def _project(settings: Settings, names: list[str], *, supervised: bool) -> None:
    from consumers.projector import follow
    from infra.kafka import check_topics, cluster_id
    from infra.mongo import connect
    from infra.supervisor import stop_requested
    from projections.registry import PROJECTIONS

    unknown = set(names) - {projection.name for projection in PROJECTIONS}
    if unknown:
        _fail(
            f"No projection {', '.join(sorted(unknown))}; there are {', '.join(p.name for p in PROJECTIONS)}."
        )
    stop = await stop_requested(supervised=supervised)
    await check_topics(settings)
    cluster = await cluster_id(settings)
    wanted = [p for p in PROJECTIONS if not names or p.name in names]
    fewer_collections(1_000_000)
    async with connect(settings) as db:
        await follow(settings, db, cluster, wanted, stop)


async def _follow_up(settings: Settings, *, supervised: bool) -> None:
    from consumers.follow_up import run

    await _consume(run, settings, supervised=supervised)


async def _relay(settings: Settings, *, supervised: bool) -> None:
    from consumers.relay import run

    await _consume(run, settings, supervised=supervised)


async def _mailer(settings: Settings, *, supervised: bool) -> None:
    from consumers.messages.mailer import run

    await _consume(run, settings, supervised=supervised)


async def _webhooks(settings: Settings, *, supervised: bool) -> None:
    from consumers.webhooks.process import run
    from infra.kafka import check_topics, cluster_id
    from infra.mongo import connect
    from infra.supervisor import stop_requested

    stop = await stop_requested(supervised=supervised)
    await check_topics(settings)
    cluster = await cluster_id(settings)
    async with connect(settings) as db:
        await run(settings, db, cluster, stop)


async def _consume(run: Callable[..., Awaitable[None]], settings: Settings, *, supervised: bool) -> None:
    from consumers.followups.registry import FOLLOW_UPS
    from infra.kafka import check_topics, cluster_id
    from infra.mongo import connect
    from infra.supervisor import stop_requested

    stop = await stop_requested(supervised=supervised)
    await check_topics(settings)
    cluster = await cluster_id(settings)
    async with connect(settings) as db:
        await run(settings, db, cluster, FOLLOW_UPS, stop)


async def _status(settings: Settings, *, as_json: bool) -> None:
    from consumers.history import held
    from consumers.lag import in_words, standing
    from infra.kafka import check_topics
    from infra.mongo import connect

    await check_topics(settings)
    async with connect(settings) as db:
        rows, histories = await standing(settings, db), await held(db)
    if as_json:
        stand = {city: at.isoformat() for city, at in histories.items()}
        typer.echo(json.dumps({"projections": [row._asdict() for row in rows], "histories": stand}))
        return
    names = ("projection", "topic", "applied", "duplicates", "quarantined", "to come", "oldest", "halted")
    table = Table(*names, box=None)
    for row in rows:
        counts = (row.applied, row.duplicates, row.quarantined, row.waiting)
        halted = ", ".join(f"{partition}: {kind}" for partition, kind in row.halted.items())
        topic = row.topic.removeprefix("townhall.")
        table.add_row(row.projection, topic, *map(str, counts), in_words(row.oldest_seconds), halted)
    Console(width=max(STATUS_WIDTH, Console().width)).print(table)
    if any(row.quarantined for row in rows):
        _say("Quarantined records are in the collection `quarantine`, with their bytes and the reason.")
    for city, at in histories.items():
        _say(f"The history of {city} is brought in and stands at {at:%Y-%m-%d}: what is due later waits.")
    if any(row.halted for row in rows):
        _say("Halted partitions wait for you: the collection `incidents` says why. All else goes on.")


def _free_port(settings: Settings) -> int:
    """The port asked for, or the next free one."""
    wanted = range(settings.port, min(settings.port + 100, 65_536))
    found = next((port for port in wanted if _is_free(settings.host, port)), None)
    if found and found != settings.port:
        _say(f"{settings.port} is taken, using {found}.")
    return found or _fail(
        f"Nothing can listen on {settings.host} from port {settings.port} on: taken, not allowed, or no "
        "address of this machine. Set TOWNHALL_HOST and TOWNHALL_PORT."
    )


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop, which spends less on every exchange with a socket."""
    import uvloop

    from infra.kafka import KafkaError, TopicsDiffer
    from infra.mongo import PyMongoError

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except TopicsDiffer as error:
        _fail(str(error))
    except (KafkaError, PyMongoError) as error:
        _fail(told("Kafka" if isinstance(error, KafkaError) else "MongoDB", error))


def _ready(*, kafka: bool = True, logs: Literal["warning", "error"] | None = None) -> Settings:
    """Settings with servers named. `logs`: a person reads our words, and beside them logs from here on."""
    settings = load()
    if logs:
        for_terminal(settings, logs)
    else:
        configure(settings)
    try:
        return resolve(settings, kafka=kafka)
    except NotRunning as error:
        _fail(str(error))


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _fail(message: str) -> NoReturn:
    console.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    fewer_collections()
    try:
        failpoints.arm(os.environ.get(failpoints.VARIABLE, ""))
        app()
    except (BadSettings, failpoints.BadFailpoints) as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
