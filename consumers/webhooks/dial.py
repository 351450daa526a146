"""One POST to a receiver, who may be anybody: bounded in time and size, and never to an address of ours.

The name is resolved here, once; every address is checked, and one of these is dialled, so nothing that a
name server answers later matters. Host and SNI stay those of the URL. There are no redirects, no proxies
and no cookies: the client has none.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from socket import SOCK_STREAM, getaddrinfo
from typing import Any, Final, Literal, NamedTuple

import httpcore2
from httpcore2 import AsyncConnectionPool, AsyncNetworkBackend, AsyncNetworkStream

from consumers.webhooks.addresses import Blocked, Network, Target, check_addresses

SECONDS: Final = 15.0
"""For all of it: name, connection, TLS, headers and body."""
MAX_ANSWER: Final = 65_536
"""So much of an answer's body is read; what it says is never kept."""
MOST: Final = 200
"""Connections at once."""
IDLE_SECONDS: Final = 10.0
"""A connection is kept so long for the next event: it leads to an address that was checked."""
_RESOLVERS: Final = 64
"""Threads that ask for names: a name server that is silent holds one up for long."""

Resolve = Callable[[str, int], Awaitable[list[str]]]
Outcome = Literal["delivered", "refused", "timeout", "blocked", "unreachable", "untrusted", "broken"]
"""What came of an attempt. `refused`: the status was none of the 200s; `untrusted`: TLS did not hold."""


class Answer(NamedTuple):
    """What a receiver said, as far as anybody looks at it."""

    outcome: Outcome
    status: int | None = None
    retry_after: str | None = None


class Resolver:
    """The machine's own, with threads of its own: names of dead receivers delay no others."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a name, in the order in which to try them. Raises OSError."""
        name = host.encode("ascii")  # as it is: Python's own reading of names refuses some with a ValueError
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, lambda: getaddrinfo(name, port, type=SOCK_STREAM))
        return list(dict.fromkeys(str(place[0]) for *_, place in found))

    def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Dialler(AsyncNetworkBackend):
    """Resolves, checks, and dials what was checked."""

    def __init__(self, scheme: str, resolve: Resolve, allowed: Sequence[Network]) -> None:
        self._scheme = scheme
        self._resolve = resolve
        self._allowed = allowed
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface; `Dial.post` bounds all of it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        found = await self._resolve(host, port)
        failed: Exception = httpcore2.ConnectError("no address")
        for address in check_addresses(Target(self._scheme, host, port, ""), found, self._allowed):
            try:
                return await self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(self, *_: Any, **__: Any) -> AsyncNetworkStream:
        raise Blocked("no socket of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Dial:
    """The way out, of all webhooks of a process."""

    def __init__(
        self, allowed: Sequence[Network] = (), *, resolve: Resolve | None = None, seconds: float = SECONDS
    ) -> None:
        self._seconds = seconds
        self._own = Resolver()
        context = httpcore2.default_ssl_context()
        self._pools = {
            scheme: AsyncConnectionPool(
                ssl_context=context,
                max_connections=MOST,
                max_keepalive_connections=MOST // 4,
                keepalive_expiry=IDLE_SECONDS,
                network_backend=_Dialler(scheme, resolve or self._own, allowed),
            )
            for scheme in ("https", "http")
        }

    async def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send it once. Never raises for anything that a receiver does."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(target, headers, body)
        except TimeoutError:
            return Answer("timeout")
        except Blocked:
            return Answer("blocked")
        except (httpcore2.ConnectError, OSError) as error:
            untrusted = isinstance(error.__context__, ssl.SSLError)
            return Answer("untrusted" if untrusted else "unreachable")
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException):
            return Answer("broken")

    async def _post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        own = {"host": _host(target), "content-length": str(len(body))}
        sent: list[tuple[bytes | str, bytes | str]] = [*own.items(), *headers.items()]
        pool = self._pools[target.scheme]
        async with pool.stream("POST", url, headers=sent, content=body) as response:
            read = 0
            async for piece in response.aiter_stream():
                read += len(piece)
                if read >= MAX_ANSWER:
                    break
        told = next((value for name, value in response.headers if name.lower() == b"retry-after"), None)
        outcome: Outcome = "delivered" if 200 <= response.status < 300 else "refused"
        return Answer(outcome, response.status, told.decode("latin-1")[:100] if told else None)

    async def close(self) -> None:
        """Hang up."""
        for pool in self._pools.values():
            await pool.aclose()
        self._own.close()


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    return name if target.port == usual else f"{name}:{target.port}"
