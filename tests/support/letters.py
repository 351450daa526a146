"""A city whose people agreed to hear from it, a mail server, and the processes that write to them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from events.envelope import Event
from events.topics import FOLLOWUPS
from infra.contacts import Contact, put_contact
from infra.directory import City, add_city
from infra.embedded import EmbeddedServers
from projections import builds
from projections.registry import PROJECTIONS
from tests.support import scenes
from tests.support.builders.participants import consent
from tests.support.mailbox import Mailbox, mail_server
from tests.support.scenes import SECONDS

NO_QUIET = {"quiet_from": "00:00", "quiet_to": "00:00"}


@dataclass
class Scene(scenes.Scene):
    """Looks at letters, notices, and what is told of them."""

    mailbox: Mailbox = field(default_factory=Mailbox)

    async def told(self, number: int) -> list[Event]:
        """What is told of messages: so many events. Kafka ends a transaction soon after it says so."""
        deadline = time.monotonic() + SECONDS
        while len(found := await self.read(FOLLOWUPS)) < number:
            assert time.monotonic() < deadline
        return [event for _, event in found]

    async def until_told(self, expected: Counter[tuple[str, str]], seconds: float = SECONDS) -> None:
        """Return when the letters are these."""
        deadline = time.monotonic() + seconds
        while (told := self.mailbox.told()) != expected:
            missing = Counter(subject for _, subject in expected - told)
            assert time.monotonic() < deadline, f"missing {missing}, and {(told - expected).total()} more"
            await asyncio.sleep(0.1)

    async def until_notices(self, wanted: dict[str, Any], number: int) -> None:
        """Return when there are so many."""
        await self.until(lambda: self.db["notifications"].count_documents(wanted), number)

    async def until_quiet(self) -> None:
        """Nothing is left to be written or published."""
        await self.until_notices({"status": {"$in": ["new", "queued"]}}, 0)
        await self.until(lambda: self.db["outbox"].count_documents({}), 0)

    async def agree(self) -> None:
        """Everybody with an address says that they want to hear."""
        people = [row["_id"].partition("/")[2] async for row in self.db["contacts"].find()]
        await self.publish(*(consent(who, purpose="updates", at=at()) for who in sorted(people)))


def at() -> str:
    """Now."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@asynccontextmanager
async def opened(servers: EmbeddedServers, folder: Path, people: Mapping[str, str]) -> AsyncIterator[Scene]:
    """Riverton, where these people, by pseudonym, are reached at these addresses at any hour."""
    with mail_server() as mailbox:
        variables = {
            "TOWNHALL_SMTP_HOST": "127.0.0.1",
            "TOWNHALL_SMTP_PORT": str(mailbox.port),
            "TOWNHALL_SMTP_SECURITY": "none",
            "TOWNHALL_MAIL_FROM": "city@riverton.example",
            "TOWNHALL_PUBLIC_URL": "https://riverton.example",
        }
        kind = partial(Scene, variables=variables, mailbox=mailbox)
        async with scenes.opened(servers, folder, kind) as scene:
            await builds.prepare(scene.db, PROJECTIONS)
            await add_city(scene.db, City(id="riverton", name="Riverton", timezone="UTC", languages=("en",)))
            for who, email in people.items():
                await put_contact(scene.db, "riverton", who, Contact(email=email, **NO_QUIET))
            yield scene
