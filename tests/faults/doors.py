"""Drills of the ways in: the gateway and an import die at named steps, and their clients try again."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from infra.directory import City, add_city
from infra.failpoints import VARIABLE
from infra.keys import Keys
from infra.mongo import connect
from producers.http.bodies import STRUCTURED
from tests.faults.drills import ANSWERING, SECONDS, SENDING, Drills
from tests.faults.scene import Projector, Scene
from tests.support.processes import free_port

CITY = City(id="gatewater", name="Gatewater", timezone="America/New_York")
ELECTION = Path(__file__).parents[2] / "producers" / "imports" / "sample" / "port_linden_2026.pb"


def event(number: int) -> dict[str, Any]:
    """An idea as an app of the city sends it."""
    return {
        "specversion": "1.0",
        "id": f"door:{number}",
        "type": "org.citiesofservice.idea.submitted.v1",
        "subject": f"idea-{number}",
        "time": "2026-04-02T18:20:00-04:00",
        "data": {"title": "Willows", "summary": "They hold the soil.", "category": "water"},
    }


@dataclass
class Doors:
    """The gateway is killed under a client that sends again until it has its answer; so is an import."""

    scene: Scene
    accepted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.drills = Drills(self.scene, "gateway")
        self.key = asyncio.run(self._prepare())

    def run(self) -> None:
        self.gateway()
        self.imports()

    def gateway(self) -> None:
        for name in ANSWERING:
            port = free_port()
            number = len(self.accepted)
            armed = self._gateway(port, **{VARIABLE: f"{name}=kill"})
            assert self._post(port, number, armed) is None
            self.drills.dies(armed, name)
            again = self._gateway(port)
            assert self._post(port, number, again) == 202
            self.accepted.append(event(number)["id"])
            again.kill()

    def imports(self) -> None:
        arguments = ("import", "pabulib", str(ELECTION), "--no-wait", "--json")
        for name in SENDING:
            armed = self.scene.start("townhall", *arguments, **{VARIABLE: f"{name}=kill"})
            self.drills.dies(armed, name)
        again = self.scene.start("townhall", *arguments)
        assert again.process.wait(SECONDS) == 0, again.log.read_text()

    async def _prepare(self) -> str:
        async with connect(self.scene.settings) as db:
            await add_city(db, CITY)
            text, _ = await Keys(db).create(CITY.id, "doors")
            return text

    def _gateway(self, port: int, **environment: str) -> Projector:
        return self.scene.start("townhall", "gateway", TOWNHALL_PORT=str(port), **environment)

    def _post(self, port: int, number: int, gateway: Projector) -> int | None:
        """The answer's status, asked for until the gateway takes it; None when it died over it."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": STRUCTURED}
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                url = f"http://127.0.0.1:{port}/v1/events"
                answer = httpx2.post(url, json=event(number), headers=headers, timeout=30)
            except httpx2.ConnectError:
                assert time.monotonic() < deadline, "the gateway takes no connections"
                if not gateway.running:
                    return None
                time.sleep(0.05)
            except httpx2.TransportError:
                return None
            else:
                if answer.status_code != 503:
                    return answer.status_code
