"""The mailer of the town in memory: its own rounds, words and decisions, at desks that are kept in memory.

It dies before and after anything is kept, and after letters have left; the next one goes on.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from consumers.engine.memory import MemoryStore
from consumers.engine.memory_outbox import MemoryLeases, MemoryOutbox
from consumers.engine.model import Fenced, Partition
from consumers.engine.outbox import Lease
from consumers.messages.decide import Channel, Person
from consumers.messages.desk import OPEN
from consumers.messages.letters import Letter
from consumers.messages.people import person_of, zone_of
from consumers.messages.round import Round
from consumers.messages.subjects import SUBJECTS, shown
from consumers.messages.tools import Step, Tools
from consumers.messages.writing import Writer
from consumers.notice_rows import Row, notify
from events.codec import encode
from events.partitioning import partition_of
from events.topics import FOLLOWUPS, PARTICIPANTS
from infra.directory import City
from infra.tracking import Tracking
from tests.support.simulator import Killed
from tests.year.relays import Relays

if TYPE_CHECKING:
    from tests.year.play import MemoryTown

MAIL: Channel = "email"
MOST = 50
"""Notices that are looked at together."""
TODAY = datetime(2030, 1, 1, tzinfo=UTC)
"""The mailer's own clock; the cities go by that of their histories."""


class MemoryDesk:
    """The notices of one shard."""

    def __init__(self, room: "Mailroom", lease: Lease) -> None:
        self._room = room
        self._lease = lease

    async def trying(self, rows: Sequence[Row]) -> None:
        self._room.may_die()
        for row in rows:
            self._room.rows[row["_id"]]["tries"] += 1

    async def settle(self, steps: Sequence[Step], now: datetime) -> None:
        self._room.may_die()
        held = self._room.leases.held[self._lease.name]
        if held.epoch != self._lease.epoch:
            raise Fenced(self._lease.name)
        events = [encode(step.event) for step in steps if step.event]
        shard = f"{self._lease.name}/{FOLLOWUPS.name}/0"
        self._room.outbox.fired.setdefault(shard, {}).update(enumerate(events, held.last + 1))
        self._room.leases.held[self._lease.name] = replace(held, last=held.last + len(events))
        for step in steps:
            self._room.change(step.row["_id"], step.change)
        self._room.may_die()


class MemoryPeople:
    """Recipients, by the read model of the town and the contacts that it was told."""

    def __init__(self, town: "MemoryTown") -> None:
        self._town = town

    async def known_up_to_now(self, keys: Iterable[str]) -> frozenset[str]:
        return frozenset([key for key in keys if await self._folded(key)])

    async def _folded(self, key: str) -> bool:
        place = Partition(PARTICIPANTS.name, partition_of(key.encode(), PARTICIPANTS.partitions))
        stands = (await self._town.stored["participants"].read(place)).next
        return all(record is None for record in self._town.topics.records.get(place, [])[stands:])

    async def look_up(self, keys: list[str], cities: Mapping[str, City]) -> dict[str, Person]:
        told, reached = self._town.documents("participants"), self._town.contacts
        return {key: person_of(told.get(key), reached.get(key), zone_of(key, cities), MAIL) for key in keys}


class Letterbox:
    """Takes every letter, and counts how often it came."""

    at_a_time = 20

    def __init__(self, room: "Mailroom") -> None:
        self._room = room
        self.letters: Counter[str] = Counter()

    async def send(self, letter: Letter) -> None:
        self._room.may_die()
        self.letters[letter.id] += 1

    async def close(self) -> None: ...


class Mailroom:
    """All notices of the town, and the mailer that looks at them."""

    def __init__(self, town: "MemoryTown", cities: Iterable[City]) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.leases = MemoryLeases()
        self.outbox = MemoryOutbox(MemoryStore(), self.leases)
        self.box = Letterbox(self)
        self.died = 0
        self._relays = Relays(town, "mailer", self.leases, self.outbox)
        self._open: dict[int, dict[str, dict[str, Any]]] = {}
        self._known: Counter[str] = Counter()
        self._town = town
        self._cities = {city.id: city for city in cities}
        writer = Writer(self._titles, "https://invented.example", Tracking(b"of the cities in memory"))
        self._tools = Tools(MemoryPeople(town), writer, {"in_app": self.box, "email": self.box})

    @property
    def repeated(self) -> int:
        """How many letters left more than once."""
        return sum(times > 1 for times in self.box.letters.values())

    def may_die(self) -> None:
        """Now and then it is killed here."""
        if self._town.dice.random() < self._town.crashes:
            raise Killed

    def change(self, id_: str, change: Mapping[str, Any]) -> None:
        """What becomes of a notice."""
        row = self.rows[id_]
        row |= change
        if row["status"] not in OPEN:
            self._open[row["shard"]].pop(id_, None)

    async def work(self) -> bool:
        """Look at everything that is due; whether anything moved."""
        self._take_in()
        moved = False
        for shard in self._open:
            while (rows := self._due(shard)) and await self._worked(shard, rows):
                moved = True
        return await self._relays.work() or moved

    def _take_in(self) -> None:
        """Notices that were set down since the last time."""
        for name, store in self._town.stored.items():
            for notice in islice(store.notices.values(), self._known[name], None):
                row = {"_id": notice.id, **notify(notice)["u"]["$setOnInsert"]}
                self.rows[notice.id] = self._open.setdefault(row["shard"], {})[notice.id] = row
            self._known[name] = len(store.notices)

    def _due(self, shard: int) -> list[dict[str, Any]]:
        now = self._town.horizon
        due = sorted((row["look_at"], id_) for id_, row in self._open[shard].items() if row["look_at"] <= now)
        return [dict(self.rows[id_]) for _, id_ in due[:MOST]]

    async def _worked(self, shard: int, rows: list[dict[str, Any]]) -> bool:
        lease = await self.leases.take(f"mailer.{shard}")
        assert lease is not None
        histories = dict.fromkeys(self._cities, self._town.horizon)
        round_ = Round(self._tools, MemoryDesk(self, lease), self._cities, TODAY, histories)
        try:
            return await round_.work(rows)
        except Killed:
            self.died += 1
            return True

    async def _titles(self, kind: str, keys: Iterable[str]) -> dict[str, str]:
        subject, found = SUBJECTS[kind], self._town.documents(SUBJECTS[kind].view)
        hidden = self._hidden(kind, keys) if subject.theirs else set()
        return {key: shown(key, found[key][subject.title], hidden) for key in keys if key in found}

    def _hidden(self, kind: str, keys: Iterable[str]) -> set[str]:
        contents = self._town.documents("moderated_content")
        named = {key: f"{key.partition('/')[0]}/{kind}:{key.partition('/')[2]}" for key in keys}
        return {key for key, name in named.items() if name in contents and not contents[name]["words_shown"]}
