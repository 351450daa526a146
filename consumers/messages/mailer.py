"""The mailer's process: announcements become notices, notices become messages, and each step is an event.

What a crash does:

1. before a step is kept: nothing was told; the next mailer looks again.
2. after a letter was handed over, before that is kept: it is handed over again, with the same id. A mail
   server cannot be asked whether it had it; a receiver can tell by the id.
3. after that: the event stands in the outbox, once, and the relay publishes it.

Shards are leased, so several mailers share the work. Whatever the servers are the cause of ends the process.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from structlog import get_logger

from consumers.history import held
from consumers.kafka_log import KafkaLog
from consumers.leased import until_stopped
from consumers.messages.channels import Channel, Mail, OnOurPages
from consumers.messages.desk import MongoDesk, shards_due
from consumers.messages.messengers import SECONDS, ByMessenger, Messengers
from consumers.messages.people import MongoPeople
from consumers.messages.round import Round
from consumers.messages.subjects import titles
from consumers.messages.tools import Tools
from consumers.messages.writing import Writer
from consumers.mongo_outbox import MongoLeases, prepare
from consumers.projector import owner
from consumers.relay import now
from consumers.spreader import spread
from consumers.webhooks.addresses import networks
from consumers.webhooks.dial import Dial
from infra.directory import list_cities
from infra.failpoints import failpoint
from infra.kafka import single
from infra.mongo import Database
from infra.settings import Settings, address
from infra.tracking import tracking
from projections.core import Projection

LOOK_SECONDS = 0.2
MOST = 200
"""Notices that are looked at together."""
_log = get_logger(__name__)


async def run(
    settings: Settings,
    db: Database,
    cluster_id: str,
    _: Sequence[Projection],
    stop: asyncio.Event,
    *,
    clock: Callable[[], datetime] = now,
) -> None:
    """Write to people until `stop` is set; ends the process when anything fails."""
    await prepare(db)
    seconds = settings.session_timeout_ms / 1000
    leases = MongoLeases(db, owner(), seconds, clock)
    log = KafkaLog(lambda: None, cluster_id, lambda: single(settings))
    allowed = networks(settings.webhook_networks)
    messengers = Messengers(db, allowed)
    people = MongoPeople(db, log, "email" if settings.smtp_host else "in_app", messengers)
    channels: dict[str, Channel] = {
        "in_app": OnOurPages(),
        "email": Mail(settings),
        "push": ByMessenger(messengers, Dial(allowed, seconds=SECONDS), clock, allowed),
    }
    writer = Writer(partial(titles, db), address(settings), await tracking(db))
    mailer = Mailer(db, leases, Tools(people, writer, channels), clock)
    _log.info("mailer_started", mail=settings.smtp_host is not None)
    await until_stopped("mailer", stop, leases, seconds, mailer.run())
    for channel in channels.values():
        await channel.close()
    await log.close()
    _log.info("mailer_stopped")


class Mailer:
    """Works on every shard that nobody else has."""

    def __init__(
        self, db: Database, leases: MongoLeases, tools: Tools, clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._leases = leases
        self._tools = tools
        self._clock = clock
        self._desks: dict[int, MongoDesk] = {}
        self._spreads = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if not await self.step():
                await asyncio.sleep(LOOK_SECONDS)

    async def step(self) -> bool:
        """Look once at everything; whether anything moved."""
        moved = await self._spread()
        at, histories = self._clock(), await held(self._db)
        due = sorted(await shards_due(self._db, at, histories))
        cities = {city.id: city for city in await list_cities(self._db)} if due else {}
        for shard in due:
            desk = await self._desk(shard)
            if desk is not None:
                rows = await desk.due(at, histories, MOST)
                moved |= await Round(self._tools, desk, cities, at, histories).work(rows)
        return moved

    async def _spread(self) -> bool:
        """One mailer carries announcements on; two would only do the same twice."""
        self._spreads = self._spreads or await self._leases.take("spreader") is not None
        return self._spreads and await spread(self._db)

    async def _desk(self, shard: int) -> MongoDesk | None:
        if shard not in self._desks:
            lease = await self._leases.take(f"mailer/{shard}")
            if lease is None:
                return None
            failpoint("after_mailer_lease")
            self._desks[shard] = MongoDesk(self._db, self._leases, lease, shard)
        return self._desks[shard]
