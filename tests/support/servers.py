"""Where tests find Kafka and MongoDB: the environment, else Docker, else embedded. Never a mock."""

import gc
import os
import shutil
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from docker.errors import DockerException  # type: ignore[import-untyped]  # published without types
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from infra import mongo_admin
from infra.embedded import EmbeddedServers, Endpoints, jars, ports
from infra.embedded.kafka import PROPERTIES, answers

KAFKA_IMAGE = f"apache/kafka:{jars.KAFKA}"
MONGO_IMAGE = "mongo:7.0"
SECONDS_TO_START = 60


def from_environment() -> Endpoints | None:
    """The servers that TOWNHALL_KAFKA and TOWNHALL_MONGO name; None unless both are set."""
    kafka, mongo = os.environ.get("TOWNHALL_KAFKA"), os.environ.get("TOWNHALL_MONGO")
    return Endpoints(kafka, mongo) if kafka and mongo else None


def docker_answers() -> bool:
    """Whether a Docker engine can be spoken to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        answer = _ping_docker()
        gc.collect()  # a client that cannot connect leaves its socket to the collector, in some test
    return answer


def _ping_docker() -> bool:
    try:
        with closing(DockerClient().client) as client:
            return bool(client.ping())
    except (DockerException, OSError):
        return False


def plan() -> str:
    """One line for pytest's header: which servers a test that needs some will get, and why."""
    if found := from_environment():
        return f"servers: Kafka at {found.kafka}, named by TOWNHALL_KAFKA; MongoDB named by TOWNHALL_MONGO"
    why = "TOWNHALL_KAFKA and TOWNHALL_MONGO are not both set"
    if docker_answers():
        return f"servers: Docker, {KAFKA_IMAGE} and {MONGO_IMAGE} ({why})"
    return f"servers: embedded, started when a test needs them ({why}; no Docker engine answers)"


def open_servers(home: Path, stack: ExitStack) -> Endpoints:
    """Servers that live until `stack` closes; `home` is for embedded ones and removed with them."""
    if found := from_environment():
        return found
    if docker_answers():
        try:
            return _in_docker(stack)
        except (DockerException, OSError) as error:
            print(f"\nDocker answers but cannot run the servers, so embedded ones are used: {error}")
    stack.callback(shutil.rmtree, home, ignore_errors=True)
    return stack.enter_context(EmbeddedServers(home, report=print)).start()


def _in_docker(stack: ExitStack) -> Endpoints:
    # The same port inside and outside: what a server says of itself then is true for both.
    chosen = ports.choose(("kafka", "controller", "mongo"), {})
    with ExitStack() as undo:
        undo.enter_context(_kafka_container(chosen["kafka"], chosen["controller"]))
        undo.enter_context(_mongo_container(chosen["mongo"]))
        kafka, mongo = (f"127.0.0.1:{chosen[name]}" for name in ("kafka", "mongo"))
        _wait("Kafka", lambda: answers(kafka))
        _wait("MongoDB", lambda: mongo_admin.make_primary(mongo, "townhall"))
        stack.push(undo.pop_all())
    return Endpoints(kafka=kafka, mongo=f"mongodb://{mongo}/?replicaSet=townhall")


def _kafka_container(port: int, controller_port: int) -> DockerContainer:
    """The embedded broker's settings; the image turns `a.b` into KAFKA_A_B and formats a fixed quorum."""
    text = PROPERTIES.format(port=port, controller_port=controller_port, data="/tmp/kafka")  # noqa: S108
    settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#")
    del settings["controller.quorum.bootstrap.servers"]
    settings |= {
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:{controller_port}",
    }
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(port, port)
    for name, value in settings.items():
        container = container.with_env(f"KAFKA_{name.replace('.', '_').upper()}", value)
    return container


def _mongo_container(port: int) -> DockerContainer:
    command = f"mongod --replSet townhall --bind_ip_all --port {port}"
    return DockerContainer(MONGO_IMAGE).with_bind_ports(port, port).with_command(command)


def _wait(name: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} in Docker did not answer within {SECONDS_TO_START} s")
        time.sleep(0.1)
