"""Kills: however often processes and servers die, each ballot of a real election counts exactly once."""

import json
import os
import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import NewScene
from tests.faults.official import assert_official
from tests.faults.scene import POLL_SECONDS, Scene, wait_until
from tests.support.data import data_file

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.data]

FULL = os.environ.get("TOWNHALL_FAULTS") == "full"
SOME = (
    "Netherlands_Assen_2024",
    "Switzerland_Zurich_S5",
    "Hungary_Budapest_2022_VIII_Jozsefvaros",
    "Poland_Warszawa_2023_Wesola",
    "Poland_Gdansk_2020",
)
OTHERS = (
    "Canada_Stanford_Dataset_PB_Dieppe_2018_vote_approvals",
    "France_Toulouse_2022",
    "Netherlands_Amsterdam_179",
    "Poland_Wroclaw_2020",
    "US_Stanford_Dataset_PB_Cambridge_2019_vote_approvals",
    "US_Stanford_Dataset_PB_Chicago_35th_Ward_2019_vote_approvals",
)
ELECTIONS = (*SOME, *OTHERS) if FULL else SOME
SECONDS = 900 if FULL else 240

INTERVAL = 2.0
"""Seconds a projector lives at least; it is killed when it has applied something besides."""
FEWEST_KILLS = 5
STORM_SECONDS = 300 if FULL else 60
BROKER_DIES, MONGOD_DIES = 0, 2
"""After so many kills; the broker at once, while the import publishes."""
TWO_PROJECTORS = range(3, 9)
IMPORTS = 5
SEED = 20260401


@dataclass
class Import:
    """An import that is run again, as it asks for, when a server went away under it."""

    scene: Scene
    files: Sequence[Path]
    runs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def going_on(self) -> bool:
        """False when a run has published everything."""
        if self.runs and self.runs[-1].poll() in (None, 0):
            return self.runs[-1].poll() is None
        assert len(self.runs) < IMPORTS, "the import fails again and again"
        self.runs.append(self.scene.start_import(self.files, "--no-wait"))
        return True


@dataclass
class Toll:
    """What a storm did."""

    kills: int = 0
    in_work: int = 0


def storm(scene: Scene, importing: Import) -> Toll:
    """Kill projectors, mongod once and the broker once while the import runs and events wait."""
    chance, toll, started = random.Random(SEED), Toll(), time.monotonic()
    while toll.in_work < FEWEST_KILLS or time.monotonic() - started < STORM_SECONDS:
        before, wanted = scene.progress(), 2 if toll.kills in TWO_PROJECTORS else 1
        scene.keep_running(wanted)
        time.sleep(INTERVAL)
        if not until_progress(scene, before, importing, wanted):
            break
        time.sleep(chance.uniform(0, 0.3))  # another moment of a batch each time
        if toll.kills == MONGOD_DIES:
            die_and_return(scene.servers.mongo)
        if toll.kills == BROKER_DIES:
            die_and_return(scene.servers.kafka)
        scene.keep_running(wanted)
        scene.running[0].kill()
        toll.kills += 1
        toll.in_work += importing.going_on() or scene.waiting() > 0
    scene.keep_running(1)
    return toll


def until_progress(scene: Scene, before: int, importing: Import, wanted: int) -> bool:
    """Whether something has been applied since; False when nothing is left to apply."""
    while importing.going_on() or scene.waiting():
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if scene.progress() > before:
                return True
            scene.keep_running(wanted)
            time.sleep(POLL_SECONDS)
    return False


def die_and_return(server: Any) -> None:
    server.kill()
    server.start()
    server.wait_ready()


@pytest.mark.timeout(SECONDS, method="signal")
def test_an_election_survives_the_death_of_every_process(
    new_scene: NewScene, capsys: pytest.CaptureFixture[str]
) -> None:
    """Projectors die every 2 s, mongod and the broker once: no vote is lost, none counts twice."""
    files = [data_file(f"pabulib/{name}.pb") for name in ELECTIONS]
    scene, started = new_scene(batch_records=250), time.monotonic()
    importing = Import(scene, files)
    toll = storm(scene, importing)
    wait_until(lambda: not importing.going_on(), "the import has ended", 120)
    scene.settle(120)

    assert scene.differences() == []
    report = json.loads(importing.runs[-1].communicate()[0])
    assert [one["rejected"] for one in report["files"]] == [0] * len(files)
    for reported in report["files"]:
        assert_official(scene, reported)
    repeats = sum(row["duplicates"] for row in scene.checkpoints().values())
    fences = sum(len(one.said("batch_not_committed")) for one in scene.projectors)
    stormed = time.monotonic() - started

    assert_again_changes_nothing(scene, files)
    assert scene.running
    with capsys.disabled():
        print(
            f"\n  {toll.kills} projectors killed, {toll.in_work} at work; mongod and broker once each; "
            f"{len(importing.runs)} import run(s), {repeats} duplicates dropped, {fences} batches turned "
            f"away; {stormed:.0f} s, {time.monotonic() - started:.0f} s in all; seed {SEED}"
        )
    assert toll.in_work >= FEWEST_KILLS, (
        f"only {toll.in_work} kills hit a projector at work: nothing was tested"
    )


def assert_again_changes_nothing(scene: Scene, files: Sequence[Path]) -> None:
    """The same import again: every event is a duplicate, and every number and ballot stays as it was."""
    views = ("ballots", "ballot_rounds", "votes_by_project", "round_ballots", "pulse")
    before = {view: sorted(scene.rows(view), key=str) for view in views}
    again = scene.start_import(files)
    output, _ = again.communicate()
    scene.settle(120)
    assert again.returncode == 0
    report = json.loads(output)
    assert [one["duplicates"] for one in report["files"]] == [one["events"] for one in report["files"]]
    assert {view: sorted(scene.rows(view), key=str) for view in views} == before
    assert scene.differences() == []
