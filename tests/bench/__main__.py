"""`make bench`: ratios from one interleaved run, on servers of its own.

`make bench ARGS="--events 200000 --rounds 5"`. Absolute figures move with the machine: only the
ratios of one run count.
"""

import argparse
import statistics
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.directory import City, add_city
from infra.embedded import EmbeddedServers
from infra.kafka import apply_topics
from infra.keys import Keys
from infra.memory import fewer_collections
from infra.mongo import connect
from infra.settings import Settings
from producers.publisher import Publisher
from projections.registry import PROJECTIONS
from projections.storage import prepare
from tests.bench import contenders, ingestion, workload
from tests.support.processes import gateway

CHUNK = 2_000
PROJECTION = next(projection for projection in PROJECTIONS if projection.name == "participation")
READERS: dict[str, contenders.Contender] = {
    "raw limit: consume and decode": contenders.raw,
    "fold + bulk_write, no guarantee": contenders.unguarded,
    "projector, full guarantee": contenders.guarded,
}


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="make bench")
    arguments.add_argument("--events", type=int, default=60_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--profile", action="store_true", help="profile the projector once and stop")
    chosen = arguments.parse_args()
    fewer_collections()
    with tempfile.TemporaryDirectory() as home, EmbeddedServers(Path(home)) as servers:
        found = servers.start()
        settings = Settings(
            kafka=found.kafka, mongo=SecretStr(found.mongo), home=Path(home), log_level="error"
        )
        from infra.logging import configure

        configure(settings)
        uvloop.run(
            _profile(settings, chosen.events)
            if chosen.profile
            else _run(settings, chosen.events, chosen.rounds)
        )


async def _run(settings: Settings, count: int, rounds: int) -> None:
    await apply_topics(settings)
    with Progress(console=Console(stderr=True)) as progress:
        ways_in = await _ways_in(settings, min(count, 20_000), rounds, progress)
    # The ways in have filled the topic as well; the readers count every record there is.
    await _publish(settings, count)
    total = await _records(settings)
    with Progress(console=Console(stderr=True)) as progress:
        step = progress.add_task("reading", total=rounds * len(READERS))
        read: dict[str, list[float]] = {name: [] for name in READERS}
        for _ in range(rounds):
            for name, contender in READERS.items():
                read[name].append(await _fresh(settings, total, contender))
                progress.advance(step)
    _report(
        f"Reading {total:,} events, medians of {rounds} interleaved rounds",
        read,
        "fold + bulk_write, no guarantee",
    )
    _report("Ways in", ways_in, "bare producer, send")


async def _profile(settings: Settings, count: int) -> None:
    import cProfile
    import pstats

    await apply_topics(settings)
    await _publish(settings, count)
    total = await _records(settings)
    with cProfile.Profile() as profile:
        await _fresh(settings, total, contenders.guarded)
    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(40)


async def _fresh(settings: Settings, total: int, contender: contenders.Contender) -> float:
    """Run a contender on a database of its own."""
    own = settings.model_copy(update={"mongo_database": f"bench_{uuid.uuid4().hex[:12]}"})
    async with connect(own) as db:
        await prepare(db, PROJECTION)
        try:
            return await contender(contenders.Task(own, db, PROJECTION, total))
        finally:
            await db.client.drop_database(own.mongo_database)


async def _publish(settings: Settings, count: int) -> None:
    events = list(workload.events(count))
    async with Publisher(settings, deadline=60) as publisher:
        for at in range(0, count, CHUNK):
            await publisher.publish(events[at : at + CHUNK])


async def _records(settings: Settings) -> int:
    from events.topics import IDEAS
    from infra.kafka import TopicPartition, reader

    consumer = reader(settings)
    await consumer.start()
    try:
        ends = await consumer.end_offsets([TopicPartition(IDEAS.name, n) for n in range(IDEAS.partitions)])
    finally:
        await consumer.stop()
    return sum(ends.values())


async def _ways_in(settings: Settings, count: int, rounds: int, progress: Progress) -> dict[str, list[float]]:
    events = [event for event in workload.events(3 * count, seed=2) if event.city == "city-0"][: count // 2]
    async with connect(settings) as db:
        await add_city(db, City(id="city-0", name="City 0", timezone="UTC"))
        key, _ = await Keys(db).create("city-0", "bench", scopes=["events:write"], label="")
    async with gateway(settings) as url:
        ways: dict[str, Callable[[], Awaitable[float]]] = {
            "bare producer, send": lambda: ingestion.bare(settings, events),
            "API, an endpoint that does nothing": lambda: ingestion.idle(url, len(events)),
            "API, 1 event a request": lambda: ingestion.posted(url, key, events, 1),
            "API, 100 events a request": lambda: ingestion.posted(url, key, events, 100),
        }
        step = progress.add_task("ways in", total=rounds * len(ways))
        figures: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                figures[name].append(await way())
                progress.advance(step)
    return figures


def _report(title: str, figures: dict[str, list[float]], base: str) -> None:
    table = Table(title=title, title_justify="left")
    for name in ("what", "events/s", "min", "max", f"÷ {base}"):
        table.add_column(name, justify="left" if name == "what" else "right")
    reference = statistics.median(figures[base])
    for name, values in figures.items():
        middle = statistics.median(values)
        table.add_row(
            name, f"{middle:,.0f}", f"{min(values):,.0f}", f"{max(values):,.0f}", f"{middle / reference:.2f}"
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
