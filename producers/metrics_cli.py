"""`townhall metrics`: what a city publishes of itself."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer

from events.envelope import Event
from infra.directory import City, list_cities
from infra.kafka import KafkaError, TopicsDiffer
from infra.logging import for_terminal
from infra.mongo import Database, PyMongoError, connect
from infra.outages import told
from infra.running import resolve
from infra.settings import Settings, load
from producers import snapshots
from producers.imports.common import CHUNK, publish
from producers.publisher import OutcomeUnknown, Publisher
from projections.metrics.periods import Period, month_before, month_named

metrics_app = typer.Typer(no_args_is_help=True, help="Published numbers of cities.")


@metrics_app.callback()
def metrics() -> None:
    """Published numbers of cities."""


@metrics_app.command("publish")
def publish_metrics(
    city: Annotated[list[str] | None, typer.Option(help="a city's id; may be repeated; else all")] = None,
    month: Annotated[
        list[str] | None, typer.Option(help="a month that is over, like 2026-05; may be repeated")
    ] = None,
) -> None:
    """Publish the numbers of cities as events: for the coalition, and for whoever reads topics.

    Without --month those of the last month, and how things stand today. Published again, what has not
    changed counts once; what has changed is the newer number of the same month.
    """
    months = [_month(one) for one in month or ()]
    settings = load()
    for_terminal(settings, "error")
    try:
        asyncio.run(_publish(resolve(settings), city or [], months))
    except ValueError as error:
        _fail(str(error))
    except (OutcomeUnknown, TopicsDiffer) as error:
        _fail(f"{error} Run the same command again: what arrived counts once.")
    except (KafkaError, PyMongoError) as error:
        _fail(told("Kafka" if isinstance(error, KafkaError) else "MongoDB", error))


async def _publish(settings: Settings, wanted: Sequence[str], months: Sequence[Period]) -> None:
    now = datetime.now(UTC)
    async with connect(settings) as db, Publisher(settings) as publisher:
        for city in await _cities(db, wanted):
            events = await _events(db, city, months, now)
            for start in range(0, len(events), CHUNK):
                await publish(publisher, events[start : start + CHUNK])
            typer.echo(f"{city.id}: {len(events)} numbers published")


async def _events(db: Database, city: City, months: Sequence[Period], now: datetime) -> list[Event]:
    today = now.astimezone(city.zone).date()
    if not months:
        last = await snapshots.of_month(db, city, month_before(today), now)
        return last + await snapshots.of_today(db, city, now)
    events: list[Event] = []
    for month in months:
        if month.last >= today:
            raise ValueError(f"{month.first:%Y-%m} is not over yet in {city.id}")
        events += await snapshots.of_month(db, city, month, now)
    return events


async def _cities(db: Database, wanted: Sequence[str]) -> list[City]:
    known = await list_cities(db)
    unknown = sorted(set(wanted) - {city.id for city in known})
    if unknown:
        raise ValueError(f"no city {', '.join(unknown)} is in the directory. Nothing was published")
    return [city for city in known if not wanted or city.id in wanted]


def _month(text: str) -> Period:
    try:
        return month_named(text)
    except ValueError:
        _fail(f"{text!r} is no month like 2026-05. Nothing was published.")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
