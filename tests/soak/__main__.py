"""`make soak MINUTES=20 SEED=7`: everything goes wrong for so long, then every document is compared.

A real Kafka, a MongoDB replica set of three, three projectors and two publishers, with a proxy
between any two of them. ELECTIONS=1 imports the real elections meanwhile and checks their results.
It fails when anything differs, and when it saw no fence, no duplicate, no quarantined record or no
retry: then it tested nothing.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.faults.official import assert_official
from tests.faults.publishing import journal
from tests.faults.scene import Scene
from tests.faults.streams import verdict
from tests.soak.crew import CLIENTS, SESSION_MS, Crew
from tests.soak.gauge import Gauge
from tests.soak.nemesis import Nemesis
from tests.support.cluster import Cluster
from tests.support.data import DATA

FAULT_SECONDS = 2.0
"""From one fault to the next, on average."""
TICK_SECONDS = 0.1
TOLD_SECONDS = 15
SECONDS_TO_SETTLE = 900
BATCH_RECORDS = 500
BUGS = ("projector_failed", "watchdog_failed")
"""What a projector says of its own code, whatever the trouble around it."""


@dataclass(frozen=True)
class Asked:
    """What this run is to be."""

    minutes: float
    seed: str
    elections: bool

    @classmethod
    def of_environment(cls) -> "Asked":
        minutes = float(os.environ.get("MINUTES") or 20)
        seed = os.environ.get("SEED") or str(random.SystemRandom().randrange(10**6))
        return cls(minutes, seed, os.environ.get("ELECTIONS") == "1")

    def again(self) -> str:
        elections = " ELECTIONS=1" if self.elections else ""
        return f"make soak MINUTES={self.minutes:g} SEED={self.seed}{elections}"


def main() -> int:
    asked = Asked.of_environment()
    say(asked.again())
    home = Path(tempfile.mkdtemp(prefix="townhall-soak-"))
    try:
        wrong = on_servers(asked, home)
    except BaseException:
        say(f"Cut off. Logs and data are in {home}. Again: {asked.again()}")
        raise
    if wrong:
        say("\n".join([*wrong, f"Failed. Logs and data are in {home}. Again: {asked.again()}"]))
        return 1
    if not os.environ.get("KEEP"):
        shutil.rmtree(home, ignore_errors=True)
    return 0


def on_servers(asked: Asked, home: Path) -> list[str]:
    with (
        Cluster(home / "servers", CLIENTS) as cluster,
        Scene(cluster, home, session_ms=SESSION_MS, batch_records=BATCH_RECORDS) as scene,
    ):
        return run(asked, cluster, scene)


def run(asked: Asked, cluster: Cluster, scene: Scene) -> list[str]:
    """Everything that is not as it must be."""
    files = sorted((DATA / "pabulib").glob("*.pb")) if asked.elections else []
    crew = Crew(scene, cluster, asked.seed, files)
    nemesis = Nemesis(cluster, crew, asked.seed)
    with Gauge(cluster.mongo.members, scene.database) as gauge:
        trouble(asked, crew, nemesis, gauge)
        say("healing, and waiting until everything counts")
        nemesis.heal()
        crew.end()
        scene.settle(SECONDS_TO_SETTLE, keep=len(crew.projectors))
    say("the oracle reads the log and compares every document")
    records, wrong = verdict(scene, crew.journals)
    if asked.elections:
        for reported in crew.report():
            assert_official(scene, reported)
        say(f"the official results of {len(files)} elections are met")
    return wrong + report(crew, nemesis, gauge, records)


def trouble(asked: Asked, crew: Crew, nemesis: Nemesis, gauge: Gauge) -> None:
    """One fault after the other, for as long as was asked."""
    chance = random.Random(f"{asked.seed}/pace")
    started = time.monotonic()
    strike_at, tell_at = started + 5, started
    while (now := time.monotonic()) < started + 60 * asked.minutes:
        crew.keep()
        nemesis.tend()
        if now >= strike_at:
            nemesis.strike()
            strike_at = now + chance.uniform(0, 2 * FAULT_SECONDS)
        if now >= tell_at:
            minutes, seconds = divmod(int(now - started), 60)
            say(f"{minutes:02}:{seconds:02}  {gauge.progress:,} counted, {nemesis.faults.total()} faults")
            tell_at = now + TOLD_SECONDS
        time.sleep(TICK_SECONDS)


def report(crew: Crew, nemesis: Nemesis, gauge: Gauge, records: int) -> list[str]:
    """Say what happened; what did not happen and should have is wrong."""
    reached = [line["name"] for one in crew.everybody for line in one.said("failpoint")]
    faults = nemesis.faults + Counter({"failpoint reached": len(reached)})
    turned_away = [line["why"] for one in crew.everybody for line in one.said("batch_not_committed")]
    lines = [line for file in crew.journals.values() for line in journal(file)]
    retried = Counter(
        {
            "batches": turned_away.count("Unavailable"),
            "commits": sum(len(one.said("commit_outcome_unknown")) for one in crew.everybody),
            "publications": sum(line.what == "retried" for line in lines),
        }
    )
    once = [row for row in crew.scene.checkpoints().values() if row["group"] != "townhall.pulse.v2"]
    seen = {
        "fences": turned_away.count("Fenced"),
        "duplicates": sum(row["duplicates"] for row in once),
        "quarantined": sum(row["quarantined"] for row in once),
        "retries": retried.total(),
    }
    print(f"seed {crew.seed}")
    for name, number in faults.most_common():
        print(f"  {number:6,}  {name}")
    print(f"  {faults.total():6,}  faults, over {records:,} events")
    print(", ".join(f"{number:,} {name}" for name, number in seen.items()))
    print(", ".join(f"{number:,} {name} tried again" for name, number in retried.items()))
    print(f"failpoints at {len(set(reached))} steps; nothing counted for {gauge.longest:.1f} s at most")
    print(f"ends: {dict(sorted(crew.exits.items()))}", flush=True)
    bugs = [line for one in crew.everybody for what in BUGS for line in one.said(what)]
    return [
        *(f"no {name} were seen: nothing was tested" for name, number in seen.items() if not number),
        *(f"a projector failed: {line}" for line in bugs),
    ]


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
