"""`townhall simulate`: invented cities for as many days as you like."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from typing import Annotated, NoReturn, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from infra.kafka import KafkaError, TopicsDiffer
from infra.logging import for_terminal
from infra.mongo import Database, PyMongoError, connect
from infra.outages import told
from infra.running import resolve
from infra.settings import Settings, load
from producers.publisher import OutcomeUnknown, Publisher
from producers.simulate import playing
from producers.simulate.entries import enter
from producers.simulate.places import MOST
from producers.simulate.playing import Played
from producers.simulate.simulation import FIRST_DAY, Simulation


class History(Protocol):
    """The timers of the simulated cities; they go by the clock of the simulation, for good."""

    async def hold(self, at: datetime) -> None:
        """No timer fires that is due later."""

    async def settle(self, at: datetime) -> None:
        """Return when all that is due by then stands in the log. Raises TimeoutError."""


Opened = Callable[[Settings, Database, Sequence[str]], AbstractAsyncContextManager[History]]


def simulate_command(history: Opened) -> Callable[..., None]:
    """The command, for a system that keeps time for the cities by `history`."""

    def simulate(
        *,
        cities: Annotated[int, typer.Option(min=1, max=MOST, help="how many cities")] = 5,
        days: Annotated[int, typer.Option(min=1, max=365, help=f"from {FIRST_DAY} on")] = 365,
        seed: Annotated[int, typer.Option(min=0, max=9_999, help="another seed, other cities")] = 7,
    ) -> None:
        """Publish what the people of invented cities do, day by day: requests, ideas, volunteering, ...

        The same command goes on where it was cut off, and changes nothing once it is done. More --days go on
        from there. The cities are added to the directory; the seed is a part of their ids. It stays the last
        of these days in them.
        """
        console, simulation = Console(stderr=True), Simulation(cities, days, seed)
        _tell(console, simulation, _run(simulation, console, history))

    return simulate


def _run(simulation: Simulation, console: Console, history: Opened) -> Played:
    settings = load()
    for_terminal(settings, "error")
    try:
        return asyncio.run(_simulated(resolve(settings), simulation, console, history))
    except (TimeoutError, ValueError) as error:  # NotQuiet, CityRefused and OtherSimulation are such
        _fail(str(error))
    except (OutcomeUnknown, TopicsDiffer) as error:
        _fail(f"{error} Run the same command again: it goes on from there.")
    except (KafkaError, PyMongoError) as error:
        _fail(told("Kafka" if isinstance(error, KafkaError) else "MongoDB", error))
    except KeyboardInterrupt:
        console.print("Stopped. What was published is kept; the same command goes on from there.")
        raise typer.Exit(130) from None


async def _simulated(settings: Settings, simulation: Simulation, console: Console, history: Opened) -> Played:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    task = bar.add_task("simulating", total=simulation.days)

    def shown(moment: datetime) -> None:
        bar.update(task, description=f"{moment:%d %B}", completed=simulation.passed(moment))

    names = [simulation.coalition.id, *(town.id for town in simulation.towns)]
    async with (
        connect(settings) as db,
        Publisher(settings) as publisher,
        history(settings, db, names) as timers,
    ):
        progress = playing.Progress(db, simulation)
        await progress.begin()  # or nothing is changed
        await enter(db, [town.place for town in simulation.towns], simulation.coalition.city)
        await timers.hold(progress.until)
        with bar if console.is_terminal else nullcontext():
            return await playing.play(simulation, progress, publisher, timers.settle, shown)


def _tell(console: Console, simulation: Simulation, done: Played) -> None:
    if not done.steps:
        console.print("All of it was published before: nothing is new.", highlight=False)
    else:
        console.print(f"{done.events:,} events in {done.steps:,} steps are published.", highlight=False)
    for town in simulation.towns:
        told_there = sum(n for key, n in simulation.truth.told.items() if key[0] == town.id)
        follow = sum(fact.city == town.id for fact in simulation.truth.facts)
        console.print(
            f"  {town.id:<24} {told_there:>8,} events, from which {follow:,} must follow", highlight=False
        )


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
