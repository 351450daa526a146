"""`make year`: five cities for a year through the whole system, then everything is compared.

In memory; with SERVERS=1 on a real Kafka and MongoDB, while projectors, follow-ups, relays and mailers are
killed.
CITIES, DAYS and SEED say otherwise. It ends with exit code 1 when anything differs.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infra.embedded import EmbeddedServers
from infra.settings import Settings
from producers.simulate.simulation import Simulation
from tests.year import servers
from tests.year.compare import Verdict, compared
from tests.year.play import MemoryTown
from tests.year.published import published

Shown = Callable[[datetime], None]


async def in_memory(simulation: Simulation, seed: int, shown: Shown) -> tuple[str, Verdict]:
    """What happened on the way, and how the town stands with the truth."""
    town = MemoryTown(seed, simulation.cities)
    await town.begin()
    for step in simulation.steps():
        await town.play(step)
        shown(step.moment)
    crashes = sum(reader.crashed for reader in town.readers)
    told = f"{town.published:,} events, {town.repeated:,} repeats, {crashes:,} crashes, "
    letters = sum(town.mailroom.box.letters.values())
    told += f"{letters:,} letters, {town.mailroom.died:,} deaths of the mailer"
    verdict = compared(town, simulation.truth)
    if simulation.days >= WHOLE_MONTHS:
        verdict += await published(town, simulation)
    return told, verdict


async def on_servers(simulation: Simulation, seed: int, shown: Shown) -> tuple[str, Verdict]:
    """The same with servers and processes of its own."""
    folder = Path(tempfile.mkdtemp(prefix="townhall-year-"))
    embedded = EmbeddedServers(folder / "home")
    endpoints = embedded.start()
    settings = Settings(kafka=endpoints.kafka, mongo=SecretStr(endpoints.mongo), home=folder)
    try:
        town = await servers.lived(settings, simulation, folder, seed, shown)
    finally:
        embedded.stop()
        shutil.rmtree(folder / "home", ignore_errors=True)
    verdict = compared(town, simulation.truth)
    verdict.differences += [f"told more than once: {identity}" for identity in town.repeats]
    kills = ", ".join(f"{name} {times}" for name, times in sorted(town.killed.items()))
    return f"{len(town.log):,} records, kills: {kills}; logs in {folder}", verdict


def tell(console: Console, told: str, verdict: Verdict, seconds: float) -> None:
    """What was played, compared and found."""
    console.print(
        f"{told}; {verdict.compared['facts']:,} conclusions by rules; {verdict.compared.total():,} facts, "
        f"documents and sums compared in {seconds:,.0f} s",
        highlight=False,
    )
    for line in verdict.differences:
        console.print(line, style="red", markup=False)
    console.print(f"{len(verdict.differences)} differences", style="red" if verdict.differences else "green")


def main() -> int:
    """Live the days, then compare."""
    cities, days, seed = (int(os.environ.get(name) or usual) for name, usual in ASKED)
    lived = on_servers if os.environ.get("SERVERS") == "1" else in_memory
    console, began, simulation = Console(), time.monotonic(), Simulation(cities, days, seed)
    console.print(f"cities={cities} days={days} seed={seed}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("days", total=days)

        def shown(moment: datetime) -> None:
            bar.update(task, completed=simulation.passed(moment), description=f"{moment:%d %B}")

        told, verdict = asyncio.run(lived(simulation, seed, shown))
    tell(console, told, verdict, time.monotonic() - began)
    return 1 if verdict.differences else 0


WHOLE_MONTHS = 62
"""So many days hold a whole month after the first."""
ASKED = (("CITIES", 5), ("DAYS", 365), ("SEED", 7))

if __name__ == "__main__":
    sys.exit(main())
