"""Read models as the engine would have left them, written without one: for tests of reading alone."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zlib import crc32

from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database

from events.envelope import Event
from events.positions import Position, to_token
from events.registry import BY_TYPE
from infra import directory
from infra.mongo import connect
from infra.settings import Settings
from projections.core import Projection, cell_id
from projections.registry import PROJECTIONS
from projections.storage import prepare
from tests.support.spec import given, tallied


class ReadModels:
    """A database of its own; `play` adds events to its history and shows what they make of it."""

    def __init__(self, uri: str, database: str) -> None:
        self.settings = Settings(mongo=SecretStr(uri), mongo_database=database)
        self.db: Database[dict[str, Any]] = MongoClient(uri, tz_aware=True)[database]
        self._history: list[Event] = []
        _run(self._prepare())

    def add_cities(self, *cities: directory.City) -> None:
        """Cities of the directory."""
        _run(self._add(cities))

    def play(self, *events: Event) -> str:
        """The position token that publishing these events would have returned, already visible."""
        before = self._ends()
        self._history += events
        told = {_place(event)[0] for event in events}
        with self.db.client.start_session() as session:
            for projection in [one for one in PROJECTIONS if told & {topic.name for topic in one.topics}]:
                with session.start_transaction():  # as the engine does: readers never see half of it
                    self._write(projection, session)
        moved = {place: end for place, end in self._ends().items() if end != before.get(place)}
        return to_token(Position(*place, end - 1) for place, end in moved.items())

    def close(self) -> None:
        """Drop the database."""
        self.db.client.drop_database(self.db.name)
        self.db.client.close()

    async def _prepare(self) -> None:
        async with connect(self.settings) as db:
            for projection in PROJECTIONS:
                await prepare(db, projection)

    async def _add(self, cities: Iterable[directory.City]) -> None:
        async with connect(self.settings) as db:
            for city in cities:
                await directory.add_city(db, city)

    def _ends(self) -> dict[tuple[str, int], int]:
        ends: dict[tuple[str, int], int] = defaultdict(int)
        for event in self._history:
            ends[_place(event)] += 1
        return ends

    def _write(self, projection: Projection, session: ClientSession) -> None:
        topics = {topic.name for topic in projection.topics}
        parts: dict[tuple[str, int], list[Event]] = defaultdict(list)
        for event in self._history:
            if _place(event)[0] in topics:
                parts[_place(event)].append(event)
        for view in projection.documents:
            documents = given(view, *(event for part in parts.values() for event in part)).documents
            rows = [{"_id": key, **one} for key, one in documents.items()]
            self._replace(projection.collection(view), rows, session)
        for tally in projection.tallies:
            cells = [
                {
                    "_id": cell_id(key, short := f"{topic.removeprefix('townhall.')}.{partition}"),
                    "key": dict(zip(tally.dimensions, key, strict=True)),
                    "partition": short,
                    "n": sums,
                }
                for (topic, partition), events in parts.items()
                for key, sums in tallied(tally, *events).items()
            ]
            self._replace(projection.collection(tally), cells, session)
        for (topic, partition), events in parts.items():
            row = {"_id": f"{projection.group}/{topic}/{partition}", "next": len(events)}
            self.db["checkpoints"].replace_one({"_id": row["_id"]}, row, upsert=True, session=session)

    def _replace(self, collection: str, rows: Sequence[dict[str, Any]], session: ClientSession) -> None:
        self.db[collection].delete_many({}, session=session)
        if rows:
            self.db[collection].insert_many(rows, session=session)


def _run(work: Coroutine[Any, Any, None]) -> None:
    # In a thread of its own: Playwright's loop may run in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _place(event: Event) -> tuple[str, int]:
    topic = BY_TYPE[event.type].topic
    return topic.name, crc32(event.key.encode()) % topic.partitions
