"""Bad input: whatever stands in a topic, it is kept aside, and the events around it count."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from events.topics import IDEAS
from tests.faults import corpus
from tests.faults.conftest import NewScene
from tests.faults.corpus import Planted
from tests.faults.oracle import Place
from tests.faults.scene import Scene

pytestmark = [pytest.mark.servers, pytest.mark.faults]

GOOD = 300
SEED = 18


async def _send(kafka: str, records: Sequence[Planted], **options: Any) -> list[Place]:
    limits = {"max_request_size": 1_048_576, **options}
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", **limits)
    await producer.start()
    try:
        places = []
        for one in records:
            stands = await producer.send_and_wait(
                IDEAS.name, one.value, key=one.key, partition=one.partition, headers=list(one.headers)
            )
            places.append((stands.topic, stands.partition, stands.offset))
        return places
    finally:
        await producer.stop()


def send(scene: Scene, records: Sequence[Planted], **options: Any) -> dict[Place, str]:
    """Publish as they are, in this order; the places of those that are bad, with the reason."""
    places = asyncio.run(_send(scene.kafka, records, **options))
    return {place: one.reason for place, one in zip(places, records, strict=True) if one.reason}


def contradiction(of: Planted) -> Planted:
    """The same identity, and other choices."""
    return replace(corpus.with_choices(of.name, None, []), headers=of.headers, reason="conflict")


@pytest.mark.timeout(180, method="signal")
def test_exactly_the_bad_records_are_quarantined_and_everything_else_counts(new_scene: NewScene) -> None:
    """Each for its reason and with its bytes; sent again it is the same entry; the projector lives on."""
    scene, chance = new_scene(batch_records=100), random.Random(SEED)
    good = [corpus.good(f"good-{n}") for n in range(GOOD)]
    mixed = [*good, *corpus.BAD, *corpus.ODD]
    chance.shuffle(mixed)
    retried = [*corpus.BAD, *good[:20], *corpus.ODD]
    changed = [contradiction(one) for one in good[:5]]

    projector = scene.start_projector()
    planted = send(scene, mixed)
    planted |= send(scene, [*retried, *changed, *changed])
    scene.settle(90)
    later = [corpus.good(f"later-{n}") for n in range(50)]
    planted |= send(scene, later)
    scene.settle(30)

    assert scene.differences(planted) == []
    assert len(scene.rows("ballots")) == GOOD + len(corpus.ODD) + len(later)
    entries = [row for row in scene.rows("quarantine") if row["group"] == "townhall.participation.v3"]
    assert len(entries) == len(corpus.BAD) + len(changed)
    assert [row["count"] for row in entries] == [2] * len(entries)
    assert all(row["detail"] for row in entries)
    assert projector.running
    assert projector.said("batch_not_committed") == []


@pytest.mark.timeout(180, method="signal")
def test_more_bad_bytes_at_once_than_one_command_holds_stop_nothing(new_scene: NewScene) -> None:
    """Large headers in every partition at once: MongoDB takes at most 16 MB in one command."""
    scene = new_scene()
    large = [
        replace(corpus.with_headers(f"id-{number}-{part}", "bad_envelope", id=b"i" * 900_000), partition=part)
        for number in range(4)
        for part in range(IDEAS.partitions)
    ]
    planted = send(scene, [*large, corpus.good("after")])
    projector = scene.start_projector()
    scene.settle(90)
    assert scene.differences(planted) == []
    assert projector.running


@pytest.mark.timeout(180, method="signal")
def test_however_a_producer_compresses_its_records_are_read(new_scene: NewScene) -> None:
    """A record that only compressed fits into the topic is larger than MongoDB takes: it stops nothing."""
    scene = new_scene()
    planted: dict[Place, str] = {}
    for kind in ("gzip", "snappy", "lz4", "zstd"):
        planted |= send(scene, [corpus.good(f"{kind}-{n}") for n in range(20)], compression_type=kind)
    bomb = replace(corpus.good("bomb"), value=b"a" * 17_000_000, reason="too_large")
    planted |= send(scene, [bomb, corpus.good("after")], compression_type="gzip", max_request_size=20_000_000)
    projector = scene.start_projector()
    scene.settle(60)
    assert scene.differences(planted) == []
    assert len(scene.rows("ballots")) == 81
    assert projector.running
