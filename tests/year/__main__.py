"""`make year`: five cities for a year through the whole system in memory, then everything is compared.

CITIES, DAYS and SEED say otherwise. It ends with exit code 1 when anything differs.
"""

import asyncio
import os
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from producers.simulate.simulation import Simulation
from tests.year.compare import Verdict, compared
from tests.year.play import MemoryTown
from tests.year.published import published


async def lived(cities: int, days: int, seed: int, console: Console) -> tuple[MemoryTown, Verdict]:
    """The town after these days, and how it stands with the truth."""
    simulation, town = Simulation(cities, days, seed), MemoryTown(seed)
    await town.begin()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("days", total=days)
        for step in simulation.steps():
            await town.play(step)
            bar.update(task, completed=simulation.passed(step.moment), description=f"{step.moment:%d %B}")
    verdict = compared(town, simulation.truth)
    if days >= WHOLE_MONTHS:
        verdict += await published(town, simulation)
    return town, verdict


def tell(console: Console, town: MemoryTown, verdict: Verdict, seconds: float) -> None:
    """What was played, compared and found."""
    crashes = sum(reader.crashed for reader in town.readers)
    console.print(
        f"{town.published:,} events, {verdict.compared['facts']:,} conclusions by rules, {town.repeated:,} "
        f"repeats, {crashes:,} crashes; {verdict.compared.total():,} facts, documents and sums compared "
        f"in {seconds:,.0f} s"
    )
    for line in verdict.differences:
        console.print(line, style="red", markup=False)
    console.print(f"{len(verdict.differences)} differences", style="red" if verdict.differences else "green")


def main() -> int:
    cities, days, seed = (int(os.environ.get(name) or usual) for name, usual in ASKED)
    console, began = Console(), time.monotonic()
    console.print(f"cities={cities} days={days} seed={seed}")
    town, verdict = asyncio.run(lived(cities, days, seed, console))
    tell(console, town, verdict, time.monotonic() - began)
    return 1 if verdict.differences else 0


WHOLE_MONTHS = 62
"""So many days hold a whole month after the first."""
ASKED = (("CITIES", 5), ("DAYS", 365), ("SEED", 7))

if __name__ == "__main__":
    sys.exit(main())
