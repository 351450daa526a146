"""The processes of a soak, started again whenever they end, as a supervisor does; some are armed."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.failpoints import STEPS, VARIABLE
from tests.faults.drills import ANSWERING, REPLAYING, SENDING
from tests.faults.scene import Projector, Scene
from tests.support.cluster import Cluster

PROJECTORS = ("projector-0", "projector-1", "projector-2")
PUBLISHERS = ("ann", "ben")
IMPORT = "import"
CLIENTS = (*PROJECTORS, *PUBLISHERS, IMPORT)
SESSION_MS = 3_000
CHUNKS_PER_SECOND = 1.6
"""For each publisher, while nothing is in its way."""
REST_SECONDS = 0.5
"""Between two starts of the same process: one that cannot reach its servers ends at once."""
ARMED = 0.6
SLEEPS = 0.3
"""How many of the armed are not killed but held up for longer than a session."""
COUNTING = tuple(name for name in STEPS if name not in (*ANSWERING, *REPLAYING, *SENDING, "in_fold"))
PASSES = 12
SECONDS_TO_END = 240


@dataclass
class Slot:
    """One process that is to run, and how it is started with more environment."""

    name: str
    start: Callable[..., Projector]
    steps: Sequence[str]
    process: Projector | None = None
    started: float = 0.0

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.running


@dataclass
class Crew:
    """Projectors, publishers and, where elections are imported, an import that runs until it is done."""

    scene: Scene
    cluster: Cluster
    seed: str
    elections: Sequence[Path] = ()
    exits: Counter[str] = field(default_factory=Counter)
    everybody: list[Projector] = field(default_factory=list)
    imported: Projector | None = None

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed}/crew")
        self.projectors = [Slot(name, self._projector(name), COUNTING) for name in PROJECTORS]
        self.publishers = [Slot(name, self._publisher(name), SENDING) for name in PUBLISHERS]
        self._import = Slot(IMPORT, self._importer(), ())

    @property
    def journals(self) -> dict[str, Path]:
        return {name: self.scene.folder / f"{name}.jsonl" for name in PUBLISHERS}

    def keep(self, *, armed: bool = True) -> None:
        """Start what does not run."""
        for slot in (*self.projectors, *self.publishers):
            self._keep(slot, armed=armed)
        self._keep_import()

    def end(self) -> None:
        """Publishers finish what they have begun; the import comes to its end."""
        for slot in self.publishers:
            if not slot.lives:
                self._start(slot)
        time.sleep(1)  # until they listen to signals
        for slot in self.publishers:
            assert slot.process is not None
            slot.process.process.terminate()
            slot.process.process.wait(SECONDS_TO_END)
        deadline = time.monotonic() + SECONDS_TO_END
        while self.elections and self.imported is None:
            assert time.monotonic() < deadline, "the import has not ended"
            for slot in self.projectors:
                self._keep(slot, armed=False)
            self._keep_import()
            time.sleep(0.1)

    def report(self) -> list[dict[str, Any]]:
        """What the import says of each file."""
        assert self.imported is not None
        lines = [line for line in self.imported.log.read_text().splitlines() if line.startswith("{")]
        files: list[dict[str, Any]] = json.loads(lines[-1])["files"]
        return files

    def _keep_import(self) -> None:
        if not self.elections or self.imported is not None:
            return
        if self._import.process is not None and self._import.process.process.poll() == 0:
            self.imported = self._import.process
        else:
            self._keep(self._import, armed=False)

    def _keep(self, slot: Slot, *, armed: bool) -> None:
        if slot.lives or time.monotonic() - slot.started < REST_SECONDS:
            return
        if slot.process is not None:
            self.exits[f"{slot.name} {slot.process.process.poll()}"] += 1
        self._start(slot, **(self._arms(slot) if armed else {}))

    def _start(self, slot: Slot, **environment: str) -> None:
        slot.process = slot.start(**environment)
        slot.started = time.monotonic()
        self.everybody.append(slot.process)

    def _arms(self, slot: Slot) -> dict[str, str]:
        if self._chance.random() > ARMED:
            return {}
        name, number = self._chance.choice(slot.steps), self._chance.randint(1, PASSES)
        held = SESSION_MS / 1000 + self._chance.uniform(0.5, 2)
        action = f"sleep:{held:.1f}" if self._chance.random() < SLEEPS else "kill"
        return {VARIABLE: f"{name}={action}@{number}"}

    def _projector(self, name: str) -> Callable[..., Projector]:
        def start(**environment: str) -> Projector:
            return self.scene.start_projector(TOWNHALL_KAFKA=self.cluster.address(name), **environment)

        return start

    def _publisher(self, name: str) -> Callable[..., Projector]:
        def start(**environment: str) -> Projector:
            arguments = (name, self.seed, str(self.journals[name]), str(CHUNKS_PER_SECOND))
            address = self.cluster.address(name)
            return self.scene.start(
                "tests.faults.publishing", *arguments, TOWNHALL_KAFKA=address, **environment
            )

        return start

    def _importer(self) -> Callable[..., Projector]:
        def start(**environment: str) -> Projector:
            arguments = ("import", "pabulib", *map(str, self.elections), "--no-wait", "--json")
            address = self.cluster.address(IMPORT)
            return self.scene.start("townhall", *arguments, TOWNHALL_KAFKA=address, **environment)

        return start
