"""Probes. Liveness asks nothing of anybody: a database that is down must not restart every gateway."""

import asyncio
import time
from typing import Final

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from infra.kafka import KafkaError, cluster_id
from infra.mongo import PyMongoError
from infra.problems import ProblemError, documented
from producers.http.gateway import Gateway

PROBE_SECONDS: Final = 2.0
_KEEP_SECONDS: Final = 1.0
"""Anybody may ask: an answer is kept this long, so that probes are no load."""


def health_router(gateway: Gateway) -> APIRouter:
    """`/livez` and `/readyz`."""
    router = APIRouter(tags=["operations"])
    probe = _Probe(gateway)

    @router.get("/livez", summary="Whether this process answers")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", summary="Whether Kafka and MongoDB answer", responses=documented(503))
    async def readyz() -> Response:
        down = await probe.down()
        if down:
            detail = (
                f"No answer from {' and '.join(down)} within {PROBE_SECONDS:g} s. Requests may fail with 503."
            )
            raise ProblemError(503, "not_ready", detail, headers={"retry-after": "1"})
        return Response(orjson.dumps({"status": "ready"}), media_type="application/json")

    return router


class _Probe:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._one = asyncio.Lock()
        self._until = 0.0
        self._down: list[str] = []
        self._asking: dict[str, asyncio.Task[bool]] = {}

    async def down(self) -> list[str]:
        """The names of what does not answer."""
        async with self._one:
            if time.monotonic() >= self._until:
                self._down = await self._ask()
                self._until = time.monotonic() + _KEEP_SECONDS
            return self._down

    async def _ask(self) -> list[str]:
        """Ask both. A question without an answer is not cancelled, which would leak its connection."""
        for name, question in (("Kafka", self._kafka), ("MongoDB", self._mongo)):
            if name not in self._asking:
                self._asking[name] = asyncio.create_task(question())
        await asyncio.wait(self._asking.values(), timeout=PROBE_SECONDS)
        answers = {name: task.done() and task.result() for name, task in self._asking.items()}
        self._asking = {name: task for name, task in self._asking.items() if not task.done()}
        return [name for name, good in answers.items() if not good]

    async def _kafka(self) -> bool:
        try:
            await cluster_id(self._gateway.settings)
        except (KafkaError, OSError):
            return False
        return True

    async def _mongo(self) -> bool:
        try:
            await self._gateway.db.command("ping")
        except PyMongoError:
            return False
        return True
