"""A city's own messenger, an app or text messages that the city runs: it is handed each message, signed.

Collection `messengers`, one for each city. As of endpoints (`consumers/webhooks`), the URL leads outside, the
secret is told once, and a request is signed by Standard Webhooks: `webhook-id` is the same at every attempt.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from structlog import get_logger

from consumers.messages.channels import NotTaken
from consumers.messages.letters import Letter
from consumers.webhooks import signing
from consumers.webhooks.addresses import BadUrl, Network, parse
from consumers.webhooks.attempt import attempt
from consumers.webhooks.dial import Dial
from consumers.webhooks.schedule import pause_of
from infra.directory import get_city
from infra.mongo import Database

COLLECTION: Final = "messengers"
NEVER: Final = frozenset({410, 422})
"""Statuses that say: not this message, not to this person, at any time."""
SECONDS: Final = 5.0
"""For one exchange."""
PAUSE: Final = timedelta(seconds=10)
"""For so long at least nothing more is handed to one that did not take a message: others wait behind it."""
_log = get_logger(__name__)


class Refused(ValueError):
    """The messenger cannot be like this; nothing was changed."""


@dataclass(frozen=True)
class Messenger:
    """That of one city."""

    city: str
    url: str
    secrets: signing.Secrets


class Messengers:
    """The messengers in one database."""

    def __init__(self, db: Database, allowed: Sequence[Network] = ()) -> None:
        self._db = db
        self._rows = db[COLLECTION]
        self._allowed = allowed

    async def put(self, city: str, url: str) -> str | None:
        """Messages of the city are handed over here from now on; its secret, if it is new. Raises Refused."""
        try:
            parse(url, self._allowed)
        except BadUrl as error:
            raise Refused(f"No message is sent to this URL: {error}. Nothing was changed.") from None
        if await get_city(self._db, city) is None:
            raise Refused(f"No city {city[:64]!r} is in the directory. Nothing was changed.")
        secret = signing.new_secret()
        fresh = {"secrets": [{"text": secret, "until": None}]}
        change = {"$set": {"url": url}, "$setOnInsert": fresh}
        before = await self._rows.find_one_and_update({"_id": {"$eq": city}}, change, upsert=True)
        return secret if before is None else None

    async def rotate(self, city: str, now: datetime) -> str:
        """A new secret; the one before signs too for 24 hours. Raises Refused."""
        known = (await self.of([city])).get(city)
        if known is None:
            raise Refused(f"{city[:64]} has no messenger. Nothing was changed.")
        secret = signing.new_secret()
        same = {"_id": {"$eq": city}, "secrets.0.text": known.secrets[0]["text"]}
        change = {"$set": {"secrets": signing.rotated(known.secrets, secret, now)}}
        if (await self._rows.update_one(same, change)).matched_count == 0:
            raise Refused("It was rotated or deleted at this moment. Nothing was changed; look again.")
        return secret

    async def delete(self, city: str) -> bool:
        """Whether there was one. Whoever it alone reached is reached no more."""
        return bool((await self._rows.delete_one({"_id": {"$eq": city}})).deleted_count)

    async def of(self, cities: Iterable[str] | None = None) -> dict[str, Messenger]:
        """Those of these cities, or all."""
        wanted: dict[str, Any] = {} if cities is None else {"_id": {"$in": sorted(set(cities))}}
        found = self._rows.find(wanted).sort("_id", 1)
        return {row["_id"]: Messenger(row["_id"], row["url"], row["secrets"]) async for row in found}


class ByMessenger:
    """The channel."""

    at_a_time = 10

    def __init__(
        self,
        messengers: Messengers,
        dial: Dial,
        clock: Callable[[], datetime],
        allowed: Sequence[Network] = (),
    ) -> None:
        self._messengers = messengers
        self._dial = dial
        self._clock = clock
        self._allowed = allowed
        self._until: dict[str, datetime] = {}
        """When a city's messenger is asked again that did not take a message."""

    async def send(self, letter: Letter) -> None:
        """Hand it to the city's messenger, which knows by the pseudonym whom to tell."""
        now, body, allowed = self._clock(), _body(letter), self._allowed
        if (until := self._until.get(letter.city, now)) > now:
            raise NotTaken("messenger_away", untried=until - now)
        to = (await self._messengers.of([letter.city])).get(letter.city)
        if to is None:  # deleted at this moment: the next look finds another way
            raise NotTaken("no_messenger", untried=timedelta())
        answer = await attempt(self._dial, to.url, to.secrets, letter.id, at=now, body=body, allowed=allowed)
        if answer.status in NEVER:
            raise NotTaken("messenger_refused", final=True)
        if answer.outcome != "delivered":
            pause = max(PAUSE, pause_of(answer.status, answer.retry_after, now))
            self._until[letter.city] = now + pause
            _log.warning(
                "messenger_away",
                city=letter.city,
                outcome=answer.outcome,
                status=answer.status,
                pause=str(pause),
            )
            raise NotTaken("messenger_away")

    async def close(self) -> None:
        """Hang up."""
        await self._dial.close()


def _body(letter: Letter) -> bytes:
    return orjson.dumps(
        {
            "id": letter.id,
            "city": letter.city,
            "participant": letter.recipient,
            "template": letter.template,
            "lang": letter.written.lang,
            "subject": letter.written.subject,
            "text": letter.written.text,
        }
    )
