"""The keeper with a real process of its own under a real guard."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import EmbeddedError, Server, keeper
from infra.embedded.keeper import Keeper


class Sleeper(Server):
    """A server that is ready as soon as it runs, and that can be told to end at once."""

    name = "sleeper"
    broken = False

    def prepare(self) -> list[str]:
        return ["sh", "-c", "echo no more; exit 3"] if self.broken else ["sleep", "60"]

    def is_ready(self) -> bool:
        return self.running and not self.broken


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sleeper]:
    monkeypatch.setattr(keeper, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(keeper, "WAITS", (0.0, 0.0, 0.0))
    server = Sleeper(port=1, home=tmp_path, log=tmp_path / "sleeper.log", hold=0)
    server.start()
    yield server
    server.stop()


async def test_a_killed_server_is_started_again_and_told_of_in_one_line(sleeper: Sleeper) -> None:
    told = asyncio.Queue[str]()
    keeping = asyncio.create_task(Keeper([sleeper], told.put_nowait).run())
    os.kill(sleeper.pid, signal.SIGKILL)
    line = await asyncio.wait_for(told.get(), 20)
    assert line == "sleeper ended (SIGKILL) and was started again; all data is kept."
    assert sleeper.running
    assert not keeping.done()
    keeping.cancel()


async def test_a_server_that_dies_again_and_again_is_not_started_for_ever(sleeper: Sleeper) -> None:
    def kill(_line: str) -> None:
        os.kill(sleeper.pid, signal.SIGKILL)

    kill("the first time")
    with pytest.raises(EmbeddedError, match="does not stay up, though it was started 3 times"):
        await asyncio.wait_for(Keeper([sleeper], kill).run(), 20)


async def test_one_that_cannot_start_is_told_with_its_log(sleeper: Sleeper) -> None:
    sleeper.broken = True
    os.kill(sleeper.pid, signal.SIGKILL)
    with pytest.raises(EmbeddedError, match=rf"ended \(SIGKILL\).*\nThe end of {sleeper.log}:\n  no more"):
        await asyncio.wait_for(Keeper([sleeper], print).run(), 20)
