"""The embedded servers on this machine: real processes, real signals, real files."""

import asyncio
import json
import os
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient

from infra.embedded import EmbeddedError, EmbeddedServers, Endpoints, fetch, home, jars, mongod
from infra.embedded.process import GUARD
from tests.conftest import NewServers

pytestmark = pytest.mark.servers

TOPIC = "kept"
CLOSED_PROXY = "http://127.0.0.1:9"

PARENT = """
import pathlib, sys, time
from infra.embedded import EmbeddedServers
with EmbeddedServers(pathlib.Path(sys.argv[1])) as servers:
    print(servers.kafka.pid, servers.mongo.pid, flush=True)
    sys.stdin.read()
"""

LIMITED = """
import pathlib, resource, sys
from infra.embedded import EmbeddedError, EmbeddedServers
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
try:
    EmbeddedServers(pathlib.Path(sys.argv[1])).start()
except EmbeddedError as error:
    print(error)
"""


class OtherProgram(socketserver.TCPServer):
    """It accepts connections and hangs up, as it does not understand what it is asked."""

    allow_reuse_address = True


async def write(to: Endpoints, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=to.kafka)
    await producer.start()
    try:
        await producer.send_and_wait(TOPIC, value)
    finally:
        await producer.stop()
    client: MongoClient[dict[str, Any]] = MongoClient(to.mongo)
    with client:
        client.test[TOPIC].insert_one({"value": value})


async def read(at: Endpoints) -> tuple[list[bytes], list[bytes]]:
    """All values in the topic and in the collection."""
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=at.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        (partition,) = consumer.assignment()
        end = (await consumer.end_offsets([partition]))[partition]
        logged = [(await consumer.getone()).value or b"" for _ in range(end)]
    finally:
        await consumer.stop()
    client: MongoClient[dict[str, Any]] = MongoClient(at.mongo)
    with client:
        return logged, [bytes(row["value"]) for row in client.test[TOPIC].find()]


async def create_topic(at: Endpoints) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=at.kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose servers ran once, kept one value each, and stopped."""
    path = tmp_path_factory.mktemp("embedded") / "a home, with José"
    with EmbeddedServers(path) as servers:
        asyncio.run(create_topic(servers.start()))
        asyncio.run(write(servers.start(), b"first"))
    yield path
    shutil.rmtree(path)


async def test_the_next_run_has_data_and_ports_of_the_last_and_needs_no_network(
    used_home: Path, embedded_servers: NewServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", CLOSED_PROXY)
    ports = json.loads((used_home / "state.json").read_text())["ports"]
    servers = embedded_servers(used_home)
    found = servers.start()
    assert (servers.kafka.port, servers.mongo.port) == (ports["kafka"], ports["mongo"])
    logged, stored = await read(found)
    assert logged[0] == stored[0] == b"first"


async def test_ports_taken_by_another_program_are_changed_and_data_is_still_there(
    used_home: Path, embedded_servers: NewServers
) -> None:
    ports = json.loads((used_home / "state.json").read_text())["ports"]
    with ExitStack() as others:
        for port in ports.values():
            other = others.enter_context(OtherProgram(("127.0.0.1", port), socketserver.BaseRequestHandler))
            threading.Thread(target=other.serve_forever, args=(0.01,)).start()
            others.callback(other.shutdown)
        servers = embedded_servers(used_home)
        logged, stored = await read(servers.start())
    assert {servers.kafka.port, servers.mongo.port}.isdisjoint(ports.values())
    assert logged[0] == stored[0] == b"first"


async def test_killed_servers_come_back_on_the_same_port_with_all_that_was_acknowledged(
    used_home: Path, embedded_servers: NewServers
) -> None:
    """Started again from a thread that ends at once: a server belongs to the process, not to the thread."""
    servers = embedded_servers(used_home)
    found = servers.start()
    before = await read(found)
    await write(found, b"acknowledged")
    for server in (servers.kafka, servers.mongo):
        killed = server.pid
        server.kill()
        assert not psutil.pid_exists(killed)
        starter = threading.Thread(target=server.start)
        starter.start()
        starter.join()
    for server in (servers.kafka, servers.mongo):
        server.wait_ready()
    assert await read(found) == tuple([*values, b"acknowledged"] for values in before)


def test_a_paused_server_does_not_answer_until_resumed_and_still_stops(
    used_home: Path, embedded_servers: NewServers
) -> None:
    servers = embedded_servers(used_home)
    servers.start()
    servers.mongo.pause()
    assert servers.mongo.running
    assert not servers.mongo.is_ready()
    with pytest.raises(EmbeddedError, match="did not answer within 1 s"):
        servers.mongo.wait_ready(timeout=1)
    servers.mongo.resume()
    servers.mongo.wait_ready()
    servers.kafka.pause()
    pids = servers.kafka.pid, servers.mongo.pid
    servers.stop()
    assert not any(map(psutil.pid_exists, pids))


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_is_left_however_the_parent_ends_and_the_home_is_free_again(
    used_home: Path, embedded_servers: NewServers, ended_by: signal.Signals
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(used_home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        family = psutil.Process(parent.pid).children(recursive=True)
        assert set(pids) < {process.pid for process in family}
        groups = {os.getpgid(process.pid) for process in family}
        assert os.getpgid(parent.pid) not in groups  # Ctrl-C in a terminal must reach the parent alone
        parent.send_signal(ended_by)
    if ended_by == signal.SIGKILL:
        embedded_servers(used_home).start()  # waits for the last owner's servers, and for nothing else
    gone, left = psutil.wait_procs(family, timeout=20)
    assert len(gone) == 4
    assert not left


def start_guard(*argv: str) -> tuple["subprocess.Popen[bytes]", int]:
    """A guard with a grace of 0.2 s and the pid of the process it guards."""
    command = [sys.executable, "-I", "-S", str(GUARD), "0.2", *argv]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert guard.stdout is not None
    return guard, int(guard.stdout.readline())


def test_a_server_dies_with_its_guard() -> None:
    guard, pid = start_guard("sleep", "60")
    with guard:
        server = psutil.Process(pid)
        guard.kill()
    assert psutil.wait_procs([server], timeout=10)[1] == []


def test_a_server_that_ignores_sigterm_is_killed_after_the_grace() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    guard, pid = start_guard(sys.executable, "-c", deaf)
    with guard:
        while signal.SIGTERM not in ignored_signals(pid):
            assert psutil.pid_exists(pid)
        assert guard.stdin is not None
        guard.stdin.close()
        assert guard.wait(timeout=10) == 128 + signal.SIGKILL
        assert not psutil.pid_exists(pid)


def test_a_guard_ends_with_the_exit_code_of_its_server() -> None:
    guard, _ = start_guard("sh", "-c", "exit 7")
    with guard:
        assert guard.wait(timeout=10) == 7


def ignored_signals(pid: int) -> set[int]:
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigIgn"))
    return {number for number in range(1, 64) if mask >> (number - 1) & 1}


def test_a_home_in_use_is_refused(used_home: Path, embedded_servers: NewServers) -> None:
    first = embedded_servers(used_home)
    first.start()
    with pytest.raises(EmbeddedError, match=rf"in use by process {os.getpid()}\. .* another TOWNHALL_HOME"):
        embedded_servers(used_home).start()
    assert first.kafka.is_ready()
    assert first.mongo.is_ready()


def test_without_cache_and_network_the_message_says_what_to_do(
    tmp_path: Path, embedded_servers: NewServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", CLOSED_PROXY)
    told: list[str] = []
    with pytest.raises(EmbeddedError, match=r"cannot be fetched .* HTTPS_PROXY .* TOWNHALL_KAFKA"):
        embedded_servers(cache=tmp_path / "cache", report=told.append).start()
    assert told == [f"fetching Kafka {jars.KAFKA}: 45 jars from Maven Central, once"]
    assert [path.name for path in (tmp_path / "cache").rglob("*")] == [f"kafka-{jars.KAFKA}"]


def test_a_jar_other_than_the_locked_one_is_thrown_away(tmp_path: Path) -> None:
    jar = jars.Jar("org.jspecify:jspecify:1.0.0", "0" * 64)
    with pytest.raises(EmbeddedError) as caught:
        fetch.fetch([jar], tmp_path / "jars", print)
    if "cannot be fetched" in str(caught.value):
        pytest.skip("Maven Central cannot be reached")
    assert "not the file that was locked" in str(caught.value)
    assert not list((tmp_path / "jars").iterdir())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root outside a container may mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_before_anything_starts(small_disk: Path, embedded_servers: NewServers) -> None:
    with pytest.raises(EmbeddedError, match=r"is full: 1 MiB are free .* All data is kept\. Free some"):
        embedded_servers(small_disk / "home").start()


def test_a_disk_that_fills_up_is_told_as_the_cause(
    small_disk: Path, embedded_servers: NewServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "MIN_FREE_BYTES", 0)
    (small_disk / "other data").write_bytes(bytes(700 * 1024))  # empty servers write 768 KiB
    servers = embedded_servers(small_disk / "home")
    with pytest.raises(EmbeddedError, match=r"(Kafka|mongod) .* is kept\. The disk is full: free"):
        servers.start()
    assert not servers.kafka.running


def test_a_server_that_ends_while_starting_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    """A limit on file sizes is the nearest to a full disk that needs no root."""
    limited = [sys.executable, "-c", LIMITED, str(tmp_path / "home")]
    message = subprocess.run(limited, capture_output=True, text=True, check=True).stdout
    assert "mongod ended while starting (SIGXFSZ). Its data in" in message
    assert re.search(r"The end of .*mongod\.log:\n  .*MongoDB starting", message, re.DOTALL)


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path, embedded_servers: NewServers) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match=r"cannot be used: .* Point TOWNHALL_HOME"):
        embedded_servers(tmp_path / "file" / "home").start()


def test_data_of_a_newer_server_is_refused(tmp_path: Path, embedded_servers: NewServers) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "state.json").write_text(json.dumps({"versions": {"MongoDB": "99.0.1"}}))
    with pytest.raises(
        EmbeddedError, match=r"written by MongoDB 99\.0\.1, newer than .* Nothing was changed"
    ):
        embedded_servers(tmp_path / "home").start()


def test_without_the_wheel_of_mongod_the_message_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongod, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedError, match=r"set TOWNHALL_KAFKA and TOWNHALL_MONGO"):
        mongod.find()
