"""Mistakes in what the domain means, planted in read models and follow-ups: the truth finds each of them."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

import pytest

from consumers.followups import (
    attendance_hours,
    milestones,
    request_news,
    service_promises,
    session_watch,
    steward_messages,
)
from consumers.messages import decide
from consumers.messages.round import Round
from consumers.messages.tools import Step
from producers.simulate.simulation import Simulation
from projections import ladder
from projections.views import cadence, pulse, signups
from tests.year.compare import compared
from tests.year.mailroom import MemoryDesk
from tests.year.play import MemoryTown

WEEKS: Final = 30


async def found(days: int = 60) -> set[str]:
    """The names of what differs after some weeks of one city."""
    simulation = Simulation(cities=1, days=days, seed=7)
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


async def test_one_message_that_is_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was sent, and nothing tells of it."""
    settle, lost = MemoryDesk.settle, list[Step]()

    async def forgetful(desk: MemoryDesk, steps: Sequence[Step], now: datetime) -> None:
        sent = [step for step in steps if step.change.get("status") == "sent" and not lost]
        lost.extend(sent)
        await settle(desk, [step._replace(event=None) if step in sent else step for step in steps], now)

    monkeypatch.setattr(MemoryDesk, "settle", forgetful)
    assert await found(WEEKS) == {"messages", "followups", "followups_by_status"}


async def test_one_message_that_is_told_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The read model shows it once; the log does not."""
    settle, repeated = MemoryDesk.settle, list[Step]()

    async def repeating(desk: MemoryDesk, steps: Sequence[Step], now: datetime) -> None:
        sent = [step for step in steps if step.change.get("status") == "sent" and not repeated]
        repeated.extend(sent)
        await settle(desk, [*steps, *(step._replace(change={}) for step in sent)], now)

    monkeypatch.setattr(MemoryDesk, "settle", repeating)
    assert await found(WEEKS) == {"messages"}


async def test_what_is_sent_although_consent_was_withdrawn_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks again at the moment of sending."""
    monkeypatch.setattr(Round, "_checked", lambda *_: None)
    assert {"messages", "followups", "followups_by_status"} <= await found()


async def test_a_digest_at_another_hour_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "DIGEST_AT", time(10))
    assert await found(WEEKS) == {"messages", "followups"}
