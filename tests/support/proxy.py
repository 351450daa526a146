"""A TCP proxy that behaves like a bad network: slow, silent, one-way, cut in the middle.

Bytes held back are delivered when the proxy is healed, as TCP would: a stream that lost some in between
would be no stream. Faults reach only the links that `affects` names, all unless told otherwise.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

import uvloop

Direction = Literal["to_server", "to_client"]
BOTH: tuple[Direction, ...] = ("to_server", "to_client")
CHUNK = 65_536
TIMEOUT = 10
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
T = TypeVar("T")


@dataclass(eq=False)
class Link:
    """One connection of a client, and ours to the server on its behalf."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    greeting: bytes = b""
    """The first bytes the client sent: they tell who it is."""
    loses_reply: bool = False
    passed: dict[Direction, int] = field(default_factory=lambda: dict.fromkeys(BOTH, 0))

    def reset(self) -> None:
        """End both sides as a broken connection ends: RST, and what was under way is gone."""
        for writer in (self.client, self.server):
            if (ours := writer.get_extra_info("socket")) is not None:
                with contextlib.suppress(OSError, ValueError):  # it is closed already
                    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()


class Proxy:
    """Listens on `port` and passes everything on to `target`, both on loopback.

    `start` and `stop` belong to the event loop; everything else may be called from any thread.
    """

    def __init__(self, target: int, port: int = 0) -> None:
        self.target = target
        self.port = port
        self.links: set[Link] = set()
        self.affects: Callable[[Link], bool] = lambda _: True
        self.delay = self.bytes_per_second = 0.0
        self._slow_only = b""
        self.refusing = False
        self.replies_lost = 0
        self._open: dict[Direction, asyncio.Event] = {direction: asyncio.Event() for direction in BOTH}
        self._cut_after: dict[Direction, int] = {}
        self._losing: tuple[bytes, int] = (b"", 0)

    async def start(self) -> None:
        """Listen."""
        self._loop = asyncio.get_running_loop()
        self._heal()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End every link and listen no more."""
        self._server.close()
        self._heal()
        self._reset(everybody=True)
        while self.links:  # noqa: ASYNC110 - each ends by itself
            await asyncio.sleep(0.01)
        await self._server.wait_closed()

    def slow(self, *, delay: float = 0.0, bytes_per_second: float = 0.0, only: bytes = b"") -> None:
        """Each piece of at most 64 KiB that holds `only` comes so late, or at this rate; both ways."""
        self.delay, self.bytes_per_second, self._slow_only = delay, bytes_per_second, only

    def hold(self, *directions: Direction) -> None:
        """Nothing gets through, in both directions or in one: a black hole."""
        for direction in directions or BOTH:
            self._loop.call_soon_threadsafe(self._open[direction].clear)

    def refuse(self) -> None:
        """Reset what is open, and every new connection too."""
        self.refusing = True
        self.reset()

    def reset(self) -> None:
        """RST to both ends of every link."""
        self._loop.call_soon_threadsafe(self._reset)

    def cut_after(self, size: int, direction: Direction = "to_client") -> None:
        """Reset each link when so many more bytes have passed: in the middle of what is said."""
        self._loop.call_soon_threadsafe(self._arm_cut, size, direction)

    def lose_replies(self, to: bytes, times: int = 1) -> None:
        """The next requests that hold these bytes reach the server; their replies are lost by a reset."""
        self._losing = (to, times)

    def heal(self) -> None:
        """A good network again."""
        self._loop.call_soon_threadsafe(self._heal)

    def _heal(self) -> None:
        self.slow()
        self.refusing = False
        self._cut_after.clear()
        self._losing = (b"", 0)
        for gate in self._open.values():
            gate.set()

    def _reset(self, *, everybody: bool = False) -> None:
        for link in list(self.links):
            if everybody or self.affects(link):
                link.reset()

    def _arm_cut(self, size: int, direction: Direction) -> None:
        self._cut_after = {direction: size}
        for link in self.links:
            link.passed[direction] = 0

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:  # the server is away: the client hears what it would hear from nobody at all
            writer.transport.abort()
            return
        link = Link(writer, to_server)
        if self.refusing and self.affects(link):
            link.reset()
            return
        self.links.add(link)
        try:
            await asyncio.gather(
                self._pump(link, "to_server", reader, to_server),
                self._pump(link, "to_client", from_server, writer),
            )
        except (OSError, RuntimeError):  # the latter is uvloop's, of a connection that we reset
            link.reset()  # one end broke, so the other hears of it
        finally:
            self.links.discard(link)
            writer.close()
            to_server.close()

    async def _pump(
        self, link: Link, direction: Direction, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        while data := await source.read(CHUNK):
            if direction == "to_server":
                link.greeting = link.greeting or data
            if self.affects(link):
                await self._suffer(direction, data)
                if self.refusing or self._loses(link, direction, data):
                    link.reset()
                    return
                data = self._shortened(link, direction, data)
            sink.write(data)
            await sink.drain()
            if self._is_cut(link, direction):
                await asyncio.sleep(0.02)  # lets the part that passed leave
                link.reset()
                return
        if sink.can_write_eof() and not sink.is_closing():
            sink.write_eof()

    async def _suffer(self, direction: Direction, data: bytes) -> None:
        seconds = self.delay + (self.bytes_per_second and len(data) / self.bytes_per_second)
        if seconds and self._slow_only in data:
            await asyncio.sleep(seconds)
        await self._open[direction].wait()

    def _loses(self, link: Link, direction: Direction, data: bytes) -> bool:
        if direction == "to_client":
            self.replies_lost += link.loses_reply
            return link.loses_reply
        to, times = self._losing
        if times and to in data:
            self._losing = (to, times - 1)
            link.loses_reply = True
        return False

    def _shortened(self, link: Link, direction: Direction, data: bytes) -> bytes:
        if direction in self._cut_after:
            data = data[: self._cut_after[direction] - link.passed[direction]]
            link.passed[direction] += len(data)
        return data

    def _is_cut(self, link: Link, direction: Direction) -> bool:
        limit = self._cut_after.get(direction)
        return limit is not None and self.affects(link) and link.passed[direction] >= limit


class Proxies:
    """Proxies on an event loop of their own, in a thread: for tests that are not asynchronous."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._proxies: list[Proxy] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._proxies:
            self._run(proxy.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT)
        self._loop.close()

    def open(self, target: int, port: int = 0) -> Proxy:
        """A proxy in front of this port of loopback."""
        proxy = Proxy(target, port)
        self._run(proxy.start())
        self._proxies.append(proxy)
        return proxy

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT)
