"""The process of webhooks: it fans events out and sends them. A second one stands by.

Nothing is mended here: whatever fails ends the process with code 70, and the next one reads where things
stand. What a receiver does is no failure.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from structlog import get_logger

from consumers.kafka_log import KafkaLog
from consumers.leased import until_stopped
from consumers.mongo_outbox import MongoLeases
from consumers.projector import owner
from consumers.webhooks import deliveries
from consumers.webhooks.addresses import networks
from consumers.webhooks.dial import Dial
from consumers.webhooks.fanout import Fanout
from consumers.webhooks.sender import Sender
from infra.failpoints import failpoint
from infra.kafka import single
from infra.mongo import Database
from infra.settings import Settings

LEASE = "webhooks"
STAND_BY_SECONDS = 0.5
_log = get_logger(__name__)


def now() -> datetime:
    """The clock of the attempts."""
    return datetime.now(UTC)


async def run(
    settings: Settings,
    db: Database,
    cluster_id: str,
    stop: asyncio.Event,
    *,
    clock: Callable[[], datetime] = now,
) -> None:
    """Fan out and send until `stop` is set; ends the process when anything fails."""
    name, seconds = owner(), settings.session_timeout_ms / 1000
    leases = MongoLeases(db, name, seconds, clock)
    log = KafkaLog(lambda: None, cluster_id, lambda: single(settings))
    fanout = Fanout(settings, db, log, name, clock)
    await until_stopped("webhooks", stop, leases, seconds, _work(settings, db, leases, fanout, clock))
    await log.close()
    _log.info("webhooks_stopped")


async def _work(
    settings: Settings,
    db: Database,
    leases: MongoLeases,
    fanout: Fanout,
    clock: Callable[[], datetime],
) -> None:
    await deliveries.prepare(db)
    while await leases.take(LEASE) is None:  # noqa: ASYNC110 - no event to wait for
        await asyncio.sleep(STAND_BY_SECONDS)
    failpoint("after_webhooks_lease")
    allowed = networks(settings.webhook_networks)
    dial = Dial(allowed)
    sender = Sender(db, dial, clock, allowed=allowed)
    _log.info("webhooks_started")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fanout.run())
            group.create_task(sender.run())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None  # the first one says enough
    finally:
        await dial.close()
