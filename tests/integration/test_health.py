"""The probes of a projector that runs as its own process."""

import asyncio
import secrets
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from infra.embedded import Endpoints
from infra.kafka import apply_topics
from infra.settings import Settings
from projections.registry import PROJECTIONS
from tests.support.processes import answering, free_port, townhall

pytestmark = pytest.mark.servers


async def test_a_projector_is_ready_once_its_partitions_are_claimed(
    servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, database = free_port(), f"health_{secrets.token_hex(6)}"
    settings = Settings(
        kafka=servers.kafka, mongo=SecretStr(servers.mongo), mongo_database=database, home=tmp_path
    )
    await apply_topics(settings)
    monkeypatch.setenv("TOWNHALL_HEALTH_PORT", str(port))
    wanted = {one.group: sum(topic.partitions for topic in one.topics) for one in PROJECTIONS}
    async with townhall(settings, "project") as child, httpx2.AsyncClient() as client, asyncio.timeout(90):
        await answering("127.0.0.1", port, child)
        claimed: dict[str, int] = {}
        while claimed != wanted:
            ready = await client.get(f"http://127.0.0.1:{port}/readyz")
            claimed = {group: one["claimed"] for group, one in ready.json()["projections"].items()}
            await asyncio.sleep(0.1)
        assert ready.status_code == 200
        assert (await client.get(f"http://127.0.0.1:{port}/livez")).status_code == 200
        async with townhall(settings, "project") as second:
            assert await second.wait() == 1  # its port is taken
        assert (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
