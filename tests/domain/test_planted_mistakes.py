"""Mistakes in what the domain means, planted in read models and follow-ups: the truth finds each of them."""

from datetime import timedelta
from typing import Any

import pytest

from consumers.followups import (
    attendance_hours,
    milestones,
    request_news,
    service_promises,
    session_watch,
    steward_messages,
)
from producers.simulate.simulation import Simulation
from projections import ladder
from projections.views import cadence, pulse, signups
from tests.year.compare import compared
from tests.year.play import MemoryTown


async def found() -> set[str]:
    """The names of what differs after some weeks of one city."""
    simulation = Simulation(cities=1, days=60, seed=7)
    town = MemoryTown(7, simulation.cities)
    await town.begin()
    for step in simulation.steps():
        await town.play(step)
    return {line.split()[0].removesuffix(":") for line in compared(town, simulation.truth).differences}


@pytest.mark.parametrize(
    ("module", "name", "wrong", "differs"),
    [
        (session_watch, "GRACE", timedelta(minutes=16), {"facts", "signups", "attendance", "hours"}),
        (session_watch, "RELIABILITY", 700, {"facts", "sessions"}),
        (attendance_hours, "SEEN", frozenset({"qr"}), {"facts", "hours", "hours_by_day", "volunteer_hours"}),
        (cadence, "LONGEST_GRACE", 2, {"facts", "adoptions"}),
        (signups, "EARLY_HOURS", 2, {"signups_by_day", "volunteer_signups"}),
        (ladder, "RUNG_OF", {**ladder.RUNG_OF, "idea.supported": "lead"}, {"participants", "ladder"}),
        (pulse, "DERIVED", "nobody", {"pulse"}),
        (milestones, "TIMES", frozenset({1, 2, 10}), {"notices"}),
        (request_news, "MOVES", frozenset({"scheduled", "on_hold"}), {"notices"}),
        (service_promises, "HOUR", timedelta(minutes=59), {"facts", "service_requests"}),
        (steward_messages, "LAPSE_AFTER", 2, {"notices"}),
    ],
    ids=lambda one: one if isinstance(one, str) else None,
)
async def test_a_wrong_constant_is_found(
    module: Any, name: str, wrong: object, differs: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(wrong, dict):
        for key, value in wrong.items():
            monkeypatch.setitem(getattr(module, name), key, value)
    else:
        monkeypatch.setattr(module, name, wrong)
    assert differs <= await found()


async def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert await found() == set()
