"""The oracle agrees with an undisturbed projector on every kind of event, and sees every kind of damage."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pymongo import MongoClient

from events.envelope import Event
from producers.publisher import Publisher
from tests.faults.conftest import NewScene
from tests.faults.scene import DATABASE, Scene
from tests.support import build
from tests.support.builders.results import reached_idea, reached_problem, reached_request

pytestmark = [pytest.mark.servers, pytest.mark.faults]

LATE = "2026-04-03T23:30:00-04:00"


def history() -> list[Event]:
    """Every type of event at least once, with lives that turn back, and repeats."""
    told = [
        build.opened("r1", neighbourhood_id="north"),
        build.acknowledged("r1"),
        build.stage_changed("r1", to="scheduled", label="Planned", at=LATE),
        build.overdue("r1", expected=build.AT),
        build.closed("r1", at=LATE),
        build.disputed("r1"),
        build.reopened("r1", at=LATE),
        build.closed("r2"),
        build.opened("r2"),
        build.stage_changed("r2", to="closed", label="Done"),
        build.confirmed("r2"),
        build.update_posted("r3", author_kind="agency"),
        build.merged("r3", into="r1", followers=2),
        reached_request("r3", percent=70),
        build.feedback("f1", rating=2),
        build.feedback("f1", rating=5),
        build.feedback("f2", rating=3),
        build.answered("i1", decision="rejected"),
        build.submitted("i1", at=LATE),
        build.idea_withdrawn("i2"),
        build.supported("i1"),
        build.supported("i1", by=build.BEN, channel="paper"),
        build.supported("i1", at=LATE),
        build.support_withdrawn("i1", by=build.BEN),
        build.support_withdrawn("i3"),
        build.answered("i4", at=LATE),
        build.submitted("i4"),
        reached_idea("i4", percent=40, progressed_at=build.when(LATE)),
        reached_idea("i4", percent=90),
        reached_problem("p1"),
        build.problem("p1"),
        build.problem("p1", at=LATE, statement="Still no shade"),
        build.concluded(selected=["a"]),
        build.round_opened(),
        build.ballot("a", "b"),
        build.ballot("b", "c", "a", by=build.BEN, vote_type="ordinal"),
        build.ballot("c", at=LATE),
        build.ballot(("a", 7), ("b", 0), by="cat-pseudonym-0003", vote_type="cumulative"),
    ]
    return [*told, *told[::3]]


def publish(scene: Scene, events: Sequence[Event]) -> None:
    async def send() -> None:
        async with Publisher(scene.settings, deadline=30) as publisher:
            await publisher.publish(events)

    asyncio.run(send())


DAMAGE: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "ballots": ("ballots.v3", {}, {"$set": {"casts": 9}}),
    "ideas": ("ideas.v3", {}, {"$pop": {"history": 1}}),
    "idea_supports": ("idea_supports.v3", {}, {"$set": {"active": None}}),
    "votes_by_project": ("votes_by_project.v3", {}, {"$inc": {"n.votes": 1}}),
    "service_requests": ("service_requests.v3", {"_id": "riverton/r1"}, {"$set": {"stage": "on_hold"}}),
    "pulse_cells": ("pulse.v2", {}, {"$set": {"partition": "ideas.9"}}),
    "requests_by_stage": ("requests_by_stage.v3", {}, {"$inc": {"n.count": -1}}),
    "checkpoint": ("checkpoints", {"next": {"$gt": 0}}, {"$inc": {"duplicates": 1}}),
}


@pytest.mark.timeout(120, method="signal")
def test_the_oracle_agrees_with_every_view_and_names_what_was_damaged(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.start_projector()
    publish(scene, history())
    scene.settle(60)
    assert scene.differences() == []
    client: MongoClient[dict[str, Any]] = MongoClient(scene.mongo)
    with client:
        for where, (collection, of, change) in DAMAGE.items():
            stored = client[DATABASE][collection]
            before = stored.find_one(of)
            assert before is not None
            stored.update_one({"_id": before["_id"]}, change)
            assert any(line.startswith(where) for line in scene.differences()), where
            stored.replace_one({"_id": before["_id"]}, before)
        lost = client[DATABASE]["ballots.v3"].find_one_and_delete({})
        assert lost is not None
        assert [line.split()[0] for line in scene.differences()] == ["ballots"]
        client[DATABASE]["ballots.v3"].insert_one(lost)
    assert scene.differences() == []
