"""A process of loops that work under leases: it keeps them, and ends when anything fails.

Nothing is mended here: the next process reads where things stand.
"""

import asyncio
import os
from collections.abc import Awaitable

from structlog import get_logger

from consumers.engine.model import Fenced, Unavailable
from consumers.fatal import FAILED_EXIT_CODE, end_process
from consumers.mongo_outbox import MongoLeases
from infra.kafka import KafkaError
from infra.mongo import PyMongoError

TROUBLE = (Fenced, Unavailable, KafkaError, PyMongoError, TimeoutError)
"""What the servers or another process are the cause of."""
_log = get_logger(__name__)


async def until_stopped(
    name: str, stop: asyncio.Event, leases: MongoLeases, seconds: float, *loops: Awaitable[None]
) -> None:
    """Run the loops until `stop` is set, then cancel them and give the leases back."""
    tasks = [asyncio.ensure_future(work) for work in (*loops, _keep(leases, seconds))]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            _end(name, task.exception())
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await leases.release()


async def _keep(leases: MongoLeases, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds / 4)
        await leases.renew()


def _end(name: str, error: BaseException | None) -> None:
    if isinstance(error, TROUBLE):
        _log.warning(f"{name}_ended", why=type(error).__name__, error=str(error)[:500])
        os._exit(FAILED_EXIT_CODE)
    end_process(error or RuntimeError(f"a loop of the {name} has ended"))
