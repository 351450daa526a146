"""Topics come from their declaration only: what is missing is told, and nobody creates it by asking."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest
from pydantic import SecretStr

from events.topics import IDEAS, TOPICS, Topic
from infra.embedded import Endpoints, kafka
from infra.kafka import TopicPartition, TopicsDiffer, admin, apply_topics, diff_topics, producer, reader
from infra.settings import Settings
from producers.publisher import Publisher
from tests.conftest import NewServers
from tests.support import build
from tests.support.gateway import Client, running
from tests.support.processes import environment, free_port, gateway
from tests.support.requests import event

pytestmark = pytest.mark.servers
MISSING = TopicPartition("missing", 0)


@pytest.fixture
def careless(embedded_servers: NewServers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoints]:
    """Servers without topics, where the broker creates what it is asked for, as is Kafka's default."""
    no, yes = (f"auto.create.topics.enable={value}" for value in ("false", "true"))
    assert no in kafka.PROPERTIES
    monkeypatch.setattr(kafka, "PROPERTIES", kafka.PROPERTIES.replace(no, yes))
    with embedded_servers() as servers:
        yield servers.start()


@pytest.fixture
def settings(careless: Endpoints, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        kafka=careless.kafka,
        mongo=SecretStr(careless.mongo),
        home=tmp_path / "settings",
        port=free_port(),
    )


async def _topics(settings: Settings) -> set[str]:
    async with admin(settings) as client:
        return {name for name in await client.list_topics() if not name.startswith("__")}


async def _ask_like_others(settings: Settings, topic: str) -> None:
    """As aiokafka asks by itself, which proves that the broker creates what it is asked for."""
    client = AIOKafkaClient(bootstrap_servers=settings.kafka)
    await client.bootstrap()
    try:
        await client.send(client.get_random_node(), MetadataRequest([topic]))
    finally:
        await client.close()


async def test_no_client_of_ours_creates_a_topic_by_asking_for_it(settings: Settings) -> None:
    sender, consumer = producer(settings), reader(settings)
    async with sender, consumer, Publisher(settings) as publisher, admin(settings) as client:
        questions = sender.partitions_for("missing"), consumer.end_offsets([MISSING])
        answers = await asyncio.gather(*questions, return_exceptions=True)
        assert all(isinstance(answer, KafkaError) for answer in answers)
        await client.describe_topics(["missing"])
        with pytest.raises(TopicsDiffer, match=r"no partition \d of townhall.requests.*Nothing was sent"):
            await publisher.publish([build.opened()])
    await _ask_like_others(settings, "theirs")
    async with asyncio.timeout(20):
        while not (found := await _topics(settings)):  # noqa: ASYNC110 - the cluster has no event to wait for
            await asyncio.sleep(0.1)
    assert found == {"theirs"}


def _townhall(settings: Settings, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "townhall", *arguments],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", ["gateway", "project", "status"])
def test_a_command_before_the_topics_names_the_one_to_run_and_spoils_nothing(
    settings: Settings, command: str
) -> None:
    code, said = _townhall(settings, command)
    assert (code, "townhall.ideas is missing" in said, "Traceback" in said) == (1, True, False)
    assert "Run `townhall topics apply`" in said
    assert asyncio.run(_topics(settings)) == set()
    assert _townhall(settings, "topics", "apply")[0] == 0
    assert asyncio.run(diff_topics(settings)) == []


def _with(other: Topic) -> tuple[Topic, ...]:
    """All topics as declared, but this one."""
    return tuple(other if topic.name == other.name else topic for topic in TOPICS)


async def _replace_ideas(settings: Settings, partitions: int) -> None:
    """The topic anew with this partition count, and the others as declared."""
    async with admin(settings) as client:
        await client.delete_topics([IDEAS.name])
        while IDEAS.name in await client.list_topics():  # noqa: ASYNC110 - nor has it one for this
            await asyncio.sleep(0.05)
    await apply_topics(settings, _with(replace(IDEAS, partitions=partitions)))


def test_too_many_partitions_stop_the_gateway_and_too_few_the_projector_too(settings: Settings) -> None:
    """Keys would stand where no reader looks for them, or belong where nothing stands."""
    for partitions, commands in ((5, ("gateway", "project", "status")), (7, ("gateway",))):
        asyncio.run(_replace_ideas(settings, partitions))
        for command in commands:
            code, said = _townhall(settings, command)
            assert (code, "Traceback" in said) == (1, False)
            assert f"townhall.ideas has {partitions} partitions, 6 are declared" in said


async def test_a_projector_goes_on_beside_partitions_that_were_added_and_changes_no_topic(
    settings: Settings,
) -> None:
    """It tells of them. What it finds set differently is the operator's to change."""
    await apply_topics(settings, _with(replace(IDEAS, partitions=7, retention_ms=60_000)))
    before = await diff_topics(settings)
    assert [change.what for change in before] == ["partitions", "retention.ms"]
    command = [sys.executable, "-m", "townhall", "project", "--supervised"]
    projector = await asyncio.create_subprocess_exec(
        *command, env=environment(settings), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert projector.stdin is not None
    assert projector.stderr is not None
    said = b""
    async with asyncio.timeout(60):
        while b"projector_started" not in said:
            line = await projector.stderr.readline()
            assert line, said.decode()
            said += line
    assert b"topic_has_more_partitions" in said
    assert await diff_topics(settings) == before
    projector.stdin.close()
    await projector.communicate()
    assert projector.returncode == 0


async def _spread(client: Client) -> list[int]:
    """The statuses of events whose keys belong to different partitions."""
    sent = [event(f"e-{n}", subject=f"idea-{n}") for n in range(12)]
    return [answer.status_code for answer in await asyncio.gather(*map(client.post, sent))]


async def test_a_partition_that_is_gone_is_a_503_until_it_is_back(careless: Endpoints) -> None:
    """No answer of 500, nothing stored, and no restart."""
    async with running(careless) as client:
        assert set(await _spread(client)) == {202}
        await _replace_ideas(client.settings, 1)
        async with asyncio.timeout(20):
            while (answer := await client.post(event(subject="idea-3"))).json().get("outcome") == "unknown":
                assert answer.status_code == 503  # the running producer still tries the partition that was
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:townhall:problem:topics_missing"
        assert "townhall topics apply" in answer.json()["detail"]
        assert set(await _spread(client)) == {202, 503}
        await _replace_ideas(client.settings, IDEAS.partitions)
        async with asyncio.timeout(20):
            while set(await _spread(client)) != {202}:  # noqa: ASYNC110 - it asks a server
                await asyncio.sleep(0.1)


async def test_a_gateway_starts_without_kafka_and_says_so_to_its_probes(
    servers: Endpoints, tmp_path: Path
) -> None:
    """A restart in the middle of an outage must not make of a 503 no answer at all."""
    settings = Settings(
        _env_file=None,
        kafka=f"127.0.0.1:{free_port()}",
        mongo=SecretStr(servers.mongo),
        home=tmp_path / "settings",
    )
    async with gateway(settings) as url, httpx2.AsyncClient(base_url=url, timeout=30) as http:
        assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
