"""Servers of a test's own and the processes it runs against them, all ended with the test."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from infra.embedded import EmbeddedServers
from infra.kafka import apply_topics, cluster_id
from infra.settings import Settings
from tests.faults import oracle
from tests.support.cluster import Cluster
from tests.support.forked import Child

DATABASE = "townhall_faults"
POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Return when it holds; fail, saying what was waited for, when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Projector:
    """One `townhall project`, or another process of ours, with the log it writes."""

    process: Child
    log: Path

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def freeze(self) -> None:
        """SIGSTOP: it keeps its connections and does nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self.process.kill()
        self.process.wait()

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one kind."""
        written = self.log.read_bytes() if self.log.exists() else b""
        whole, _, _ = written.rpartition(b"\n")  # it may be writing a line now
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]
        return [line for line in lines if line.get("event") == event]


@dataclass
class Scene:
    """Topics as declared, nothing else yet. A context manager: at its end every process is killed."""

    servers: EmbeddedServers | Cluster
    folder: Path
    session_ms: int = 3_000
    batch_records: int = 5_000
    projectors: list[Projector] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        at = self.servers.start()
        self.kafka, self.mongo = at.kafka, at.mongo
        client: MongoClient[dict[str, Any]] = MongoClient(at.mongo, serverSelectionTimeoutMS=2_000)
        self.database = DATABASE
        self.db = self._stack.enter_context(client)[DATABASE]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TOWNHALL_")},
            "TOWNHALL_KAFKA": at.kafka,
            "TOWNHALL_MONGO": at.mongo,
            "TOWNHALL_MONGO_DATABASE": DATABASE,
            "TOWNHALL_HOME": str(self.folder / "settings"),
            "TOWNHALL_SESSION_TIMEOUT_MS": str(self.session_ms),
            "TOWNHALL_BATCH_RECORDS": str(self.batch_records),
            "TOWNHALL_LOG_FORMAT": "json",
            "TOWNHALL_LOG_LEVEL": "info",  # beside a supervisor they tell warnings only
        }
        asyncio.run(apply_topics(self.settings))
        self.cluster = asyncio.run(cluster_id(self.settings))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def embedded(self) -> EmbeddedServers:
        """The servers of a scene with one of each."""
        assert isinstance(self.servers, EmbeddedServers)
        return self.servers

    @property
    def settings(self) -> Settings:
        """For clients of this test's own process."""
        return Settings(_env_file=None, kafka=self.kafka, mongo=self.mongo, mongo_database=self.database)

    def start_projector(self, *names: str, **environment: str) -> Projector:
        """One more, of these projections or of those that the oracle knows; it ends with this process too."""
        known = names or oracle.PROJECTIONS
        started = self.start("townhall", "project", *known, "--supervised", **environment)
        self.projectors.append(started)
        return started

    def start(self, module: str, *arguments: str, **environment: str) -> Projector:
        """A process of ours: `main` of the module with these arguments, and more environment."""
        log = self.folder / f"{module}-{next(self._numbers)}.log"
        variables = {**self.environment, **environment}
        child = Child(module, arguments, environment=variables, folder=self.folder, log=log)
        self._stack.callback(child.kill)  # a no-op when it has ended; ends a stopped one too
        return Projector(child, log)

    @property
    def running(self) -> list[Projector]:
        """The projectors that live, the oldest first."""
        return [one for one in self.projectors if one.running]

    def keep_running(self, count: int) -> bool:
        """Start what is missing, as a supervisor does; whether something was."""
        missing = count - len(self.running)
        for _ in range(missing):
            self.start_projector()
        return missing > 0

    def start_import(self, files: Iterable[Path], *options: str) -> subprocess.Popen[bytes]:
        """`townhall import pabulib`; its report is on standard output."""
        arguments = ["import", "pabulib", *map(str, files), "--json", *options]
        process = self._stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "townhall", *arguments],
                env=self.environment,
                cwd=self.folder,
                stdout=subprocess.PIPE,
            )
        )
        self._stack.callback(process.kill)
        return process

    def checkpoints(self) -> dict[str, dict[str, Any]]:
        """As stored now; empty while MongoDB does not answer."""
        try:
            return {row["_id"]: row for row in self.db["checkpoints"].find()}
        except PyMongoError:
            return {}

    def progress(self) -> int:
        """Records that lie before the checkpoints, over all projections; 0 while MongoDB does not answer."""
        return sum(row["next"] for row in self.checkpoints().values())

    def whole(self) -> int:
        """Records that the log holds now, once for every projection that reads them."""
        ends = asyncio.run(oracle.ends(self.kafka))
        return sum(
            end for topics in oracle.GROUPS.values() for (topic, _), end in ends.items() if topic in topics
        )

    def waiting(self) -> int:
        """Records that no checkpoint has passed yet, over all projections."""
        return self.whole() - self.progress()

    def settle(self, seconds: float, *, keep: int = 0) -> None:
        """Return when everything in the log now has been applied; nobody may be publishing.

        Meanwhile `keep` projectors are kept running.
        """
        whole = self.whole()
        try:
            wait_until(
                lambda: not self.keep_running(keep) and self.progress() == whole,
                "every record applied",
                seconds,
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.progress()} of {whole} are") from None

    def use(self, database: str) -> None:
        """Another database from now on."""
        self.database = database
        self.environment["TOWNHALL_MONGO_DATABASE"] = database
        self.db = self.db.client[database]

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Everything stored, but for views."""
        names = [one["name"] for one in self.db.list_collections() if one["type"] == "collection"]
        return {name: list(self.db[name].find()) for name in names if not name.startswith("system.")}

    def restore(self, backup: dict[str, list[dict[str, Any]]]) -> None:
        """What was dumped, and nothing else."""
        for name, rows in backup.items():
            self.db[name].delete_many({})
            if rows:
                self.db[name].insert_many(rows)

    def rows(self, view: str) -> list[dict[str, Any]]:
        """Everything a reader sees under a public name."""
        return list(self.db[view].find())

    def differences(self, planted: oracle.Planted | None = None) -> list[str]:
        """The oracle's verdict."""
        return oracle.differences(self.kafka, self.mongo, self.database, planted)
