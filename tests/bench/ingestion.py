"""The ways in: a bare producer, and `POST /v1/events` with one event and with 100 a request."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import orjson

from events.codec import encode, to_structured
from events.envelope import Event
from infra.directory import City, add_city
from infra.kafka import producer
from infra.keys import Keys
from infra.mongo import connect
from infra.settings import Settings
from tests.bench import workload
from tests.bench.meter import Figure, Meter, Stopwatch
from tests.bench.scene import Scene
from tests.support.processes import answering, free_port, townhall

CONNECTIONS = 32
IN_FLIGHT = 1_600
"""Events under way at once: below what the gateway grants one city."""
BARE, IDLE = "bare aiokafka send", "an endpoint that does nothing"
ONE, HUNDRED = "1 event a request, acknowledged", "100 events a request"


async def ways(scene: Scene, count: int, rounds: int, step: Callable[[], None]) -> dict[str, list[Figure]]:
    """Figures by way; of the ways through the API, `python` is the gateway's process."""
    events = [event for event in workload.events(8 * count, seed=4) if event.city == "city-0"][:count]
    own = scene.settings.model_copy(update={"port": free_port(), "mongo_database": "bench_ways_in"})
    async with connect(own) as db:
        await add_city(db, City(id="city-0", name="City 0", timezone="UTC"))
        key, _ = await Keys(db).create("city-0", "bench", scopes=["events:write"], label="")
    async with townhall(own, "gateway") as child:
        await answering(own.host, own.port, child)
        there = _Gateway(own, key, scene.meter, child.pid)
        runs: dict[str, Callable[[], Awaitable[Figure]]] = {
            BARE: lambda: bare(own, events, scene.meter.watch()),
            IDLE: lambda: there.idle(len(events)),
            ONE: lambda: there.posted(events, 1),
            HUNDRED: lambda: there.posted(events, 100),
        }
        figures: dict[str, list[Figure]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                figures[name].append(await run())
                step()
    return figures


async def bare(settings: Settings, events: Sequence[Event], watch: Stopwatch) -> Figure:
    """`send` without waiting for each delivery, then wait for all."""
    records = [encode(event) for event in events]
    client = producer(settings)
    await client.start()
    try:
        watch.start()
        sent = [await client.send(r.topic, r.value, key=r.key, headers=r.headers) for r in records]
        await asyncio.gather(*sent)
        return watch.stop(len(events))
    finally:
        await client.stop()


class _Gateway:
    """The ingestion API, as a client sees it."""

    def __init__(self, settings: Settings, key: str, meter: Meter, pid: int) -> None:
        self._host, self._port = settings.host, settings.port
        self._key = key
        self._meter = meter
        self._pid = pid

    async def posted(self, events: Sequence[Event], size: int) -> Figure:
        """All events, `size` to a request, every request answered 202."""
        requests = [
            _request(self._host, self._key, events[at : at + size], single=size == 1)
            for at in range(0, len(events), size)
        ]
        connections = min(CONNECTIONS, IN_FLIGHT // size)
        return await self._timed([requests[n::connections] for n in range(connections)], b"202", size)

    async def idle(self, count: int) -> Figure:
        """So many requests of an endpoint that does nothing."""
        request = f"GET /livez HTTP/1.1\r\nhost: {self._host}\r\n\r\n".encode()
        return await self._timed([[request] * (count // CONNECTIONS)] * CONNECTIONS, b"200", 1)

    async def _timed(self, shares: Sequence[Sequence[bytes]], status: bytes, size: int) -> Figure:
        watch = self._meter.watch(self._pid)
        watch.start()
        sends = (_send(self._host, self._port, share, status) for share in shares if share)
        await asyncio.gather(*sends)
        return watch.stop(size * sum(map(len, shares)))


def _request(host: str, key: str, events: Sequence[Event], *, single: bool) -> bytes:
    structured = [orjson.loads(to_structured(event)) for event in events]
    for item in structured:
        del item["source"]  # the key names the source
    body = orjson.dumps(structured[0] if single else structured)
    kind = "cloudevents" if single else "cloudevents-batch"
    head = (
        f"POST /v1/events HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/{kind}+json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _send(host: str, port: int, requests: Sequence[bytes], status: bytes) -> None:
    """One connection, kept alive; the next request goes when the answer is there."""
    incoming, outgoing = await asyncio.open_connection(host, port)
    try:
        for request in requests:
            outgoing.write(request)
            head = await incoming.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await incoming.readexactly(int(length.split(b":")[1]))
            if head.split(b" ", 2)[1] != status:
                raise RuntimeError(f"answered {head[:60]!r} {body[:300]!r}")
    finally:
        outgoing.close()
