"""Stops: nothing that is gone keeps a projector from ending."""

import pytest

from tests.faults.conftest import NewScene
from tests.faults.scene import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.faults]


@pytest.mark.timeout(120, method="signal")
def test_a_projector_ends_with_its_supervisor_although_both_servers_are_gone(new_scene: NewScene) -> None:
    """It is claiming partitions, for which it waits as long as MongoDB is away; then Kafka goes too."""
    scene = new_scene(session_ms=1_500)
    projector = scene.start_projector()
    wait_until(lambda: bool(projector.said("projector_started")), "the projector at work", 60)
    scene.embedded.mongo.kill()
    scene.embedded.kafka.kill()
    scene.embedded.kafka.start()
    scene.embedded.kafka.wait_ready()
    wait_until(lambda: bool(projector.said("claim_failed")), "a claim that waits for MongoDB", 60)
    scene.embedded.kafka.kill()

    projector.process.stdin.close()
    assert projector.process.wait(timeout=20) == 0
