"""Numbers as events: told twice they are one, and told anew they are the newer one."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from consumers.engine.memory import MemoryStore, MemoryTopics
from events.codec import decode, encode
from infra.directory import City
from producers.snapshots import snapshot
from projections.metrics.registry import METRICS as REGISTERED
from projections.registry import BY_NAME
from tests.support import build
from tests.support.engines import Worker, all_partitions, publish
from tests.support.metrics import NOW, number, scope

METRICS = BY_NAME["metrics"]
NEXTS = {("townhall.requests", 1): 7, ("townhall.requests", 0): 3}
HISTORY = [build.opened(f"r{one}", at="2026-04-03T12:00:00-04:00") for one in range(6)]
NUMBER = number("time_to_close.p50", *HISTORY)


async def test_a_number_told_twice_counts_once_and_a_changed_one_replaces_it() -> None:
    first = replace(NUMBER, value=Decimal("3.5"))
    later = scope(now=NOW + timedelta(days=1))
    again, changed = replace(first, scope=later), replace(first, value=Decimal("4.0"), scope=later)
    topics, store = MemoryTopics(), MemoryStore()
    publish(topics, *(snapshot(one, NEXTS) for one in (first, again, changed, first, again)))
    worker = Worker(METRICS, topics, store)
    await worker.assign(all_partitions(METRICS))
    await worker.drain()
    (document,) = store.documents["metric_snapshots.v1"].values()
    assert (document["value"], document["told"]) == ("4.0", 2)
    assert store.counts() == (2, 3, 0)


def test_a_snapshot_says_up_to_where_the_log_was_read() -> None:
    event = snapshot(NUMBER, NEXTS)
    assert event.data.model_dump()["as_of"] == (
        {"topic": "townhall.requests", "partition": 0, "next": 3},
        {"topic": "townhall.requests", "partition": 1, "next": 7},
    )
    moved = snapshot(NUMBER, {**NEXTS, ("townhall.requests", 0): 4})
    assert moved.id != event.id
    assert moved.time == event.time


def test_it_is_told_from_the_citys_midnight_after_the_month() -> None:
    assert snapshot(NUMBER, NEXTS).time.isoformat() == "2026-05-01T00:00:00-04:00"
    today = scope("2026-05-10", "2026-05-10")
    stock = number("ideas.supporters", about=today)
    assert snapshot(stock, {}).time.isoformat() == "2026-05-10T00:00:00-04:00"


def test_a_midnight_that_the_clock_skips_is_the_moment_after_it() -> None:
    cairo = City(id="cairo", name="Cairo", timezone="Africa/Cairo")
    about = scope("2026-04-01", "2026-04-23", city=cairo)
    event = snapshot(replace(NUMBER, scope=about), NEXTS)
    assert event.time.isoformat() == "2026-04-24T01:00:00+03:00"


@pytest.mark.parametrize("code", [metric.code for metric in REGISTERED])
def test_every_snapshot_can_be_read_by_everyone(code: str) -> None:
    event = snapshot(number(code, *HISTORY), NEXTS)
    record = encode(event)
    assert decode(record.key, record.value, record.headers).event == event
