"""One round of the mailer over the notices of a shard that are due."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from jinja2 import TemplateError
from structlog import get_logger

from consumers.engine.model import derived_id
from consumers.messages.channels import Channel, NotTaken
from consumers.messages.decide import Person, Send, Suppress, decide
from consumers.messages.events import Told, event_of
from consumers.messages.letters import Letter
from consumers.messages.templates import TEMPLATES
from consumers.messages.texts import chain, language
from consumers.messages.tools import Desk, Step, Tools
from consumers.notice_rows import Row
from events.types.followups import FollowupFailed, FollowupQueued, FollowupSent, FollowupSuppressed
from infra.directory import City
from infra.failpoints import failpoint

AGAIN: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
"""After a failed attempt, how long until the next; then it is given up."""
MOST_IN_DIGEST: Final = 50
_log = get_logger(__name__)


@dataclass
class Post:
    """A letter, and the notices that are answered when it is handed over: one, or those of a digest."""

    letter: Letter
    rows: list[Row]


class Round:
    """Looks at notices at one moment; of a city whose history is brought in, at the moment of each."""

    def __init__(
        self,
        tools: Tools,
        desk: Desk,
        cities: Mapping[str, City],
        now: datetime,
        histories: Mapping[str, datetime],
    ) -> None:
        self._tools = tools
        self._desk = desk
        self._cities = cities
        self._now = now
        self._histories = histories
        self._people: dict[str, Person] = {}

    async def work(self, rows: Sequence[Row]) -> bool:
        """Decide about the new ones, and send what is to be sent; whether anything moved."""
        ours = await self._look_up([row for row in rows if row["template"] in TEMPLATES])
        decided = [self._decided(row) for row in ours if row["status"] == "new"]
        await self._settle(decided)
        again = [(row, self._checked(row)) for row in ours if row["status"] == "queued"]
        given_up = [step for _, step in again if step is not None]
        await self._settle(given_up)
        sent = await self._send([row for row, step in again if step is None])
        return bool(decided or given_up) or sent

    async def _look_up(self, rows: Sequence[Row]) -> list[Row]:
        """What is known of the recipients; those of whom something is still to be folded wait."""
        keys = sorted({_key(row) for row in rows if row["recipient"] is not None})
        known = await self._tools.people.known_up_to_now(keys)
        self._people = await self._tools.people.look_up(sorted(known), self._cities)
        return [row for row in rows if row["recipient"] is None or _key(row) in known]

    def _decided(self, row: Row) -> Step:
        found = self._judged(row)
        if isinstance(found, Suppress):
            return self._suppressed(row, found)
        person, city = self._person(row), self._city(row)
        lang = language(row["template"], chain(person.lang if person else None, *city.languages))
        kept = {"channel": found.channel, "lang": lang, "digest": found.digest, "look_at": found.at}
        told = self._event(row, FollowupQueued, channel=found.channel, lang=lang)
        return Step(row, {**kept, "status": "queued", "tries": 0}, told)

    def _checked(self, row: Row) -> Step | None:
        """Asked again at the moment of sending; None where it is to be sent now."""
        found = self._judged(row)
        if isinstance(found, Suppress):
            return self._suppressed(row, found)
        if found.channel != row["channel"]:  # they are reached in another way since
            return Step(row, {"channel": found.channel, "look_at": found.at, "digest": found.digest}, None)
        late = found.at > self._moment(row) and not row["digest"]
        return Step(row, {"look_at": found.at, "digest": found.digest}, None) if late else None

    def _judged(self, row: Row) -> Suppress | Send:
        return decide(TEMPLATES[row["template"]], row["fields"], self._person(row), self._moment(row))

    def _suppressed(self, row: Row, found: Suppress) -> Step:
        person = self._person(row)
        channel = row.get("channel") or (person.channel if person else None) or "email"
        told = self._event(row, FollowupSuppressed, channel=channel, reason=found.reason)
        return Step(row, {"status": "suppressed", "because": found.reason}, told)

    async def _send(self, rows: Sequence[Row]) -> bool:
        posts = await self._posts(rows)
        for name, channel in self._tools.channels.items():
            ours = [post for post in posts if post.rows[0]["channel"] == name]
            for start in range(0, len(ours), channel.at_a_time):
                await self._hand_over(channel, ours[start : start + channel.at_a_time])
        return bool(posts)

    async def _hand_over(self, channel: Channel, posts: Sequence[Post]) -> None:
        """Should we die before it is kept that they were sent, the next mailer sends these again."""
        await self._desk.trying([row for post in posts for row in post.rows])
        failpoint("before_send_message")
        sent = await asyncio.gather(*(self._sent(channel, post) for post in posts))
        steps = [step for some in sent for step in some]
        failpoint("after_send_message")
        await self._settle(steps)

    async def _posts(self, rows: Sequence[Row]) -> list[Post]:
        about = await self._tools.writer.about(rows)
        ready = [row for row in rows if row["_id"] in about]
        posts, digests = list[Post](), dict[str, list[Row]]()
        for row in ready:
            if row["digest"] and self._person(row) is not None:
                digests.setdefault(_key(row), []).append(row)
            else:
                posts += await self._post([row], about)
        for some in digests.values():
            posts += await self._post(some[:MOST_IN_DIGEST], about)
        return posts

    async def _post(self, rows: list[Row], about: Mapping[str, str]) -> list[Post]:
        """Nothing where the words cannot be written: that is a fault of ours, and given up as such."""
        first, writer = rows[0], self._tools.writer
        city, person = self._city(first), self._person(first)
        try:
            if first["digest"] and person is not None:
                id_ = derived_id("digest", *(row["_id"] for row in rows))
                return [Post(writer.digest(id_, rows, city, person, about), rows)]
            return [Post(writer.letter(first, city, person, about[first["_id"]]), rows)]
        except (TemplateError, KeyError, ValueError) as error:
            _log.error("message_cannot_be_written", id=first["_id"], error=f"{type(error).__name__}: {error}")
            await self._settle([self._failed(row, "unwritable", final=True) for row in rows])
            return []

    async def _sent(self, channel: Channel, post: Post) -> list[Step]:
        try:
            await channel.send(post.letter)
        except NotTaken as error:
            if error.untried is not None:
                return [self._untried(row, error.untried) for row in post.rows]
            return [self._failed(row, error.why, final=error.final) for row in post.rows]
        return [self._taken(row) for row in post.rows]

    def _untried(self, row: Row, after: timedelta) -> Step:
        """What `trying` counted is taken back."""
        return Step(row, {"look_at": self._moment(row) + after, "tries": row["tries"]}, None)

    def _taken(self, row: Row) -> Step:
        tries = row["tries"] + 1
        told = self._event(row, FollowupSent, channel=row["channel"], lang=row["lang"], attempts=tries)
        return Step(row, {"status": "sent", "sent_at": self._moment(row)}, told)

    def _failed(self, row: Row, why: str, *, final: bool) -> Step:
        tries = row["tries"] + 1
        over = final or tries > len(AGAIN)
        told = self._event(row, FollowupFailed, channel=row["channel"], error=why, attempts=tries, final=over)
        if over:
            return Step(row, {"status": "failed", "because": why}, told)
        return Step(row, {"look_at": self._moment(row) + AGAIN[tries - 1]}, told)

    def _event(self, row: Row, kind: type[Told], **data: Any) -> Any:
        return event_of(row, self._city(row).zone, self._moment(row), kind, **data)

    async def _settle(self, steps: Sequence[Step]) -> None:
        if steps:
            failpoint("before_settle_messages")
            await self._desk.settle(steps, self._now)
            failpoint("after_settle_messages")

    def _moment(self, row: Row) -> datetime:
        at: datetime = row["look_at"] if row["city"] in self._histories else self._now
        return at.astimezone(UTC)

    def _person(self, row: Row) -> Person | None:
        return None if row["recipient"] is None else self._people[_key(row)]

    def _city(self, row: Row) -> City:
        """One that nobody has added lives by UTC, and is called by its id."""
        return self._cities.get(row["city"]) or City(id=row["city"], name=row["city"], timezone="UTC")


def _key(row: Row) -> str:
    return f"{row['city']}/{row['recipient']}"
