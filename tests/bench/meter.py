"""What a run takes: wall time, and the CPU time of every process that has a part in it."""

import time
from typing import NamedTuple

import psutil

from infra.embedded import EmbeddedServers


class Cpu(NamedTuple):
    """CPU microseconds per event."""

    python: float
    mongod: float
    kafka: float


class Figure(NamedTuple):
    """One run."""

    rate: float
    """Events a second."""
    cpu: Cpu


class Stopwatch:
    """Started at the first record, not when a client begins to connect."""

    def __init__(self, python: psutil.Process, mongod: psutil.Process, kafka: psutil.Process) -> None:
        self._processes = (python, mongod, kafka)
        self._started: tuple[float, list[float]] | None = None

    def start(self) -> None:
        """Begin; nothing happens when it runs."""
        self._started = self._started or (time.perf_counter(), self._cpu())

    def stop(self, events: int) -> Figure:
        """The figure of so many events."""
        assert self._started is not None
        began, before = self._started
        seconds = time.perf_counter() - began
        spent = (1e6 * (after - was) / events for was, after in zip(before, self._cpu(), strict=True))
        return Figure(events / seconds, Cpu(*spent))

    def _cpu(self) -> list[float]:
        times = [process.cpu_times() for process in self._processes]
        return [one.user + one.system for one in times]


class Meter:
    """Makes stopwatches for these servers and a Python process, this one unless another is named."""

    def __init__(self, servers: EmbeddedServers) -> None:
        self._servers = servers

    def watch(self, python: int | None = None) -> Stopwatch:
        """A stopwatch that is not started yet."""
        pids = (python, self._servers.mongo.pid, self._servers.kafka.pid)
        return Stopwatch(*(psutil.Process(pid) for pid in pids))
