"""The ways in: a bare producer, and `POST /v1/events` with one event and with 100 a request."""

import asyncio
import time
from collections.abc import Sequence

import orjson

from events.codec import encode, to_structured
from events.envelope import Event
from infra.kafka import producer
from infra.settings import Settings

CONNECTIONS = 32
IN_FLIGHT = 1_600
"""Events under way at once: below what the gateway grants one city."""


async def bare(settings: Settings, events: Sequence[Event]) -> float:
    """`send` without waiting for each delivery, then wait for all: events a second."""
    records = [encode(event) for event in events]
    client = producer(settings)
    await client.start()
    try:
        started = time.perf_counter()
        sent = [await client.send(r.topic, r.value, key=r.key, headers=r.headers) for r in records]
        await asyncio.gather(*sent)
        return len(events) / (time.perf_counter() - started)
    finally:
        await client.stop()


async def posted(url: str, key: str, events: Sequence[Event], size: int) -> float:
    """Events a second through the API, `size` to a request, every request answered 202."""
    host, port = url.removeprefix("http://").split(":")
    requests = [
        _request(host, key, events[at : at + size], single=size == 1) for at in range(0, len(events), size)
    ]
    connections = min(CONNECTIONS, IN_FLIGHT // size)
    shares = [requests[n::connections] for n in range(connections)]
    started = time.perf_counter()
    await asyncio.gather(*(_send(host, int(port), share) for share in shares if share))
    return len(events) / (time.perf_counter() - started)


async def idle(url: str, count: int) -> float:
    """Requests a second of the same server's endpoint that does nothing."""
    host, port = url.removeprefix("http://").split(":")
    request = f"GET /livez HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
    started = time.perf_counter()
    shares = [[request] * (count // CONNECTIONS) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(_send(host, int(port), share, status=b"200") for share in shares))
    return count // CONNECTIONS * CONNECTIONS / (time.perf_counter() - started)


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


async def _send(host: str, port: int, requests: Sequence[bytes], status: bytes = b"202") -> None:
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
