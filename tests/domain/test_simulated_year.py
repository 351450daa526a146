"""A season of two invented cities through the whole system, held against what really happened there."""

import pytest

from producers.simulate.simulation import Simulation
from tests.year.compare import compared
from tests.year.play import MemoryTown

EMPTY = {"requests_by_flag"}
"""Nothing here is told before its opening, or closed before it was opened."""


@pytest.mark.parametrize("seed", [7])
async def test_read_models_and_follow_ups_show_what_happened(seed: int) -> None:
    simulation, town = Simulation(cities=2, days=90, seed=seed), MemoryTown(seed)
    await town.begin()
    for step in simulation.steps():
        await town.play(step)
    verdict = compared(town, simulation.truth)
    assert verdict.differences == []
    assert town.repeated > 0
    assert {name for name, number in verdict.compared.items() if not number} == EMPTY
