"""A bad network between projector and MongoDB: replies lost, cut, held back, late; each event counts once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.faults.conftest import NewScene
from tests.faults.scene import Scene, wait_until
from tests.faults.streams import stream, verdict
from tests.support.proxy import Proxies, Proxy

pytestmark = [pytest.mark.servers, pytest.mark.faults]

COMMIT = b"commitTransaction"
CLAIM = b"findAndModify"
CLAIM_SECONDS, SESSION_MS = 1.5, 1_000


@contextmanager
def behind_proxy(scene: Scene) -> Iterator[Proxy]:
    """Whatever of ours is started in this scene reaches mongod through the proxy only."""
    with Proxies() as proxies:
        proxy = proxies.open(scene.embedded.mongo.port)
        scene.environment["TOWNHALL_MONGO"] = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        yield proxy


def troubles(proxy: Proxy) -> dict[str, Callable[[], None]]:
    """Each is over when the proxy is healed."""
    return {
        "the reply to a commit is lost": lambda: proxy.lose_replies(COMMIT),
        "so is the one to the driver's own retry": lambda: proxy.lose_replies(COMMIT, 2),
        "and to more": lambda: proxy.lose_replies(COMMIT, 5),
        "connections break": proxy.reset,
        "replies break off": lambda: proxy.cut_after(700),
        "requests break off": lambda: proxy.cut_after(2_000, "to_server"),
        "nothing gets through": proxy.hold,
        "requests arrive, replies do not": lambda: proxy.hold("to_client"),
        "replies would arrive, requests do not": lambda: proxy.hold("to_server"),
        "nobody is let in": proxy.refuse,
        "everything is late": lambda: proxy.slow(delay=0.1),
        "the line is thin": lambda: proxy.slow(bytes_per_second=100_000),
    }


def wait_for_progress(scene: Scene, when: str) -> None:
    before = scene.progress()
    wait_until(lambda: scene.progress() > before, f"the projector at work {when}", 60)


@pytest.mark.timeout(300, method="signal")
def test_whatever_the_network_does_each_event_counts_once(
    new_scene: NewScene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = new_scene()
    with behind_proxy(scene) as proxy:
        with stream(scene, "network") as journal:
            scene.start_projector()
            for what, begin in troubles(proxy).items():
                wait_for_progress(scene, f"before: {what}")
                begin()
                time.sleep(1.5)
                proxy.heal()
                scene.keep_running(1)
                wait_for_progress(scene, f"after: {what}")
        scene.settle(120, keep=1)
    assert verdict(scene, {"stream": journal})[1] == []
    unknown = [line for one in scene.projectors for line in one.said("commit_outcome_unknown")]
    with capsys.disabled():
        print(f"\n  {proxy.replies_lost} replies to commits lost, {len(unknown)} commits asked for again")
    assert unknown, "no commit was asked for again: nothing was tested"


@pytest.mark.timeout(300, method="signal")
def test_nobody_is_expelled_whose_claims_take_longer_than_a_session(new_scene: NewScene) -> None:
    """Heartbeats go on meanwhile, so each partition is claimed once and not for ever again."""
    scene = new_scene(session_ms=SESSION_MS)
    with stream(scene, "slow", chunks=4) as journal:
        pass
    with behind_proxy(scene) as proxy:
        proxy.slow(delay=CLAIM_SECONDS, only=CLAIM)
        scene.start_projector()
        scene.settle(120)
    assert verdict(scene, {"stream": journal})[1] == []
    assert {row["epoch"] for row in scene.checkpoints().values()} == {1}
