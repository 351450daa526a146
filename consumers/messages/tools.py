"""What a round of the mailer works with: the words of its parts, which have twins in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from consumers.messages.channels import Channel
from consumers.messages.decide import Person
from consumers.messages.writing import Writer
from consumers.notice_rows import Row
from events.envelope import Event
from infra.directory import City


class Step(NamedTuple):
    """What becomes of a notice, and the event that tells it; None where nothing is told."""

    row: Row
    change: Mapping[str, Any]
    event: Event | None


class Desk(Protocol):
    """The notices of one shard, for whoever has its lease."""

    async def trying(self, rows: Sequence[Row]) -> None:
        """They are about to be sent: should we die now, the next mailer knows that this was a try."""

    async def settle(self, steps: Sequence[Step], now: datetime) -> None:
        """All of these steps and their events, or none. Raises Fenced."""


class People(Protocol):
    """What is known of recipients, each named `city/participant`."""

    async def known_up_to_now(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of whom all that was told is folded."""

    async def look_up(self, keys: list[str], cities: Mapping[str, City]) -> dict[str, Person]:
        """These people; a city that nobody has added lives by UTC."""


@dataclass(frozen=True)
class Tools:
    """What every round uses."""

    people: People
    writer: Writer
    channels: Mapping[str, Channel]
