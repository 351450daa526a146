"""A MongoDB replica set of three, of the same mongod that the embedded servers run: it can lose one."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from infra.embedded import mongod, ports
from infra.embedded.mongod import REPLICA_SET, Mongod

MEMBERS = 3
CACHE_MB = 256
ELECTION_MS, HEARTBEAT_MS = 2_000, 500
"""A primary that died is replaced after about this long, and not after MongoDB's default of 10 s."""
ANSWER_MS = 1_000
SECONDS_TO_ELECT = 60
POLL_SECONDS = 0.05

Client = MongoClient[dict[str, Any]]


class Member(Mongod):
    """One of several: whether it is primary is for all of them to decide."""

    def is_ready(self) -> bool:
        return "ok" in self.ask("ping")

    def ask(self, command: str, argument: Any = 1, **more: Any) -> dict[str, Any]:
        """The answer of this very member, in whatever state it is; empty when it has none."""
        try:
            with self.client() as client:
                return dict(client.admin.command(command, argument, **more))
        except PyMongoError:
            return {}

    def client(self) -> Client:
        """A client of this member alone, past any proxy."""
        return MongoClient(
            f"mongodb://127.0.0.1:{self.port}/",
            directConnection=True,
            serverSelectionTimeoutMS=ANSWER_MS,
            socketTimeoutMS=10 * ANSWER_MS,
        )

    @property
    def is_primary(self) -> bool:
        return self.running and bool(self.ask("hello").get("isWritablePrimary"))


class ReplicaSet:
    """Three members on loopback; a context manager that stops what it started.

    `front` gives the port under which everybody, members too, knows a member that listens on the
    port it is given: a proxy's, or the same.
    """

    def __init__(self, home: Path, *, front: Callable[[int], int] = lambda port: port) -> None:
        self._home = home
        self._front = front
        self.members: Sequence[Member] = ()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def uri(self) -> str:
        """Where drivers connect."""
        return f"mongodb://{','.join(self._hosts)}/?replicaSet={REPLICA_SET}"

    def start(self) -> None:
        """Start all three and wait for a primary."""
        self._home.mkdir(parents=True, exist_ok=True)
        self._hold = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        names = tuple(f"mongo-{number}" for number in range(MEMBERS))
        chosen = ports.choose(names, {})
        self._hosts = [f"127.0.0.1:{self._front(port)}" for port in chosen.values()]
        self.members = [self._member(name, port) for name, port in chosen.items()]
        try:
            for member in self.members:
                member.start()
            for member in self.members:
                member.wait_ready()
            self._initiate()
            self.primary()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all."""
        for member in self.members:
            member.stop()
        os.close(self._hold)

    def primary(self, seconds: float = SECONDS_TO_ELECT) -> Member:
        """The member that is primary now, waited for."""
        deadline = time.monotonic() + seconds
        while True:
            for member in self.members:
                if member.is_primary:
                    return member
            assert time.monotonic() < deadline, f"no primary within {seconds:g} s"
            time.sleep(POLL_SECONDS)

    def step_down(self, seconds: int = 5) -> bool:
        """The primary hands over to another; whether it did."""
        return bool(self.primary().ask("replSetStepDown", seconds, secondaryCatchUpPeriodSecs=2).get("ok"))

    def wait_complete(self, seconds: float = SECONDS_TO_ELECT) -> None:
        """Return when every member is primary or follows one."""
        deadline = time.monotonic() + seconds
        while not all(self._follows(member) for member in self.members):
            assert time.monotonic() < deadline, f"the set is not complete within {seconds:g} s"
            time.sleep(POLL_SECONDS)

    @staticmethod
    def _follows(member: Member) -> bool:
        said = member.ask("hello") if member.running else {}
        return bool(said.get("isWritablePrimary") or (said.get("secondary") and said.get("primary")))

    def _member(self, name: str, port: int) -> Member:
        home = self._home / name
        home.mkdir(exist_ok=True)
        log = self._home / f"{name}.log"
        return Member(binary=mongod.find(), port=port, cache_mb=CACHE_MB, home=home, log=log, hold=self._hold)

    def _initiate(self) -> None:
        settings = {
            "electionTimeoutMillis": ELECTION_MS,
            "heartbeatIntervalMillis": HEARTBEAT_MS,
            "heartbeatTimeoutSecs": 2,
        }
        members = [{"_id": number, "host": host} for number, host in enumerate(self._hosts)]
        with self.members[0].client() as client:
            client.admin.command(
                "replSetInitiate", {"_id": REPLICA_SET, "members": members, "settings": settings}
            )
