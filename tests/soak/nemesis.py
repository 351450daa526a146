"""What goes wrong in a soak: the same sequence for the same seed, though never at the same moments."""

import heapq
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import Any

from infra.embedded import Server
from tests.soak.crew import SESSION_MS, Crew, Slot
from tests.support.cluster import Cluster
from tests.support.proxy import BOTH, Proxy

TRIES = 20
COMMIT = b"commitTransaction"
SECONDS_TO_HEAL = 180


class Nemesis:
    """One fault after the other; what lasts is undone by itself, and nothing is hit twice at once."""

    def __init__(self, cluster: Cluster, crew: Crew, seed: str) -> None:
        self._cluster = cluster
        self._crew = crew
        self._chance = random.Random(f"{seed}/nemesis")
        self.faults: Counter[str] = Counter()
        self._busy: set[str] = set()
        self._undo: list[tuple[float, int, str, Callable[[], None]]] = []
        self._numbers = count()
        self._pool = ThreadPoolExecutor(4)
        self._work: list[Future[None]] = []
        self._kinds: dict[str, tuple[float, Callable[[], bool]]] = {
            "projector killed": (20, self._kill_projector),
            "projector frozen past its session": (7, self._freeze_projector),
            "publisher killed": (9, self._kill_publisher),
            "publisher frozen": (2, self._freeze_publisher),
            "Kafka connections reset": (7, self._reset_kafka),
            "Kafka silent": (6, self._hold_kafka),
            "Kafka silent one way": (3, self._hold_kafka_one_way),
            "Kafka slow": (4, self._slow_kafka),
            "MongoDB connections reset": (7, self._reset_mongo),
            "MongoDB replies broken off": (4, self._cut_mongo),
            "replies to commits lost": (6, self._lose_replies),
            "MongoDB silent": (4, self._hold_mongo),
            "MongoDB silent one way": (3, self._hold_mongo_one_way),
            "MongoDB slow": (5, self._slow_mongo),
            "broker killed": (1.5, self._kill_broker),
            "broker paused": (1.5, self._pause_broker),
            "primary killed": (2, self._kill_primary),
            "secondary killed": (1.5, self._kill_secondary),
            "primary paused": (1.5, self._pause_primary),
            "primary stepped down": (2, self._step_down),
        }

    def strike(self) -> None:
        """One fault of a kind that is possible now."""
        names = list(self._kinds)
        weights = [weight for weight, _ in self._kinds.values()]
        for _ in range(TRIES):
            name = self._chance.choices(names, weights)[0]
            if self._kinds[name][1]():
                self.faults[name] += 1
                return

    def tend(self) -> None:
        """Undo what has lasted long enough; raise what went wrong with undoing."""
        while self._undo and self._undo[0][0] <= time.monotonic():
            self._end(*heapq.heappop(self._undo)[2:])
        for done in [work for work in self._work if work.done()]:
            self._work.remove(done)
            done.result()

    def heal(self) -> None:
        """Everything is undone, every server runs."""
        while self._undo:
            self._end(*heapq.heappop(self._undo)[2:])
        for work in self._work:
            work.result(SECONDS_TO_HEAL)
        self._pool.shutdown()
        self._cluster.heal()
        self._cluster.mongo.wait_complete(SECONDS_TO_HEAL)

    def _end(self, target: str, undo: Callable[[], None]) -> None:
        self._busy.discard(target)
        undo()

    def _for(self, target: str, seconds: float, begin: Callable[[], Any], undo: Callable[[], None]) -> bool:
        if target in self._busy:
            return False
        begin()
        self._busy.add(target)
        heapq.heappush(self._undo, (time.monotonic() + seconds, next(self._numbers), target, undo))
        return True

    def _in_pool(self, target: str, work: Callable[[], None]) -> bool:
        """What takes until a server answers again."""
        if target in self._busy:
            return False
        self._busy.add(target)
        future = self._pool.submit(work)
        future.add_done_callback(lambda _: self._busy.discard(target))
        self._work.append(future)
        return True

    def _living(self, slots: list[Slot]) -> Slot | None:
        found = [slot for slot in slots if slot.lives and slot.name not in self._busy]
        return self._chance.choice(found) if found else None

    def _kill_projector(self) -> bool:
        return self._kill(self._living(self._crew.projectors))

    def _kill_publisher(self) -> bool:
        return self._kill(self._living(self._crew.publishers))

    def _kill(self, slot: Slot | None) -> bool:
        if slot is None or slot.process is None:
            return False
        slot.process.kill()
        return True

    def _freeze_projector(self) -> bool:
        return self._freeze(self._living(self._crew.projectors), SESSION_MS / 1000)

    def _freeze_publisher(self) -> bool:
        return self._freeze(self._living(self._crew.publishers), 0)

    def _freeze(self, slot: Slot | None, least: float) -> bool:
        if slot is None or slot.process is None:
            return False
        seconds = least + self._chance.uniform(0.3, 3)
        return self._for(slot.name, seconds, slot.process.freeze, slot.process.thaw)

    def _to_kafka(self) -> tuple[str, Proxy]:
        client = self._chance.choice(list(self._cluster.to_kafka))
        return f"to Kafka/{client}", self._cluster.to_kafka[client]

    def _to_mongo(self) -> tuple[str, Proxy]:
        port = self._chance.choice(list(self._cluster.to_mongo))
        return f"to MongoDB/{port}", self._cluster.to_mongo[port]

    def _reset_kafka(self) -> bool:
        target, proxy = self._to_kafka()
        return self._for(target, 0, proxy.reset, proxy.heal)

    def _hold_kafka(self) -> bool:
        target, proxy = self._to_kafka()
        return self._for(target, self._chance.uniform(1, 7), proxy.hold, proxy.heal)

    def _hold_kafka_one_way(self) -> bool:
        target, proxy = self._to_kafka()
        way = self._chance.choice(BOTH)
        seconds = self._chance.uniform(1, 7)
        return self._for(target, seconds, lambda: proxy.hold(way), proxy.heal)

    def _slow_kafka(self) -> bool:
        target, proxy = self._to_kafka()
        rate, seconds = self._chance.choice((50_000, 200_000)), self._chance.uniform(2, 6)
        return self._for(target, seconds, lambda: proxy.slow(bytes_per_second=rate), proxy.heal)

    def _reset_mongo(self) -> bool:
        target, proxy = self._to_mongo()
        return self._for(target, 0, proxy.reset, proxy.heal)

    def _cut_mongo(self) -> bool:
        target, proxy = self._to_mongo()
        size, seconds = self._chance.randint(1, 20_000), self._chance.uniform(0.5, 2)
        return self._for(target, seconds, lambda: proxy.cut_after(size), proxy.heal)

    def _lose_replies(self) -> bool:
        """At every member, since only the primary of the moment is asked to commit."""
        times = self._chance.randint(1, 4)
        return self._for("commits", 3, lambda: self._lose(times), lambda: self._lose(0))

    def _lose(self, times: int) -> None:
        for proxy in self._cluster.to_mongo.values():
            proxy.lose_replies(COMMIT, times)

    def _hold_mongo(self) -> bool:
        target, proxy = self._to_mongo()
        return self._for(target, self._chance.uniform(1, 6), proxy.hold, proxy.heal)

    def _hold_mongo_one_way(self) -> bool:
        target, proxy = self._to_mongo()
        way = self._chance.choice(BOTH)
        return self._for(target, self._chance.uniform(1, 6), lambda: proxy.hold(way), proxy.heal)

    def _slow_mongo(self) -> bool:
        target, proxy = self._to_mongo()
        delay, seconds = self._chance.uniform(0.02, 0.3), self._chance.uniform(2, 6)
        return self._for(target, seconds, lambda: proxy.slow(delay=delay), proxy.heal)

    def _kill_broker(self) -> bool:
        return self._in_pool("Kafka", lambda: _restart(self._cluster.kafka))

    def _pause_broker(self) -> bool:
        kafka = self._cluster.kafka
        return self._for("Kafka", self._chance.uniform(1, 4), kafka.pause, kafka.resume)

    def _kill_primary(self) -> bool:
        mongo = self._cluster.mongo
        return self._in_pool("MongoDB", lambda: self._restart_member(mongo.primary()))

    def _kill_secondary(self) -> bool:
        number = self._chance.randrange(2)

        def work() -> None:
            primary = self._cluster.mongo.primary()
            others = [one for one in self._cluster.mongo.members if one is not primary]
            self._restart_member(others[number])

        return self._in_pool("MongoDB", work)

    def _pause_primary(self) -> bool:
        seconds = self._chance.uniform(1, 4)

        def work() -> None:
            primary = self._cluster.mongo.primary()
            primary.pause()
            time.sleep(seconds)
            primary.resume()
            self._cluster.mongo.wait_complete()

        return self._in_pool("MongoDB", work)

    def _step_down(self) -> bool:
        def work() -> None:
            self._cluster.mongo.step_down()
            self._cluster.mongo.wait_complete()

        return self._in_pool("MongoDB", work)

    def _restart_member(self, member: Server) -> None:
        _restart(member)
        self._cluster.mongo.wait_complete()


def _restart(server: Server) -> None:
    server.kill()
    server.start()
    server.wait_ready(SECONDS_TO_HEAL)
