"""The probes of a projector, over real connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from consumers import health
from consumers.health import served
from consumers.watchdog import Progress, Watchdog
from infra.settings import BadSettings
from tests.support.processes import free_port


@dataclass
class Known:
    """A watchdog that knows what it is told."""

    claimed: int = 6
    unclaimed: list[str] = field(default_factory=list)
    halted: dict[str, str] = field(default_factory=dict)
    still: list[str] = field(default_factory=list)
    stalled: bool = False
    group: str = "townhall.ideas.v1"

    def progress(self) -> Progress:
        return Progress(self.claimed, self.unclaimed, self.halted, self.still)


def watching(*known: Known) -> list[Watchdog]:
    return cast("list[Watchdog]", list(known))


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(health.HOST, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def send(port: int, request: bytes) -> bytes:
    """All that comes back."""
    async with connection(port) as (reader, writer):
        writer.write(request)
        return await asyncio.wait_for(reader.read(), 10)


async def ask(path: str, *known: Known) -> tuple[int, Any]:
    """Status and JSON of one answer."""
    port = free_port()
    async with served(port, watching(*known)):
        head, body = (await send(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())).split(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    ("known", "live", "ready"),
    [
        (Known(), 200, 200),
        (Known(claimed=0), 200, 200),  # more projectors than partitions
        (Known(halted={"ideas.3": "expired"}), 200, 200),
        (Known(unclaimed=["ideas.3"]), 200, 503),
        (Known(still=["ideas.3"]), 200, 503),
        (Known(stalled=True, still=["ideas.3"]), 503, 503),
    ],
)
async def test_what_a_probe_answers(known: Known, live: int, ready: int) -> None:
    other = Known(group="townhall.pulse.v1")
    assert (await ask("/livez", other, known))[0] == live
    assert (await ask("/readyz", other, known))[0] == ready


async def test_the_answer_says_how_each_projection_stands() -> None:
    code, said = await ask("/readyz", Known(claimed=5, halted={"ideas.3": "expired"}))
    assert code == 200
    assert said == {
        "status": "ok",
        "projections": {
            "townhall.ideas.v1": {
                "claimed": 5,
                "unclaimed": [],
                "halted": {"ideas.3": "expired"},
                "still": [],
            }
        },
    }


async def test_anything_else_is_not_found() -> None:
    assert (await ask("/", Known()))[0] == 404
    assert (await ask("/livezz", Known()))[0] == 404


async def test_a_request_that_drips_or_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.1)
    port = free_port()
    async with served(port, watching(Known())):
        assert await send(port, b"GET /li") == b""
        with pytest.raises(ConnectionError):  # closed before all of it was read
            await send(port, b"x" * 100 * health.MAX_HEAD_BYTES)


async def test_one_connection_too_many_is_closed_and_the_others_are_answered() -> None:
    port = free_port()
    async with served(port, watching(Known())), AsyncExitStack() as stack:
        held = [await stack.enter_async_context(connection(port)) for _ in range(health.MAX_CONNECTIONS)]
        with suppress(ConnectionError):
            assert await send(port, b"GET /livez HTTP/1.1\r\n\r\n") == b""
        for reader, writer in held:
            writer.write(b"GET /livez HTTP/1.1\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_port_that_is_taken_is_told_and_no_port_is_no_server() -> None:
    port = free_port()
    async with served(port, watching()):
        with pytest.raises(BadSettings, match=rf"TOWNHALL_HEALTH_PORT: cannot listen on 127\.0\.0\.1:{port}"):
            async with served(port, watching()):
                pass
    async with served(None, watching()):
        pass
    async with served(port, watching()):  # free again
        pass
