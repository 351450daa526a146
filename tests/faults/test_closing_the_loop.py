"""The field's oldest complaint, told over HTTP: whoever has an idea, or supports one, hears what came of it.

Two hundred support an idea; the city accepts it, makes it a result, and the result moves to half. Each of
them is told each of these once, though every process on the way is killed again and again.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from events.codec import to_structured
from events.envelope import DERIVED, Event
from events.topics import FOLLOWUPS, IDEAS
from infra.keys import Keys
from producers.http.bodies import BATCH
from tests.conftest import NewServers
from tests.support import build
from tests.support.build import ANN
from tests.support.builders import results
from tests.support.builders.participants import consent
from tests.support.letters import NO_QUIET, Scene, at, opened
from tests.support.processes import free_port
from tests.support.scenes import Crew, crew_of

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(400)]

SUPPORTERS = [f"supporter-{number:010}" for number in range(200)]
EVERYBODY = [ANN, *SUPPORTERS]
CREW = {name: name for name in ("gateway", "project", "follow-up", "relay", "mailer")}
SEED = 3974
BETWEEN = (0.5, 1.5)
IDEA, RESULT, TITLE = "willows", "planting", "Willows by the river"
MAILS = {
    f"We received your idea “{TITLE}”": 1,
    f"100 people support your idea “{TITLE}”": 1,
    f"Riverton has answered your idea “{TITLE}”": 1,
    f"What comes of your idea “{TITLE}”": 2,  # that there is a result, and that it stands at half
}
THEIRS = {
    f"Riverton has answered “{TITLE}”, an idea you support": 1,
    f"What comes of “{TITLE}”, an idea you support": 2,
}


class App:
    """A city app: it sends the same again until it is told that it was taken."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def tell(self, *events: Event) -> None:
        """In one request, in this order."""
        body = orjson.dumps([orjson.loads(to_structured(event)) for event in events])
        answer = await self._until_taken("POST", "/events", body, BATCH)
        assert answer.json()["rejected"] == 0, answer.text

    async def reached(self, who: str) -> None:
        """Say how somebody is reached."""
        body = orjson.dumps({"email": address(who), **NO_QUIET})
        await self._until_taken("PUT", f"/contacts/{who}", body, "application/json")

    async def _until_taken(self, method: str, path: str, body: bytes, kind: str) -> httpx2.Response:
        async with asyncio.timeout(60):
            while True:
                try:
                    answer = await self._http.request(
                        method, path, content=body, headers={"content-type": kind}
                    )
                except httpx2.TransportError:  # killed, or not there again yet
                    await asyncio.sleep(0.2)
                    continue
                if answer.is_success:
                    return answer
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.2)


def address(who: str) -> str:
    return f"{who}@riverton.example"


@pytest.fixture
async def scene(embedded_servers: NewServers, tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(embedded_servers(), tmp_path, {}) as found:
        yield found


async def test_who_had_the_idea_and_who_supports_it_are_told_once_each(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.variables["TOWNHALL_PORT"] = str(port := free_port())
    key, _ = await Keys(scene.db).create("riverton", "tests", scopes=("events:write", "contacts"))
    expected = letters()
    http = httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{port}/v1", headers={"authorization": f"Bearer {key}"}, timeout=10
    )
    with crew_of(scene, CREW, random.Random(SEED)) as crew:
        killing = asyncio.ensure_future(kill_each(crew))
        try:
            async with http:
                await story(App(http))
            await scene.until_told(expected, 240)
            await asyncio.wait_for(killing, 120)
        finally:
            killing.cancel()
        await scene.until_quiet()
    assert scene.mailbox.told() == expected
    told = [event for _, event in await scene.read(FOLLOWUPS)]
    assert_once(told)
    assert_once([event for _, event in await scene.read(IDEAS) if event.source.endswith(f":{DERIVED}")])
    sent = Counter(event.participant for event in told if event.type.endswith("followup.sent.v1"))
    assert sent == {who: sum((MAILS if who == ANN else THEIRS).values()) for who in EVERYBODY}
    with capsys.disabled():
        print(
            f"\n  {expected.total()} letters, {len(scene.mailbox.letters)} handed over; {dict(crew.happened)}"
        )


async def story(app: App) -> None:
    """All that happens, as the city's app says it."""
    for who in EVERYBODY:
        await app.reached(who)
    await app.tell(*(consent(who, purpose="updates", at=at()) for who in EVERYBODY))
    idea = build.submitted(IDEA, title=TITLE, at=at()).model_copy(update={"participant": ANN})
    await app.tell(idea)
    for start in range(0, len(SUPPORTERS), 40):
        await app.tell(*(build.supported(IDEA, by=who, at=at()) for who in SUPPORTERS[start : start + 40]))
    await app.tell(build.answered(IDEA, at=at()))
    await app.tell(results.created(RESULT, idea_ids=(IDEA,), at=at()))
    await app.tell(results.progressed(RESULT, percent=50, at=at()))


async def kill_each(crew: Crew) -> None:
    """Every process twice, in any order."""
    dice = random.Random(SEED)
    for _ in range(2):
        for name in dice.sample(sorted(CREW), len(CREW)):
            await asyncio.sleep(dice.uniform(*BETWEEN))
            await crew.kill(name)


def letters() -> Counter[tuple[str, str]]:
    """Who gets what."""
    own = {(address(ANN), subject): times for subject, times in MAILS.items()}
    theirs: dict[tuple[str, str], int] = {
        (address(who), subject): times for who in SUPPORTERS for subject, times in THEIRS.items()
    }
    return Counter({**own, **theirs})


def assert_once(events: Sequence[Event]) -> None:
    """By the identity of CloudEvents."""
    times: Counter[Any] = Counter((event.source, event.id) for event in events)
    assert {one: many for one, many in times.items() if many > 1} == {}
