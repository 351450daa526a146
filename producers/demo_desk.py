"""The desk of the invented city: it takes on what is reported on its page, and soon says that it is done.

So that a first visitor sees a loop close within a minute. No other city has such a desk. What it has not done
when the process ends stays undone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from structlog import get_logger

from events.envelope import Event, Payload
from events.registry import BY_PAYLOAD
from events.types.requests import ServiceRequestAcknowledged, ServiceRequestClosed
from infra.directory import City
from infra.problems import ProblemError
from producers.demo import DEMO_CITY

SECONDS = (5.0, 15.0)
"""After the report it is taken on; so much later it is said to be done."""
AGENCY = "Port Linden Public Works (invented)"
_log = get_logger(__name__)


class Desk:
    """Works on reports by itself, each once."""

    def __init__(self, publish: Callable[[Sequence[Event]], Awaitable[object]]) -> None:
        self._publish = publish
        self._work: set[asyncio.Task[None]] = set()

    def take(self, city: City, reported: Event) -> None:
        """Begin to work on a report of the invented city."""
        if city.id == DEMO_CITY.id:
            task = asyncio.create_task(self._do(reported))
            self._work.add(task)
            task.add_done_callback(self._work.discard)

    async def _do(self, reported: Event) -> None:
        first, second = SECONDS
        try:
            await asyncio.sleep(first)
            await self._publish(
                [_event(reported, "taken", ServiceRequestAcknowledged(agency_responsible=AGENCY))]
            )
            await asyncio.sleep(second)
            done = ServiceRequestClosed(resolution_code="fixed", closed_datetime=_now())
            await self._publish([_event(reported, "done", done)])
        except ProblemError as problem:
            _log.warning("demo_desk_failed", why=problem.name)


def _event(reported: Event, step: str, data: Payload) -> Event:
    return Event(
        id=f"{reported.id}-{step}",
        source=f"urn:townhall:{reported.city}:demo-desk",
        type=BY_PAYLOAD[type(data)].type,
        subject=reported.subject,
        time=_now(),
        city=reported.city,
        data=data,
        causationid=reported.id,
        correlationid=reported.id,
    )


def _now() -> datetime:
    now = datetime.now(DEMO_CITY.zone)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
