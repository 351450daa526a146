"""How far the projectors are, seen past every proxy, and how long nothing counted."""

import threading
import time
from collections.abc import Sequence
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.support.replica_set import Member

SECONDS = 0.2
ANSWER_MS = 500


class Gauge(threading.Thread):
    """Looks five times a second while its context lasts."""

    def __init__(self, members: Sequence[Member], database: str) -> None:
        super().__init__(name="gauge", daemon=True)
        self._clients: list[MongoClient[dict[str, Any]]] = [
            MongoClient(
                f"mongodb://127.0.0.1:{member.port}/",
                directConnection=True,
                serverSelectionTimeoutMS=ANSWER_MS,
                socketTimeoutMS=ANSWER_MS,
            )
            for member in members
        ]
        self._database = database
        self._over = threading.Event()
        self.progress = 0
        self.longest = 0.0
        """Seconds in which nothing counted."""

    def __enter__(self) -> Self:
        self._moved = time.monotonic()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        for client in self._clients:
            client.close()

    def run(self) -> None:
        while not self._over.wait(SECONDS):
            found, now = max(map(self._look, self._clients)), time.monotonic()
            self.longest = max(self.longest, now - self._moved)
            if found > self.progress:
                self.progress, self._moved = found, now

    def _look(self, client: MongoClient[dict[str, Any]]) -> int:
        try:
            rows = client[self._database]["checkpoints"].find({}, {"next": 1})
            return sum(row["next"] for row in rows)
        except PyMongoError:
            return 0
