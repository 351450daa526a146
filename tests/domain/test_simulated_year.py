"""A season of two invented cities through the whole system, held against what really happened there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from events.envelope import Event
from producers.simulate.ideas import Idea
from producers.simulate.reported import Request
from producers.simulate.simulation import Simulation
from tests.year.compare import compared, not_compared
from tests.year.numbers import NUMBERS
from tests.year.play import MemoryTown
from tests.year.published import published

pytestmark = pytest.mark.timeout(300)
EMPTY = {"requests_by_flag"}
"""Nothing here is told before its opening, or closed before it was opened."""


async def lived(simulation: Simulation, town: MemoryTown) -> None:
    """Every step of it, in this town."""
    await town.begin()
    for step in simulation.steps():
        await town.play(step)


def test_every_read_model_and_follow_up_is_compared() -> None:
    assert not_compared() == set()


async def test_read_models_follow_ups_and_published_numbers_show_what_happened() -> None:
    simulation = Simulation(cities=2, days=90, seed=7)
    town = MemoryTown(7, simulation.cities)
    await lived(simulation, town)
    verdict = compared(town, simulation.truth)
    numbers = await published(town, simulation)
    assert verdict.differences + numbers.differences == []
    assert {name for name, number in verdict.compared.items() if not number} == EMPTY
    assert NUMBERS.keys() < numbers.compared.keys()
    assert len(numbers.compared) == 41
    assert town.repeated > 50
    assert sum(reader.crashed for reader in town.readers) > 10
    assert all(not reader.store.quarantine for reader in town.readers)


async def test_one_event_that_is_lost_is_a_difference() -> None:
    simulation = Simulation(cities=1, days=12, seed=1)
    town = MemoryTown(1, simulation.cities, again=0)
    await town.begin()
    lost: list[Event] = []
    for step in simulation.steps():
        kept = [event for event in step.events if lost or not event.type.endswith("idea.supported.v1")]
        lost += [event for event in step.events if event not in kept][:1]
        await town.play(replace(step, events=tuple(kept)))
    names = {line.split()[0] for line in compared(town, simulation.truth).differences}
    assert {"idea_supports", "idea_support", "pulse", "participants", "facts"} <= names


async def test_one_field_that_is_wrong_is_a_difference() -> None:
    simulation = Simulation(cities=1, days=12, seed=1)
    town = MemoryTown(1, simulation.cities)
    await lived(simulation, town)
    truth = simulation.truth
    assert compared(town, truth).differences == []
    key, request = next(iter(truth.kept(Request).items()))
    request.updates += 1
    (difference,) = compared(town, truth).differences
    assert difference.startswith(f"service_requests {key}: updates is")
    request.updates -= 1
    next(iter(truth.kept(Idea).values())).submitted_at += timedelta(milliseconds=1)
    assert len(compared(town, truth).differences) == 1


async def test_one_conclusion_that_is_not_told_or_told_late_is_a_difference() -> None:
    simulation = Simulation(cities=1, days=12, seed=1)
    town = MemoryTown(1, simulation.cities)
    await lived(simulation, town)
    facts = simulation.truth.facts
    for number, fact in enumerate(facts):
        if fact.name == "service_request.overdue":
            facts[number] = replace(fact, at=fact.at + timedelta(milliseconds=1))
            break
    assert len(compared(town, simulation.truth).differences) == 2
    del facts[number]
    assert len(compared(town, simulation.truth).differences) == 1


async def test_nothing_depends_on_how_finely_time_passes() -> None:
    """A clock that stops more often than it must finds the same documents."""
    simulation = Simulation(cities=1, days=40, seed=3)
    town = MemoryTown(3, simulation.cities)
    await town.begin()
    for step in simulation.steps():
        town.reach(step.contacts)
        for event in step.events:
            if event.at > town.horizon + timedelta(hours=3) and event.at < step.moment:
                await town.advance(event.at - timedelta(milliseconds=1))
            town.publish([event])
        await town.advance(step.moment)
    assert compared(town, simulation.truth).differences == []
