"""The gateway's work on one request: who, what, is it an event, and is it in the log."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from events.codec import Undecodable
from events.envelope import Event
from events.positions import Position
from infra.callers import caller, in_time
from infra.directory import get_city
from infra.failpoints import failpoint
from infra.kafka import TopicsDiffer
from infra.keys import ApiKey, Keys
from infra.mongo import Database, connect
from infra.problems import ProblemError
from infra.settings import Settings, address
from infra.tracking import Tracking, tracked, tracking
from producers.http.admission import Sender, judge
from producers.http.answers import no_place, nothing_accepted, outcome_unknown, receipt, results_of
from producers.http.bodies import LIMIT, Item, Mode, items_of, mode_of, read_body
from producers.http.limits import MAX_BYTES_IN_FLIGHT, MAX_EVENTS_IN_FLIGHT, Budget
from producers.http.turns import in_turns
from producers.publisher import OutcomeUnknown, Publisher

DEADLINE_SECONDS: Final = 5.0
"""An answer comes within this time, from the moment the events go to Kafka."""
_PUBLISHER_SECONDS: Final = 4.0  # leaves a busy event loop a second to answer


class Done(NamedTuple):
    """A response with what the log line says of it."""

    response: Response
    mode: Mode
    accepted: int
    rejected: int


class Gateway:
    """Publishes what city apps send. An async context manager; nothing works outside it."""

    db: Database
    keys: Keys
    publisher: Publisher

    def __init__(
        self, settings: Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._open = AsyncExitStack()
        self._zones: dict[str, ZoneInfo] = {}
        self._tracking: Tracking | None = None
        self._bytes = Budget(MAX_BYTES_IN_FLIGHT)
        self._events = Budget(MAX_EVENTS_IN_FLIGHT)

    async def __aenter__(self) -> Self:
        self.db = await self._open.enter_async_context(connect(self.settings))
        self.keys = Keys(self.db)
        publisher = Publisher(self.settings, deadline=_PUBLISHER_SECONDS)
        self.publisher = await self._open.enter_async_context(publisher)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def sender(self, request: Request) -> Sender:
        """Who sends, by the key alone; 401, 403 or 503."""
        key = await caller(self.keys, request, "events:write")
        return Sender(key, self._zones.get(key.city) or await self._zone(key))

    async def accept(self, request: Request, sender: Sender) -> Done:
        """Take the events of a request; 202 once Kafka has acknowledged every one that is good."""
        mode = mode_of(request)
        city = sender.key.city
        with self._bytes.held(city) as hold:
            body = await read_body(request, LIMIT[mode], hold)
            failpoint("after_body")
            items: list[Item | Undecodable] = await in_turns(items_of(mode, request, body))
            verdicts: list[Event | ProblemError] = await in_turns(judge(items, sender, self._clock()))
            events = [verdict for verdict in verdicts if isinstance(verdict, Event)]
            if not events and mode != "batch":
                raise next(verdict for verdict in verdicts if isinstance(verdict, ProblemError))
            codes = await self._codes(events)
            results = results_of(items, verdicts, partial(_tracking, codes, address(self.settings)))
            if not events:
                raise nothing_accepted(results)
            positions = await self.publish(events)
            failpoint("before_answer")
        return Done(receipt(results, positions), mode, len(events), len(results) - len(events))

    async def _codes(self, events: Sequence[Event]) -> Tracking | None:
        """Where one of these is for a code; asked for before anything is stored, and remembered for ever."""
        if self._tracking is None and any(tracked(event) for event in events):
            self._tracking = await in_time(tracking(self.db))
        return self._tracking

    async def _zone(self, key: ApiKey) -> ZoneInfo:
        """The clock of the key's city, remembered for ever: it never changes."""
        city = await in_time(get_city(self.db, key.city))
        if city is None:
            detail = (
                f"The city {key.city} is not in the directory. Nothing was stored. Its operator must add it."
            )
            raise ProblemError(403, "unknown_city", detail)
        return self._zones.setdefault(key.city, city.zone)

    async def publish(self, events: Sequence[Event]) -> list[Position]:
        """Into the log, all of one city; the problem 503 where Kafka does not say in time that they are."""
        hold = self._events.hold(events[0].city)
        hold.take(len(events))
        # A task of its own: the answer keeps its deadline while the publisher ends in order.
        task = asyncio.create_task(self.publisher.publish(events))

        def ended(task: asyncio.Task[list[Position]]) -> None:
            hold.release()
            if not task.cancelled():
                task.exception()  # seen: an answer may have left before

        task.add_done_callback(ended)
        done, _ = await asyncio.wait({task}, timeout=DEADLINE_SECONDS)
        try:
            if done:
                return task.result()
        except TopicsDiffer:
            raise no_place() from None
        except (OutcomeUnknown, asyncio.CancelledError):
            pass  # cancelled: the publisher has ended while its producer was starting
        raise outcome_unknown(len(events))


def _tracking(codes: Tracking | None, url: str, event: Event) -> dict[str, Any]:
    kind = tracked(event)
    if codes is None or kind is None:
        return {}
    told = {"code": codes.code(event.city, kind, event.subject)}
    return {"tracking": {**told, "url": url + codes.path(event.city, kind, event.subject)}}
