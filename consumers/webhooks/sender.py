"""The sender: a queue for each endpoint, so that one that is dead delays nobody.

The attempt is written before it is made, and what came of it after. A sender that dies in between leaves a
delivery that is due again in a moment, with the same `webhook-id`. An endpoint that fails has one
connection at a time, and all of these together half of the connections.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Final

from structlog import get_logger

from consumers.webhooks.addresses import Network
from consumers.webhooks.attempt import attempt
from consumers.webhooks.deliveries import Deliveries, Due, Status
from consumers.webhooks.dial import MOST, Answer, Dial
from consumers.webhooks.endpoints import Endpoint, Endpoints, Reason
from consumers.webhooks.schedule import Chance, next_attempt, pause_of
from infra.failpoints import failpoint
from infra.mongo import Database

LOOK_SECONDS: Final = 0.2
"""How soon a delivery that is due is seen."""
AT_A_TIME: Final = 20
"""Deliveries of an endpoint before it is read again: it may have been changed."""
AT_ONCE: Final = 4
"""Connections to an endpoint that does not fail."""
PATIENCE: Final = timedelta(days=5)
"""An endpoint that has failed for so long is disabled, after a delivery was tried some times."""
TRIES: Final = 5

_log = get_logger(__name__)


class Sender:
    """Sends what is due, in the one process that holds the lease."""

    def __init__(
        self,
        db: Database,
        dial: Dial,
        clock: Callable[[], datetime],
        *,
        allowed: tuple[Network, ...] = (),
        chance: Chance = random.random,
    ) -> None:
        self._endpoints = Endpoints(db, allowed)
        self._deliveries = Deliveries(db)
        self._dial = dial
        self._clock = clock
        self._allowed = allowed
        self._chance = chance
        self._queues: dict[str, asyncio.Task[None]] = {}
        self._connections = asyncio.Semaphore(MOST)
        self._for_failing = asyncio.Semaphore(MOST // 2)

    async def run(self) -> None:
        """Send until cancelled; what the database does not do ends the process."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)
                for endpoint in [one for one, task in self._queues.items() if task.done()]:
                    self._queues.pop(endpoint).result()
        finally:
            for task in self._queues.values():
                task.cancel()

    async def look(self) -> None:
        """Start the queues of the endpoints that something may be due for."""
        waiting = [one for one in await self._deliveries.waiting() if one not in self._queues]
        known = await self._endpoints.named(waiting)
        for id_ in waiting:
            if id_ not in known:
                await self._deliveries.forget(id_)
            elif self._open(known[id_]):
                self._queues[id_] = asyncio.create_task(self._drain(id_))

    async def drained(self) -> None:
        """Send all that is due now, and return when it is done."""
        await self.look()
        await asyncio.gather(*self._queues.values())
        self._queues.clear()

    def _open(self, endpoint: Endpoint) -> bool:
        paused = endpoint.paused_until is not None and endpoint.paused_until > self._clock()
        return endpoint.enabled and not paused

    async def _drain(self, id_: str) -> None:
        """Until nothing is due."""
        while (endpoint := (await self._endpoints.named([id_])).get(id_)) and self._open(endpoint):
            due = await self._deliveries.due(id_, self._clock(), AT_A_TIME)
            if not due:
                return
            width, left = 1 if endpoint.failing_since else AT_ONCE, iter(due)
            await asyncio.gather(*(self._take(endpoint, left) for _ in range(width)))

    async def _take(self, endpoint: Endpoint, due: Iterator[str]) -> None:
        """One connection's part, up to its first failure: then the endpoint is another one."""
        for delivery in due:
            if not await self._send(endpoint, delivery):
                return

    async def _send(self, endpoint: Endpoint, delivery: str) -> bool:
        """Make one attempt, where it is due still; False when it failed."""
        async with AsyncExitStack() as held:
            if endpoint.failing_since:
                await held.enter_async_context(self._for_failing)
            await held.enter_async_context(self._connections)
            begun = self._clock()
            due = await self._deliveries.begin(delivery, begun)
            if due is None:
                return True
            failpoint("after_attempt_begun")
            started = time.monotonic()
            answer = await self._post(endpoint, due, begun)
            ms = round(1000 * (time.monotonic() - started))
        failpoint("after_answer")
        await self._note(endpoint, due, begun, answer, ms)
        return answer.outcome == "delivered"

    async def _post(self, endpoint: Endpoint, due: Due, begun: datetime) -> Answer:
        body = await self._deliveries.body(due)
        if body is None:
            return Answer("broken")
        known = endpoint.secrets
        allowed = self._allowed
        return await attempt(
            self._dial, endpoint.url, known, due.message, at=begun, body=body, allowed=allowed
        )

    async def _note(self, endpoint: Endpoint, due: Due, begun: datetime, answer: Answer, ms: int) -> None:
        """The endpoint first: a delivery is done when everything that follows from it is."""
        if answer.outcome == "delivered":
            await self._endpoints.succeeded(endpoint)
            failpoint("before_outcome")
            await self._deliveries.end(due, begun, answer, ms, ("delivered", None))
            return
        now, tried = self._clock(), due.attempt - due.round
        pause = pause_of(answer.status, answer.retry_after, now)
        await self._endpoints.failed(endpoint, now, now + pause if pause else None)
        if (because := _give_up(endpoint, answer, tried, now)) is not None:
            await self._endpoints.disable(endpoint, because)
            _log.warning("webhook_disabled", webhook=endpoint.id, city=endpoint.city, because=because)
        failpoint("amid_failure")
        next_at = next_attempt(tried, now, self._chance, pause)
        status: Status = "pending" if next_at else "exhausted"
        await self._deliveries.end(due, begun, answer, ms, (status, next_at))
        if next_at is None:
            _log.warning("webhook_exhausted", webhook=endpoint.id, city=endpoint.city, message=due.message)


def _give_up(endpoint: Endpoint, answer: Answer, tried: int, now: datetime) -> Reason | None:
    if answer.status == 410:
        return "gone"
    since = endpoint.failing_since
    if since is not None and now - since >= PATIENCE and tried >= TRIES:
        return "failing"
    return None
