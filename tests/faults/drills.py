"""Drills: a process is armed with one failpoint and brought to pass it, and dies there."""

import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from infra.failpoints import STEPS, VARIABLE
from projections.registry import BY_NAME
from tests.faults.scene import Projector, Scene, wait_until
from tests.support.proxy import Proxy

LEASE_SECONDS = 3.0
"""Longer than a fenced projector waits before it claims again."""
SECONDS = 60
"""For one drill, on a machine that others use too."""

FENCED = ("after_abort", "before_resync", "amid_resync", "before_reclaim")
HALTING, SETTLING = ("before_halt", "amid_report", "after_halt"), ("amid_settle", "after_settle")
STOPPING = ("before_stop", "after_stop")
REPLAYING = ("before_replay_fold", "after_replay_fold")
SENDING = ("before_send", "after_send", "after_ack")
ANSWERING = ("after_body", "before_answer")
ALONE = ("on_revoked", "before_commit_again", "after_finding_last_owner")
DOCUMENTS = ("between_collections",)
"""Steps that only a projection with documents takes."""
SPECIAL = (*FENCED, *HALTING, *SETTLING, *STOPPING, *REPLAYING, *SENDING, *ANSWERING, *ALONE, *DOCUMENTS)
ANYWHERE = tuple(name for name in STEPS if name not in SPECIAL)
"""Steps that every projector takes within its first batch."""
ONCE = ("on_assigned", "after_assigned")
"""Of these, those that it takes once: a second assignment comes with a second projector."""


def nothing(_: Projector) -> None:
    """What must happen for a step that is taken anyhow."""


@dataclass
class Drills:
    """Kills of the projectors of one projection, one after the other, each started when the last is dead."""

    scene: Scene
    projection: str
    hit: list[str] = field(default_factory=list)

    @property
    def group(self) -> dict[str, str]:
        """The checkpoints of the projection."""
        return {"group": BY_NAME[self.projection].group}

    def kill_at(
        self, name: str, passes: int = 1, bring: Callable[[Projector], None] = nothing, **environment: str
    ) -> None:
        """A projector dies at this step; `bring` makes it come there."""
        armed = self.start(**{VARIABLE: f"{name}=kill@{passes}", **environment})
        bring(armed)
        self.dies(armed, name)

    def start(self, **environment: str) -> Projector:
        return self.scene.start_projector(self.projection, **environment)

    def dies(self, process: Projector, name: str) -> None:
        """It ends, by its own hand, at this step."""
        wait_until(lambda: not process.running, f"{self.projection} dead at {name}", SECONDS)
        reached = [line["name"] for line in process.said("failpoint")]
        assert (process.process.poll(), reached) == (-signal.SIGKILL, [name]), process.log.read_text()[-3000:]
        self.hit.append(name)

    def anywhere(self, names: Iterable[str], passes: Callable[[], int]) -> None:
        for name in names:
            self.kill_at(name, 1 if name in ONCE else passes())

    def fenced(self) -> None:
        """Another owner claims everything while this one works."""
        for name in FENCED:
            self.kill_at(name, bring=self._claim_under)

    def halted(self) -> None:
        """The checkpoints count in another cluster, until an operator mends that."""
        self._cluster("elsewhere")
        for name in HALTING:
            self.kill_at(name)
        self._cluster(self.scene.cluster)
        for name in SETTLING:
            self.kill_at(name)

    def stopped(self) -> None:
        for name in STOPPING:
            self.kill_at(name, bring=self._end_input)

    def revoked(self) -> None:
        """A second projector takes half of the partitions."""
        others: list[Projector] = []

        def join(armed: Projector) -> None:
            self.at_work(armed)
            others.append(self.start())

        self.kill_at("on_revoked", 2, join)  # the first time is before anything was assigned
        others[0].kill()

    def last_owner(self) -> None:
        """One dies inside its transaction; the next dies while it is about to end that."""
        self.kill_at("between_collections")
        self.kill_at("after_finding_last_owner")
        self._heal()

    def commit_again(self, proxy: Proxy) -> None:
        """The driver asks twice for the outcome of a commit, and both answers are lost."""

        def lose(armed: Projector) -> None:
            self.at_work(armed)
            proxy.lose_replies(b"commitTransaction", 2)

        through = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        self.kill_at("before_commit_again", bring=lose, TOWNHALL_MONGO=through)
        proxy.heal()

    def replayed(self) -> None:
        """A fold fails once and its event waits in quarantine; its replay dies twice before it counts."""
        broken = self.start(**{VARIABLE: "in_fold=raise@20"})
        wait_until(lambda: bool(self._failed()), "an event in quarantine", SECONDS)
        broken.kill()
        for name in REPLAYING:
            self.dies(self._replay(**{VARIABLE: f"{name}=kill"}), name)
            assert self._failed()
        mended = self._replay()
        assert mended.process.wait(SECONDS) == 0, mended.log.read_text()[-3000:]
        assert not self._failed()

    def at_work(self, projector: Projector) -> None:
        """Return when it has claimed everything and moved, or has died over it."""
        mine = f"/{projector.process.pid}/"

        def owns() -> bool:
            return all(mine in row["owner"] for row in self._rows())

        wait_until(lambda: owns() or not projector.running, f"{self.projection} claimed", SECONDS)
        before = self._next()
        wait_until(
            lambda: self._next() > before or not projector.running, f"{self.projection} at work", SECONDS
        )

    def _heal(self) -> None:
        """A projector that lives frees what the dead have locked, and ends in order."""
        living = self.start()
        self.at_work(living)
        living.process.stdin.close()
        living.process.wait(SECONDS)

    def _claim_under(self, armed: Projector) -> None:
        """Again and again: a rebalance between makes it claim anew, and nothing is fenced."""
        self.at_work(armed)
        deadline = time.monotonic() + SECONDS
        while armed.running and time.monotonic() < deadline:
            self.scene.db["checkpoints"].update_many(self.group, {"$inc": {"epoch": 1}})
            with suppress(TimeoutError):
                armed.process.wait(LEASE_SECONDS)

    def _end_input(self, armed: Projector) -> None:
        self.at_work(armed)
        armed.process.stdin.close()

    def _cluster(self, name: str) -> None:
        self.scene.db["checkpoints"].update_many(
            self.group, {"$set": {"cluster": name}, "$inc": {"epoch": 1}}
        )

    def _rows(self) -> list[dict[str, Any]]:
        return list(self.scene.db["checkpoints"].find(self.group))

    def _next(self) -> int:
        return sum(row["next"] for row in self._rows())

    def _failed(self) -> list[dict[str, Any]]:
        failed = {**self.group, "reason": "fold_failed", "status": "open"}
        return list(self.scene.db["quarantine"].find(failed))

    def _replay(self, **environment: str) -> Projector:
        """An operator tries again what waits."""
        entry = self._failed()[0]["_id"]
        return self.scene.start("townhall", "quarantine", "retry", entry, **environment)
