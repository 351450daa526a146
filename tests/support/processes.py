"""Processes of townhall for tests: started for real, always ended."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator

from infra.settings import Settings


def free_port() -> int:
    """A port that is free on loopback now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(settings: Settings) -> dict[str, str]:
    """The environment that makes a child use the same servers."""
    mongo = settings.mongo.get_secret_value() if settings.mongo else ""
    return {
        **os.environ,
        "TOWNHALL_KAFKA": settings.kafka or "",
        "TOWNHALL_MONGO": mongo,
        "TOWNHALL_MONGO_DATABASE": settings.mongo_database,
        "TOWNHALL_HOME": str(settings.home),
        "TOWNHALL_LOG_LEVEL": settings.log_level,
        "TOWNHALL_LOG_FORMAT": "json",
        "TOWNHALL_PORT": str(settings.port),
    }


@contextlib.asynccontextmanager
async def townhall(settings: Settings, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A `townhall` command as a child, ended with SIGTERM, or SIGKILL after 15 s."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "townhall", *arguments, env=environment(settings)
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            async with asyncio.timeout(15):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


@contextlib.asynccontextmanager
async def gateway(settings: Settings) -> AsyncIterator[str]:
    """The ingestion API as a child; yields its URL once it answers."""
    own = settings.model_copy(update={"port": free_port()})
    async with townhall(own, "gateway") as child:
        await answering(own.host, own.port, child)
        yield f"http://{own.host}:{own.port}"


async def answering(host: str, port: int, child: asyncio.subprocess.Process) -> None:
    """Wait until the port takes connections; fails when the child ends first."""
    async with asyncio.timeout(30):
        while True:
            if child.returncode is not None:
                raise RuntimeError(f"the process ended with {child.returncode}")
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
