"""A process dies at every step where a crash could matter, and each event still counts exactly once."""

import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from infra.failpoints import STEPS
from tests.faults.conftest import NewScene
from tests.faults.doors import Doors
from tests.faults.drills import ANYWHERE, Drills
from tests.faults.scene import Scene
from tests.faults.streams import stream, verdict
from tests.support.proxy import Proxies, Proxy

pytestmark = [pytest.mark.servers, pytest.mark.faults]

ROUNDS = 10 if os.environ.get("TOWNHALL_FAULTS") == "full" else 1
"""How often a process dies at each step."""
SESSION_MS = 1_000
LANES = ("participation", "requests", "pulse")
SEED = 50


def lanes(scene: Scene, proxy: Proxy, round_: int) -> Iterator[tuple[Drills, Callable[[], None]]]:
    """The drills of one round: what can run side by side, since projections share no group."""
    for number, projection in enumerate(LANES):
        drills = Drills(scene, projection)
        names = ANYWHERE[(number + round_) % len(LANES) :: len(LANES)]
        yield drills, partial(run, drills, names, proxy, round_)
    doors = Doors(scene)
    yield doors.drills, doors.run


def run(drills: Drills, names: tuple[str, ...], proxy: Proxy, round_: int) -> None:
    """Each projection has its own special steps, so that all lanes take about as long."""
    chance = random.Random(f"{SEED}/{round_}/{drills.projection}")
    drills.anywhere(names, lambda: chance.randint(1, 1 + (ROUNDS > 1)))
    match drills.projection:
        case "participation":
            drills.fenced()
            drills.replayed()
        case "requests":
            drills.last_owner()
            drills.halted()
        case _:
            drills.stopped()
            drills.revoked()
            drills.commit_again(proxy)


@pytest.mark.timeout(300 * ROUNDS, method="signal")
def test_a_process_dies_at_every_step_and_nothing_counts_twice_or_never(
    new_scene: NewScene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene, hit = new_scene(session_ms=SESSION_MS), list[str]()
    started = time.monotonic()
    with stream(scene, str(SEED)) as journal, Proxies() as proxies:
        proxy = proxies.open(scene.embedded.mongo.port)
        for round_ in range(ROUNDS):
            work = list(lanes(scene, proxy, round_))
            with ThreadPoolExecutor(len(work)) as pool:
                for future in [pool.submit(drill) for _, drill in work]:
                    future.result()
            hit += [name for drills, _ in work for name in drills.hit]
    scene.start_projector()
    scene.settle(120)
    records, wrong = verdict(scene, {"stream": journal})
    assert wrong == []
    with capsys.disabled():
        seconds = time.monotonic() - started
        print(
            f"\n  {len(hit)} kills at {len(set(hit))} steps, {records:,} records, "
            f"{seconds:.0f} s; seed {SEED}"
        )
    assert set(STEPS) - set(hit) == set(), "never reached"
