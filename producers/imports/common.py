"""The run of an import: rows to events, events to the log in chunks, and what came of it.

A run that stops is resumed by running it again: ids are derived from the rows, so what arrived
counts once.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import stamina

from events.envelope import Event
from events.positions import Position, to_token
from infra.directory import CityRefused
from infra.kafka import TopicsDiffer
from infra.mongo import Database, PyMongoError, connect
from infra.settings import Settings
from producers.imports.cities import doubt, settle
from producers.imports.counting import Counter
from producers.imports.outcomes import ImportRefused, Mint, Outcome, Preface, Reading, Rejected
from producers.imports.pseudonyms import agreed_key
from producers.imports.rejects import Rejects
from producers.imports.summary import FileSummary
from producers.publisher import OutcomeUnknown, Publisher

CHUNK: Final = 1_000
"""Events published at once."""

IN_FLIGHT: Final = 4
"""Chunks on their way at once, none of which shares a key with another: order by key is kept."""

RETRY_SECONDS: Final = 120.0
COUNT_SECONDS: Final = 60.0

Progress = Callable[[str, int, int | None], None]
"""Told of what is done: a word for the work, how much of it, of how much."""

Job = tuple[str, Callable[[], Reading]]
"""The name of a file, and what reads it."""


class Publishes(Protocol):
    """What the run needs of a publisher."""

    async def publish(self, events: list[Event]) -> list[Position]:
        """Publish all and wait for every acknowledgement."""


@dataclass
class Run:
    """Everything one command shares between its files."""

    db: Database
    settings: Settings
    publisher: Publisher
    key: bytes
    rejects: Rejects
    timezone: str | None
    wait: bool
    progress: Progress

    async def file(self, name: str, reading: Reading, summary: FileSummary) -> None:
        """Import one file into the log; `summary` tells what happened, also when this raises.

        Raises ImportRefused (nothing of the file was published) or OutcomeUnknown.
        """
        started = time.monotonic()
        against = reading.against
        outcomes = reading.outcomes if against is None else await against(self.db, self.settings)
        city, summary.new_city = await settle(self.db, reading, self.timezone)
        summary.city, summary.timezone, summary.round = city.id, city.timezone, reading.round_id
        doubtful = doubt(reading, city) if summary.new_city and self.timezone is None else ""
        summary.warnings += [doubtful] if doubtful else []
        mint = Mint(self.key, city.id, reading.system, city.zone)
        counter = await Counter.begin(self.db)
        positions: dict[tuple[str, int], Position] = {}
        try:
            groups = self._taken(name, outcomes(mint), summary)
            async with aclosing(publish_all(self.publisher, groups)) as published:
                async for done in published:
                    for position in done:
                        last = positions.get(position[:2], position)
                        positions[position[:2]] = max(position, last)
                    summary.events += len(done)
                    self.progress("importing", summary.rows, reading.rows)
        finally:
            summary.position = to_token(positions.values())
            summary.publishing_seconds = time.monotonic() - started
        check_sum(summary)
        if self.wait and positions:
            await self._count(counter, positions, summary)

    def _taken(
        self, name: str, outcomes: Iterator[Outcome], summary: FileSummary
    ) -> Iterator[tuple[Event, ...]]:
        for outcome in outcomes:
            summary.rows += not isinstance(outcome, Preface)
            if isinstance(outcome, Rejected):
                self.rejects.add(name, outcome)
                summary.reject(outcome.reason)
            else:
                summary.notes.update(outcome.notes)
                summary.accepted += not isinstance(outcome, Preface)
                yield outcome.events

    async def _count(
        self, counter: Counter, positions: dict[tuple[str, int], Position], summary: FileSummary
    ) -> None:
        summary.duplicates = await counter.duplicates(
            positions.values(), COUNT_SECONDS, lambda done, of: self.progress("counting", done, of)
        )
        if summary.duplicates is None:
            self.wait = False  # nor for the files that follow
            summary.warnings.append(
                "published and safe in the log, but no projector has counted it yet: "
                "start one (`townhall project`), and the duplicates are known later"
            )


def chunks(groups: Iterator[tuple[Event, ...]]) -> Iterator[list[Event]]:
    """Events in lists of about CHUNK; those of one row stay together."""
    chunk: list[Event] = []
    for group in groups:
        chunk += group
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def publish_all(
    publisher: Publishes, groups: Iterator[tuple[Event, ...]]
) -> AsyncGenerator[list[Position], None]:
    """Publish everything, some chunks at once; the positions of each chunk as it is acknowledged.

    Raises OutcomeUnknown, and then leaves nothing on its way.
    """
    flying: deque[tuple[asyncio.Task[list[Position]], set[str]]] = deque()
    try:
        for chunk in chunks(groups):
            keys = {event.key for event in chunk}
            while len(flying) == IN_FLIGHT or any(not keys.isdisjoint(others) for _, others in flying):
                yield await flying[0][0]
                flying.popleft()
            flying.append((asyncio.create_task(publish(publisher, chunk)), keys))
            await asyncio.sleep(0)  # lets it start before the next rows are read
        while flying:
            yield await flying[0][0]
            flying.popleft()
    finally:
        for task, _ in flying:
            task.cancel()
        await asyncio.gather(*(task for task, _ in flying), return_exceptions=True)


async def publish(publisher: Publishes, chunk: list[Event], seconds: float = RETRY_SECONDS) -> list[Position]:
    """Publish, again and again while the outcome is unknown; raises OutcomeUnknown after `seconds`."""
    async for attempt in stamina.retry_context(on=OutcomeUnknown, attempts=None, timeout=seconds):
        with attempt:
            return await publisher.publish(chunk)
    raise AssertionError("unreachable: the last attempt returns or raises")


def check_sum(summary: FileSummary) -> None:
    """Every row was accepted or rejected; raises RuntimeError otherwise."""
    if summary.accepted + summary.rejected != summary.rows:
        raise RuntimeError(
            f"{summary.file}: {summary.accepted} accepted and {summary.rejected} rejected rows are not the "
            f"{summary.rows} rows read. This is a fault of the importer; the published events are safe."
        )


@asynccontextmanager
async def opened(
    settings: Settings, rejects: Rejects, *, timezone: str | None, wait: bool, progress: Progress
) -> AsyncIterator[Run]:
    """A run with its connections and its key.

    Raises BadKey, OSError, ValueError or PyMongoError before anything is published.
    """
    async with connect(settings) as db, Publisher(settings) as publisher:
        key = await agreed_key(db, settings)
        yield Run(db, settings, publisher, key, rejects, timezone, wait, progress)


async def every(run: Run, jobs: Sequence[Job]) -> list[FileSummary]:
    """Import file after file, until the servers answer no more: the next file would only wait as long."""
    summaries: list[FileSummary] = []
    for name, read in jobs:
        summaries.append(await attempt(run, name, read))
        if summaries[-1].unanswered:
            break
    return summaries


async def attempt(run: Run, name: str, read: Callable[[], Reading]) -> FileSummary:
    """Import one file; a file that fails says so in its summary."""
    summary = FileSummary(name)
    started = time.monotonic()
    try:
        await run.file(name, read(), summary)
    except (ImportRefused, CityRefused) as error:
        summary.error = str(error)
    except TopicsDiffer as error:
        summary.error = f"{error} {_kept(summary)}"
    except OSError as error:
        summary.error = f"cannot be read or written: {error}. {_kept(summary)}"
    except OutcomeUnknown:
        summary.error = f"Kafka did not acknowledge for {RETRY_SECONDS:.0f} s. {_kept(summary)}"
        summary.unanswered = True
    except PyMongoError as error:
        summary.error = f"MongoDB did not answer ({type(error).__name__}). {_kept(summary)}"
        summary.unanswered = True
    finally:
        summary.seconds = time.monotonic() - started
    return summary


def _kept(summary: FileSummary) -> str:
    if not summary.events:
        return "Nothing is known to be published. Run the same command again: what arrived counts once."
    return (
        f"{summary.events:,} events are published and kept. "
        "Run the same command again: what arrived counts once."
    )
