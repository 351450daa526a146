"""The fan-out: every topic of the log, once; a row for each endpoint that asked for an event.

The rows and the checkpoints of a batch are one transaction, fenced by the claims of the checkpoints. So an
event is a delivery or it is still ahead, whatever dies; read again, it meets its own row. Records that are
no event are passed over: the projections show them in quarantine. A partition whose log is another one
halts, and an operator decides (`townhall incidents`); the others go on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from structlog import get_logger

from consumers.engine.guard import inspect
from consumers.engine.intake import arrival_of, fingerprint
from consumers.engine.model import Advance, Claim, Mark, Partition, Record, Write
from consumers.kafka_log import KafkaLog
from consumers.mongo_commands import Commands
from consumers.mongo_rows import shard_of
from consumers.mongo_store import MongoStore
from consumers.webhooks.deliveries import (
    COLLECTION,
    MESSAGES,
    Statement,
    delivery_statement,
    message_statement,
)
from consumers.webhooks.endpoints import Endpoint, Endpoints
from consumers.webhooks.messages import message_of, wanted_by
from events.codec import Decoded
from events.registry import BY_TYPE
from events.topics import TOPICS
from infra.failpoints import failpoint
from infra.kafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition, reader
from infra.mongo import Database, DuplicateKeyError
from infra.settings import Settings
from projections.core import Projection

WEBHOOKS: Final = Projection("webhooks", 1, TOPICS)
"""Where the fan-out stands in the log, in the words of the engine. There is no view in it."""
MOST_RECORDS: Final = 200
"""In one transaction; each may be a delivery of 50 endpoints."""
WAIT_MS: Final = 500
CLOCKS: Final = timedelta(seconds=5)
"""So much the clocks of who publishes and who makes an endpoint may differ."""
HALTED_SECONDS: Final = 30.0
"""How soon a halted partition is looked at again."""

_log = get_logger(__name__)


@dataclass
class Share:
    """What a batch gives to endpoints, as statements of MongoDB."""

    messages: dict[str, Statement] = field(default_factory=dict)
    deliveries: list[Statement] = field(default_factory=list)

    def add(self, decoded: Decoded, partition: Partition, to: Sequence[Endpoint], now: datetime) -> None:
        """One event for these endpoints."""
        message = message_of(decoded, partition)
        self.messages.setdefault(message.id, message_statement(message, now))
        self.deliveries += [delivery_statement(endpoint, message, now) for endpoint in to]


class FanoutStore(MongoStore):
    """The checkpoints of the fan-out; a commit writes the deliveries of the batch with them."""

    _share = Share()

    async def commit_share(self, write: Write, share: Share) -> None:
        """Both or neither. Raises what `commit` raises."""
        self._share = share
        await self.commit(write)

    async def _write(self, write: Write, commands: Commands) -> None:
        await super()._write(write, commands)
        await commands.update(MESSAGES, list(self._share.messages.values()))
        failpoint("after_webhook_messages")
        await commands.update(COLLECTION, self._share.deliveries)
        failpoint("after_webhook_deliveries")


class Subscribers:
    """Who wants what, as read once for a batch."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._of_city: dict[bytes, list[Endpoint]] = {}
        for one in endpoints:
            self._of_city.setdefault(one.city.encode(), []).append(one)

    def of(self, record: "ConsumerRecord[bytes, bytes]") -> tuple[Decoded | None, list[Endpoint]]:
        """The event of a record and those who get it; a city without endpoints costs nothing."""
        candidates = self._of_city.get((record.key or b"").partition(b"/")[0], [])
        after = [one for one in candidates if not _before(record, one)]
        decoded = arrival_of(record).decoded if after else None
        if decoded is None:
            return None, []
        named = wanted_by(BY_TYPE[decoded.event.type])
        return decoded, [one for one in after if one.city == decoded.event.city and named & set(one.types)]


def _before(record: "ConsumerRecord[bytes, bytes]", endpoint: Endpoint) -> bool:
    """Whether the record was published before the endpoint was made."""
    return record.timestamp < 1000 * (endpoint.created_at - CLOCKS).timestamp()


class Fanout:
    """Reads from the checkpoints on, in the one process that holds the lease."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        log: KafkaLog,
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._db = db
        self._endpoints = Endpoints(db)
        self._store = FanoutStore(db, WEBHOOKS, log.cluster)
        self._log = log
        self._owner = owner
        self._clock = clock
        self._claims: dict[Partition, Claim] = {}

    async def run(self) -> None:
        """Fan out until cancelled; whatever fails ends the process."""
        self._consumer = reader(self._settings, max_poll_records=MOST_RECORDS, fetch_max_wait_ms=WAIT_MS)
        try:
            await self._consumer.start()
            everything = [
                Partition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)
            ]
            await self._begin(everything)
            halted = await self._claim(everything)
            look = asyncio.get_running_loop().time() + HALTED_SECONDS
            while True:
                await self._batch()
                if halted and asyncio.get_running_loop().time() > look:
                    halted = await self._claim(halted)
                    look = asyncio.get_running_loop().time() + HALTED_SECONDS
        finally:
            await self._consumer.stop()

    async def _begin(self, partitions: Sequence[Partition]) -> None:
        """Checkpoints for partitions that have none: at the end, or where the first endpoint was made.

        The ends are asked for before the endpoints: one that is made in between misses nothing.
        """
        known = await self._db["checkpoints"].distinct("_id", {"group": WEBHOOKS.group})
        new = [one for one in partitions if shard_of(WEBHOOKS.group, one) not in known]
        if not new:
            return
        places = {TopicPartition(*one): one for one in new}
        starts = dict(await self._consumer.end_offsets(list(places)))
        endpoints = await self._endpoints.of_city(None)
        if endpoints:
            since = int(1000 * (endpoints[0].created_at - CLOCKS).timestamp())
            found = await self._consumer.offsets_for_times(dict.fromkeys(places, since))
            starts |= {place: one.offset for place, one in found.items() if one is not None}
        for place, partition in places.items():
            await self._insert(partition, starts[place])

    async def _insert(self, partition: Partition, start: int) -> None:
        row = {"_id": shard_of(WEBHOOKS.group, partition), **self._store.fresh(partition)}
        try:
            await self._db["checkpoints"].insert_one({**row, "epoch": 0, "owner": None, "next": start})
        except DuplicateKeyError:
            return  # made by a process whose lease ran out since: it stands where it stands

    async def _claim(self, partitions: Sequence[Partition]) -> list[Partition]:
        """Take them, and read on from their checkpoints; those that halt."""
        halted = []
        for partition in partitions:
            claim = await self._store.claim(partition, self._owner)
            incident = await inspect(claim, self._log)
            if incident is not None:
                halted.append(partition)
                _log.error("webhooks_halted", partition=partition.short, why=incident.kind)
                await self._store.report(incident, self._clock())
                continue
            if claim.halted:
                await self._store.settle(claim, self._clock())
            self._claims[partition] = claim
        failpoint("after_fanout_claims")
        self._consumer.assign([TopicPartition(*one) for one in self._claims])
        for partition, claim in self._claims.items():
            self._consumer.seek(TopicPartition(*partition), claim.next)
        return halted

    async def _batch(self) -> None:
        fetched = await _fetch(self._consumer)
        if not fetched:
            return
        # Read after the records: who was made before one of them was published is among these.
        subscribers = Subscribers(await self._endpoints.enabled())
        now, share, write = self._clock(), Share(), Write()
        write.at = now
        for partition, records in fetched.items():
            for record in records:
                decoded, wanting = subscribers.of(record)
                if decoded is not None and wanting:
                    share.add(decoded, partition, wanting, now)
            write.advances.append(_advance(self._claims[partition], records))
            await asyncio.sleep(0)  # senders have their timeouts
        failpoint("before_fanout_commit")
        await self._store.commit_share(write, share)
        failpoint("after_fanout_commit")
        for advance in write.advances:
            self._claims[advance.claim.partition] = _moved(advance)


async def _fetch(consumer: AIOKafkaConsumer) -> Mapping[Partition, Sequence["ConsumerRecord[bytes, bytes]"]]:
    found = await consumer.getmany(timeout_ms=WAIT_MS, max_records=MOST_RECORDS)
    return {Partition(place.topic, place.partition): records for place, records in found.items() if records}


def _advance(claim: Claim, records: Sequence[Record]) -> Advance:
    last = records[-1]
    mark = Mark(last.offset, fingerprint(last))
    return Advance(claim, last.offset + 1, mark, applied=len(records), duplicates=0, quarantined=0)


def _moved(advance: Advance) -> Claim:
    claim = advance.claim
    return Claim(claim.partition, claim.epoch, advance.next, last=advance.last, cluster=claim.cluster)
