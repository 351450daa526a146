"""Verify: fold the log again, from nothing, and compare with everything that readers see.

All that is stored is read at one moment, checkpoints included, so projectors work on meanwhile. Then
each partition is folded up to its checkpoint of that moment, in memory, and compared document by
document and cell by cell. Nothing is written but the result.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import orjson

from consumers.engine.fold import Fold, Plan
from consumers.engine.intake import arrival_of, fingerprint
from consumers.engine.ledger import hour_of
from consumers.engine.model import Partition, Record
from events.positions import Position, from_token, to_token
from infra.kafka import AIOKafkaConsumer, TopicPartition, reader
from infra.mongo import Database, PyMongoError, Session
from infra.settings import Settings
from projections import read
from projections.core import Document, Projection, cell_id

NAMED = 100
"""How many differences are kept word for word; all of them are counted."""
WAIT_MS = 500

Place = tuple[str, str]
Progress = Callable[[int, int], None]


class CannotVerify(ValueError):
    """There is nothing to compare with, or the log does not hold everything any more."""


@dataclass
class Stored:
    """What readers saw at one moment: digests of documents and cells, by collection and id."""

    documents: set[str]
    """The collections that hold documents; the others hold cells."""
    nexts: dict[Partition, int]
    digests: dict[Place, bytes]
    quarantined: dict[tuple[Partition, bytes], tuple[int, str]]
    """By the record's hash: the last offset at which it was set aside, and what became of it."""


@dataclass
class Result:
    """What was found; `differences` names the first ones with both values."""

    projection: str
    checkpoint: str
    events: int = 0
    documents: int = 0
    cells: int = 0
    digest: str = ""
    wrong: int = 0
    differences: list[str] = field(default_factory=list)
    sampled: bool = False
    seconds: float = 0.0

    def differs(self, what: str) -> None:
        """One difference more."""
        self.wrong += 1
        if len(self.differences) < NAMED:
            self.differences.append(what[:1_000])


async def verify(
    settings: Settings, db: Database, build: Projection, progress: Progress, *, sample: int | None = None
) -> Result:
    """Compare a build with the log. With `sample`, only about so many documents, and no sums.

    Raises CannotVerify.
    """
    began = time.monotonic()
    async with read.snapshot(db) as session:
        stored = await _stored(db, build, session)
        keep = _every(len(stored.digests), sample)
        result = Result(build.group, _token(stored.nexts), sampled=sample is not None)
        total, seal = sum(stored.nexts.values()), 0
        for partition in sorted(stored.nexts):
            before, again = result.events, _Refold(build, partition, stored)
            async for offset in again.run(settings, keep):
                result.events = before + offset
                progress(result.events, total)
            for what in again.raised:
                result.differs(what)
            seal += await _compare(db, session, build, stored, again.fold, result=result)
        if sample is None:
            for collection, key in stored.digests:
                result.differs(f"{collection} {key}: stored, but no event makes it")
    result.digest = f"{seal % 2**128:032x}"
    result.seconds = round(time.monotonic() - began, 1)
    await _keep(db, result)
    return result


async def recompute(
    settings: Settings, db: Database, build: Projection, token: str, progress: Progress
) -> tuple[str, str | None]:
    """The digest of a fold up to an earlier checkpoint, and the one that was kept then, if any."""
    nexts = {Partition(at.topic, at.partition): at.offset + 1 for at in from_token(token)}
    kept = await db["verifications"].find_one({"projection": build.group, "checkpoint": token, "wrong": 0})
    async with read.snapshot(db) as session:
        quarantined = await _quarantined(db, build, session)
    stored, seal = Stored(_holding(build), nexts, {}, quarantined), 0
    done, total = 0, sum(nexts.values())
    for partition, following in sorted(nexts.items()):
        again = _Refold(build, partition, stored)
        async for offset in again.run(settings, lambda _: True):
            progress(done + offset, total)
        done += following
        seal += sum(_seal(place, digest, build) for place, digest, _ in _outcome(again.fold))
    return f"{seal % 2**128:032x}", str(kept["digest"]) if kept else None


async def _stored(db: Database, build: Projection, session: Session) -> Stored:
    rows = await db["checkpoints"].find({"group": build.group}, session=session).to_list(None)
    if not any(row["next"] for row in rows):
        raise CannotVerify(f"{build.group} has applied nothing yet: there is nothing to compare.")
    digests: dict[Place, bytes] = {}
    for view in build.documents:
        collection = build.collection(view)
        async for row in db[collection].find({}, session=session, batch_size=5_000):
            key = row.pop("_id")
            digests[collection, key] = _digest(row)
    for tally in build.tallies:
        collection = build.collection(tally)
        async for row in db[collection].find({}, {"n": 1}, session=session, batch_size=5_000):
            if cell := _cell(row["n"]):
                digests[collection, row["_id"]] = _digest(cell)
    nexts = {Partition(row["topic"], row["partition"]): row["next"] for row in rows if row["next"]}
    return Stored(_holding(build), nexts, digests, await _quarantined(db, build, session))


def _holding(build: Projection) -> set[str]:
    return {build.collection(view) for view in build.documents}


async def _quarantined(
    db: Database, build: Projection, session: Session
) -> dict[tuple[Partition, bytes], tuple[int, str]]:
    wanted = {"group": build.group, "status": {"$ne": "replayed"}}
    fields = {"topic": 1, "partition": 1, "offsets": 1, "status": 1}
    found = {}
    async for row in db["quarantine"].find(wanted, fields, session=session, batch_size=5_000):
        identity = bytes.fromhex(row["_id"].rpartition("/")[2])
        place = Partition(row["topic"], row["partition"])
        found[place, identity] = (max(row["offsets"]), row["status"])
    return found


class _Refold:
    """One partition folded again, in memory."""

    def __init__(self, build: Projection, partition: Partition, stored: Stored) -> None:
        self.fold = Fold(Plan(build), _Nothing())
        self.raised: list[str] = []
        self._partition = partition
        self._stored = stored
        self._seen: set[tuple[int, bytes]] = set()

    async def run(self, settings: Settings, keep: Callable[[bytes], bool]) -> AsyncIterator[int]:
        """Fold everything before the checkpoint; yields the offset reached, now and then."""
        following = self._stored.nexts[self._partition]
        async for records in _records(settings, self._partition, following):
            for record in records:
                if record.key is None or keep(record.key):
                    self._take(record)
            yield records[-1].offset
        yield following

    def _take(self, record: Record) -> None:
        mark = (self._partition, fingerprint(record, size=16))
        until, status = self._stored.quarantined.get(mark, (-1, ""))
        set_aside = record.offset <= until
        if set_aside and status != "dropped":
            return
        decoded = arrival_of(record).decoded
        if decoded is None:
            return
        known = hour_of(decoded.event.time), decoded.identity  # as the ledger keeps them
        if known in self._seen:
            return
        self._seen.add(known)  # what was given up is known as well
        if set_aside:
            return
        try:
            self.fold.apply(self._partition, decoded.event)
        except Exception as error:  # noqa: BLE001 - a view's bug is a finding here
            said = f"{type(error).__name__}: {error}"
            self.raised.append(f"{self._partition.short} offset {record.offset}: counted, but {said}")


async def _records(
    settings: Settings, partition: Partition, following: int
) -> AsyncIterator[Sequence[Record]]:
    place = TopicPartition(*partition)
    consumer = reader(settings)
    await consumer.start()
    try:
        consumer.assign([place])
        first = (await consumer.beginning_offsets([place]))[place]
        end = (await consumer.end_offsets([place]))[place]
        if first > 0 or end < following:
            raise CannotVerify(
                f"{partition.short}: the log holds {first} to {end}, and the checkpoint counts from 0 to "
                f"{following}. What is gone cannot be folded again, so nothing can be proved."
            )
        consumer.seek(place, 0)
        async for batch in _until(consumer, place, following):
            yield batch
    finally:
        await consumer.stop()


async def _until(
    consumer: AIOKafkaConsumer, place: TopicPartition, following: int
) -> AsyncIterator[Sequence[Record]]:
    while await consumer.position(place) < following:
        found = await consumer.getmany(place, timeout_ms=WAIT_MS, max_records=5_000)
        records = [record for record in found.get(place, ()) if record.offset < following]
        if records:
            yield records


async def _compare(
    db: Database, session: Session, build: Projection, stored: Stored, fold: Fold, *, result: Result
) -> int:
    """Take what the fold made off what is stored; returns the seal of the fold."""
    seal = 0
    for place, digest, value in _outcome(fold):
        seal += _seal(place, digest, build)
        is_document = place[0] in stored.documents
        result.documents += is_document
        result.cells += not is_document
        if (is_document or not result.sampled) and stored.digests.pop(place, None) != digest:
            result.differs(_told(place, value, await _now_stored(db, place, session)))
    return seal


async def _now_stored(db: Database, place: Place, session: Session) -> Mapping[str, Any] | None:
    try:
        return await db[place[0]].find_one({"_id": place[1]}, session=session)
    except PyMongoError:  # the moment we compare with is too long ago for MongoDB
        return await db[place[0]].find_one({"_id": place[1]})


def _outcome(fold: Fold) -> Iterator[tuple[Place, bytes, Document]]:
    """Every document and cell with its digest."""
    for place, document in fold.documents.items():
        if document is not None:
            yield place, _digest(document), document
    for collection, cells in fold.cells.items():
        for (partition, key), sums in cells.items():
            if cell := _cell(sums):
                yield (collection, cell_id(key, partition.short)), _digest(cell), {"n": cell}


def _told(place: Place, expected: Document, found: Mapping[str, Any] | None) -> str:
    where = f"{place[0]} {place[1]}"
    if found is None:
        return f"{where}: missing; the events make {_shown(expected)}"
    shown = {name: value for name, value in found.items() if name not in ("_id", "key", "partition")}
    names = sorted(name for name in {**expected, **shown} if expected.get(name) != found.get(name))
    return f"{where}: " + "; ".join(
        f"{name} is {_shown(found.get(name))}, by the events {_shown(expected.get(name))}" for name in names
    )


def _shown(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()[:300]


def _digest(document: Mapping[str, Any]) -> bytes:
    body = orjson.dumps(document, default=_plain, option=_CANONICAL)
    return blake2b(body, digest_size=16).digest()


_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def _plain(value: Any) -> str:
    """A time the same way, whichever kind of UTC it is in."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"no document holds a {type(value).__name__}")


def _seal(place: Place, digest: bytes, build: Projection) -> int:
    """Added up, these give the same for the same documents, in whatever order and whichever build."""
    name = f"{place[0].removesuffix(build.tag)}\0{place[1]}"
    whole = blake2b(name.encode() + digest, digest_size=16).digest()
    return int.from_bytes(whole, "big")


def _cell(sums: Mapping[str, int]) -> dict[str, int]:
    """A cell of zeros means the same as no cell."""
    return {measure: amount for measure, amount in sums.items() if amount}


def _every(stored: int, sample: int | None) -> Callable[[bytes], bool]:
    """Chooses keys so that about `sample` documents come of them."""
    if sample is None:
        return lambda _: True
    one_in = max(1, stored // max(1, sample))
    salt = str(time.time_ns()).encode()
    return lambda key: int.from_bytes(blake2b(key + salt, digest_size=8).digest(), "big") % one_in == 0


class _Nothing(dict[Place, Document | None]):
    """Before the first event there is no document anywhere."""

    def __missing__(self, _: Place) -> None:
        return None


def _token(nexts: Mapping[Partition, int]) -> str:
    return to_token(Position(*place, following - 1) for place, following in sorted(nexts.items()))


async def _keep(db: Database, result: Result) -> None:
    await db["verifications"].insert_one({**vars(result), "at": datetime.now(UTC)})
