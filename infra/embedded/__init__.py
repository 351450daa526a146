"""Real servers without installing any: Apache Kafka and MongoDB as child processes, data under one folder."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from infra.embedded import jars, mongod, ports
from infra.embedded.errors import EmbeddedError, HomeInUse
from infra.embedded.home import Home
from infra.embedded.kafka import Kafka, find_java
from infra.embedded.keeper import Keeper
from infra.embedded.mongod import Mongod
from infra.embedded.process import Server

__all__ = ["EmbeddedError", "EmbeddedServers", "Endpoints", "HomeInUse", "Server"]

VERSIONS = {"Kafka": jars.KAFKA, "MongoDB": mongod.VERSION}


@dataclass(frozen=True)
class Endpoints:
    """Where clients connect: `127.0.0.1:port` and `mongodb://127.0.0.1:port/?replicaSet=townhall`."""

    kafka: str
    mongo: str


def _silent(_sentence: str) -> None:
    pass


class EmbeddedServers:
    """Kafka and MongoDB on free loopback ports; a context manager that starts and stops both.

    They end with the process that started them, however it ends. Data in `home` is kept between runs.
    """

    kafka: Kafka
    mongo: Mongod

    def __init__(
        self,
        home: Path,
        *,
        report: Callable[[str], None] = _silent,
        heap_mb: int = 512,
        cache_mb: int = 512,
        cache: Path | None = None,
    ) -> None:
        """`report` is told of progress in short sentences; `cache` holds Kafka's jars for all homes."""
        self._home = Home(home)
        self._report = report
        self._heap_mb = heap_mb
        self._cache_mb = cache_mb
        self._cache = cache or jars.default_cache()
        self._lock: int | None = None
        self._servers: tuple[Server, ...] = ()  # in the order of stopping

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Endpoints:
        """Start both and wait until they answer; EmbeddedError when that fails, and then neither runs."""
        if self._lock is not None:
            return self._endpoints()
        java, binary = find_java(), mongod.find()
        self._lock = self._home.open()
        try:
            self._set_up(java, binary, self._lock)
            self._run()
        except (OSError, subprocess.TimeoutExpired) as error:
            self.stop()
            raise EmbeddedError(
                f"The servers cannot start: {error}. Data in {self._home.path} is kept. "
                "Mend the cause and start again."
            ) from error
        except BaseException:
            self.stop()
            raise
        return self._endpoints()

    def stop(self) -> None:
        """Stop Kafka, then MongoDB, and release the folder; nothing happens when they are stopped."""
        if self._lock is None:
            return
        try:
            for server in self._servers:
                server.stop()
        finally:
            os.close(self._lock)
            self._lock = None
            self._servers = ()

    async def keep(self, say: Callable[[str], None]) -> None:
        """Start again what ends, until cancelled; `say` is told. EmbeddedError when that fails."""
        await Keeper(self._servers, say).run()

    def _set_up(self, java: Path, binary: Path, lock: int) -> None:
        self._home.check_versions(VERSIONS)
        class_path = jars.class_path(self._cache, self._report)
        remembered = {name: int(port) for name, port in self._home.state().get("ports", {}).items()}
        chosen = ports.choose(("kafka", "controller", "mongo"), remembered)
        self._home.remember(chosen, VERSIONS)
        self.kafka = Kafka(
            port=chosen["kafka"],
            controller_port=chosen["controller"],
            java=java,
            class_path=class_path,
            heap_mb=self._heap_mb,
            home=self._home.path / "kafka",
            log=self._home.logs / "kafka.log",
            hold=lock,
        )
        self.mongo = Mongod(
            binary=binary,
            port=chosen["mongo"],
            cache_mb=self._cache_mb,
            home=self._home.path / "mongo",
            log=self._home.logs / "mongod.log",
            hold=lock,
        )
        self._servers = (self.kafka, self.mongo)

    def _run(self) -> None:
        self._report("starting Kafka and MongoDB")
        self.mongo.start()
        self.kafka.start()
        self.mongo.wait_ready()
        self.kafka.wait_ready()
        self._report(f"Kafka answers on 127.0.0.1:{self.kafka.port}, MongoDB on 127.0.0.1:{self.mongo.port}")

    def _endpoints(self) -> Endpoints:
        return Endpoints(kafka=f"127.0.0.1:{self.kafka.port}", mongo=self.mongo.uri)
