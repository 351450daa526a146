"""A Kafka broker and a MongoDB replica set of three, with a proxy between them and everybody else."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from infra.embedded import Endpoints, jars, ports
from infra.embedded.kafka import Kafka, find_java
from tests.support.proxy import Link, Proxies, Proxy
from tests.support.replica_set import ReplicaSet

HEAP_MB = 768


class FrontedKafka(Kafka):
    """A broker that tells each client its own address: that of the proxy between the two."""

    fronts: Mapping[int, int] = {}
    """The ports told, by the ports on which it listens for them."""

    def _write_properties(self, data: str) -> None:
        super()._write_properties(data)
        own = f"PLAINTEXT://127.0.0.1:{self.port}"
        heard = [f"FRONT{n}://127.0.0.1:{port}" for n, port in enumerate(self.fronts)]
        told = [f"FRONT{n}://127.0.0.1:{port}" for n, port in enumerate(self.fronts.values())]
        names = ["PLAINTEXT", "CONTROLLER", *(f"FRONT{n}" for n in range(len(self.fronts)))]
        with (self.home / "server.properties").open("a") as file:  # the last value of a name counts
            controller = f"CONTROLLER://127.0.0.1:{self._controller_port}"
            file.write(f"listeners={','.join([own, controller, *heard])}\n")
            file.write(f"advertised.listeners={','.join([own, *told])}\n")
            protocols = ",".join(f"{name}:PLAINTEXT" for name in names)
            file.write(f"listener.security.protocol.map={protocols}\n")


def is_driver(link: Link) -> bool:
    """A driver's connection to mongod, and not one of another member."""
    return bool(link.greeting) and b"internalClient" not in link.greeting


class Cluster:
    """Servers to be killed one by one while the rest goes on; a context manager that stops them.

    Every client that is named reaches Kafka through a proxy of its own. All reach MongoDB through
    one proxy for each member, and its faults are the drivers' only: the members hear each other.
    """

    kafka: FrontedKafka
    mongo: ReplicaSet

    def __init__(self, home: Path, clients: Sequence[str] = ()) -> None:
        self._home = home
        self._clients = tuple(clients)
        self._stack = ExitStack()
        self._started = False
        self.to_kafka: dict[str, Proxy] = {}
        """By the client's name."""
        self.to_mongo: dict[int, Proxy] = {}
        """By the member's own port."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Endpoints:
        """Start what does not run and wait until it answers; Kafka's address is that past the proxies."""
        if not self._started:
            self._start()
        return Endpoints(f"127.0.0.1:{self.kafka.port}", self.mongo.uri)

    def _start(self) -> None:
        self._started = True
        try:
            self._proxies = self._stack.enter_context(Proxies())
            self.mongo = ReplicaSet(self._home / "mongo", front=self._front)
            self._stack.enter_context(self.mongo)
            self.kafka = self._kafka()
            self._stack.callback(self.kafka.stop)
            self.kafka.start()
            self.kafka.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything."""
        self._stack.close()
        self._started = False

    def address(self, client: str) -> str:
        """Where this client finds Kafka."""
        return f"127.0.0.1:{self.to_kafka[client].port}"

    def heal(self) -> None:
        """Every connection works again."""
        for proxy in (*self.to_kafka.values(), *self.to_mongo.values()):
            proxy.heal()

    def _front(self, port: int) -> int:
        proxy = self._proxies.open(port)
        proxy.affects = is_driver
        self.to_mongo[port] = proxy
        return proxy.port

    def _kafka(self) -> FrontedKafka:
        home = self._home / "kafka"
        home.mkdir(parents=True)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        self._stack.callback(os.close, lock)
        chosen = ports.choose(("kafka", "controller", *self._clients), {})
        self.to_kafka = {client: self._proxies.open(chosen[client]) for client in self._clients}
        kafka = FrontedKafka(
            port=chosen["kafka"],
            controller_port=chosen["controller"],
            java=find_java(),
            class_path=jars.class_path(jars.default_cache(), print),
            heap_mb=HEAP_MB,
            home=home,
            log=self._home / "kafka.log",
            hold=lock,
        )
        kafka.fronts = {chosen[client]: proxy.port for client, proxy in self.to_kafka.items()}
        return kafka
