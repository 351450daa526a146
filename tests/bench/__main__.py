"""`make bench`: ratios from one interleaved run, on servers of its own.

`make bench ARGS="--quick"` for a first look, `ARGS="--report"` to write README.md beside this file.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import uvloop
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from infra.embedded import EmbeddedServers
from infra.kafka import apply_topics, cluster_id
from infra.logging import configure
from infra.memory import fewer_collections
from infra.settings import Settings
from projections.registry import BY_NAME
from tests.bench import growth, ingestion, latency, reading, report, targets, timers, workload
from tests.bench.meter import Meter
from tests.bench.scene import Scene

PARTS = ("reading", "growth", "latency", "ways", "timers")
LATENCY_SECONDS = 8.0


def main() -> None:
    """Measure and print."""
    chosen = _arguments()
    fewer_collections(1_000_000)  # as a projector does
    with tempfile.TemporaryDirectory() as home, EmbeddedServers(Path(home)) as servers:
        found = servers.start()
        settings = Settings(
            _env_file=None,
            kafka=found.kafka,
            mongo=SecretStr(found.mongo),
            home=Path(home),
            log_level="error",
        )
        configure(settings)
        uvloop.run((_profile if chosen.profile else _run)(settings, Meter(servers), chosen))


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="make bench")
    arguments.add_argument("--events", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--quick", action="store_true", help="a quarter of the work, one round")
    arguments.add_argument("--only", choices=PARTS, action="append", help="this part; may be given again")
    arguments.add_argument("--contender", default="", help="only contenders whose name contains this")
    arguments.add_argument("--report", action="store_true", help=f"write {report.FILE.name} beside the code")
    arguments.add_argument("--profile", action="store_true", help="profile the projector once and stop")
    chosen = arguments.parse_args()
    if chosen.quick:
        chosen.events, chosen.rounds = chosen.events // 5, 1
    return chosen


async def _scene(settings: Settings, meter: Meter) -> Scene:
    await apply_topics(settings)
    return Scene(settings, meter, BY_NAME["participation"], await cluster_id(settings))


async def _run(settings: Settings, meter: Meter, chosen: argparse.Namespace) -> None:
    scene = await _scene(settings, meter)
    results = targets.Results({}, [], {}, {}, {})
    with Progress(console=Console(stderr=True)) as progress:
        for part in chosen.only or PARTS:
            task = progress.add_task(part, total=None)
            await _measure(part, scene, results, chosen, partial(progress.advance, task))
            progress.update(task, total=1, completed=1)
    report.show(results)
    if chosen.report:
        report.write(results, "make bench " + " ".join(sys.argv[1:]), chosen.events)


async def _measure(
    part: str, scene: Scene, results: targets.Results, chosen: argparse.Namespace, step: Callable[[], None]
) -> None:
    events, rounds = chosen.events, chosen.rounds
    match part:
        case "reading":
            await scene.publish(workload.events(events))
            work = reading.Work(events, max(200, events // 400), reading.expected(workload.events(events)))
            results.reading = await reading.rounds(scene, work, rounds, step, only=chosen.contender)
        case "growth":
            people = min(50_000, events // 4)
            results.growth = await growth.grow(scene, people, events // 5, rounds, step)
        case "latency":
            for rate in targets.LATENCY_TARGETS:
                results.latency[rate] = await latency.measure(scene, rate, LATENCY_SECONDS)
                step()
        case "ways":
            results.ways = await ingestion.ways(scene, events // 20, rounds, step)
        case "timers":
            results.timers = await timers.measure(scene, events // 2, rounds, step, chosen.contender)


async def _profile(settings: Settings, meter: Meter, chosen: argparse.Namespace) -> None:
    import cProfile
    import pstats

    scene = await _scene(settings, meter)
    await scene.publish(workload.events(chosen.events))
    with cProfile.Profile() as profile:
        await reading.rounds(scene, reading.Work(chosen.events), 1, lambda: None, only=targets.OURS)
    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
