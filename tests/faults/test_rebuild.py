"""A rebuild under live traffic whose workers are killed: readers never see half of it."""

import contextlib
import json
import random
import subprocess
import sys
import time

import psutil
import pytest

from tests.faults import oracle
from tests.faults.conftest import NewScene
from tests.faults.scene import Scene, wait_until
from tests.support.data import data_file, election

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.data]

FILES = ("Poland_Gdansk_2020", "Poland_Warszawa_2023_Wesola", "Switzerland_Zurich_S5")
LATER = "Netherlands_Assen_2024"
KILLS = 3
SEED = 41


def command(scene: Scene, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "townhall", *arguments],
        env=scene.environment,
        cwd=scene.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def kill_a_worker(scene: Scene, chance: random.Random) -> bool:
    """Start the rebuild and kill one of its workers; whether it had still work to do."""
    rebuild = subprocess.Popen(
        [sys.executable, "-m", "townhall", "projections", "rebuild", "participation", "--processes", "2"],
        env=scene.environment,
        cwd=scene.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    before = filled(scene)
    while filled(scene) == before and rebuild.poll() is None:
        time.sleep(0.02)
    time.sleep(chance.uniform(0, 0.1))
    with contextlib.suppress(psutil.NoSuchProcess):
        for worker in psutil.Process(rebuild.pid).children()[:1]:
            worker.kill()
    return rebuild.wait(60) != 0


def filled(scene: Scene) -> int:
    rows = scene.checkpoints().values()
    return sum(row["next"] for row in rows if row["group"] == "townhall.participation.v3.2")


@pytest.mark.timeout(300, method="signal")
def test_a_rebuild_that_is_killed_goes_on_and_makes_the_same(
    new_scene: NewScene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene, chance = new_scene(batch_records=100), random.Random(SEED)
    scene.start_projector()
    files = [data_file(f"pabulib/{name}.pb") for name in FILES]
    assert scene.start_import(files).wait(120) == 0
    before = sorted(scene.rows("votes_by_project"), key=str)
    traffic = scene.start_import([data_file(f"pabulib/{LATER}.pb")], "--no-wait")
    killed = sum(kill_a_worker(scene, chance) for _ in range(KILLS))
    assert traffic.wait(60) == 0
    done = command(scene, "projections", "rebuild", "participation", "--processes", "2", "--switch")
    assert done.returncode == 0, done.stderr
    assert "readers see participation v3.2 now" in done.stdout
    cast = sum(len(election(f"pabulib/{name}.pb").votes) for name in (*FILES, LATER))
    wait_until(lambda: len(scene.rows("ballots")) == cast, f"{cast} ballots to be seen", 60)
    assert len(sorted(scene.rows("votes_by_project"), key=str)) > len(before)
    proofs = [command(scene, "verify", f"participation.{tag}") for tag in ("v3", "v3.2")]
    assert [one.returncode for one in proofs] == [0, 0], proofs
    digests = {line.strip() for one in proofs for line in one.stdout.splitlines() if "digest" in line}
    assert len(digests) == 1
    assert command(scene, "projections", "drop", "participation", "v3", "--yes").returncode == 0
    status = json.loads(command(scene, "status", "--json").stdout)
    assert {row["projection"] for row in status["projections"]} == set(oracle.PROJECTIONS)
    with capsys.disabled():
        print(f"\n  {killed} of {KILLS} rebuilds cut off in the middle; seed {SEED}")
    assert killed > 0, "every worker was done before it was killed: nothing was tested"
