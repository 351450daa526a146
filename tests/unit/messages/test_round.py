"""A round of the mailer at desks in memory: what people change their minds about between two looks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from consumers.engine.model import Notice
from consumers.messages.decide import Person
from consumers.messages.letters import Letter
from consumers.messages.round import Round
from consumers.messages.tools import Step, Tools
from consumers.messages.writing import Writer
from consumers.notice_rows import Row, notify
from infra.directory import City
from infra.tracking import Tracking

ANN = "ann-pseudonym-0001"
NIGHT = datetime(2026, 4, 1, 22, tzinfo=UTC)  # a Wednesday
MORNING = datetime(2026, 4, 2, 8, tzinfo=UTC)
MONDAY = datetime(2026, 4, 6, 9, tzinfo=UTC)
FAR = datetime(2030, 1, 1, tzinfo=UTC)
CITY = City(id="riverton", name="Riverton", timezone="UTC")
READER = Person(
    ZoneInfo("UTC"), "email", "ann@riverton.example", frozenset({"updates"}), quiet=(time(21), time(8))
)


@dataclass
class Table:
    """Desk, people and letterbox in one: one row, one reader."""

    row: dict[str, Any]
    reader: Person = READER
    told: list[tuple[str, datetime]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    at_a_time = 10

    async def trying(self, rows: Sequence[Row]) -> None:
        self.row["tries"] += len(rows)

    async def settle(self, steps: Sequence[Step], now: datetime) -> None:
        for step in steps:
            self.row |= step.change
            if step.event is not None:
                self.told.append((step.event.type.split(".")[3], step.event.at))

    async def known_up_to_now(self, keys: Iterable[str]) -> frozenset[str]:
        return frozenset(keys)

    async def look_up(self, keys: list[str], cities: Mapping[str, City]) -> dict[str, Person]:
        return dict.fromkeys(keys, self.reader)

    async def send(self, letter: Letter) -> None:
        self.letters.append(letter)

    async def close(self) -> None: ...

    async def work(self, until: datetime) -> None:
        """Look again and again, until it is so late."""
        writer = Writer(_titles, "https://riverton.example", Tracking(b"key"))
        tools = Tools(self, writer, {"email": self})
        while self.row["status"] in {"new", "queued"} and self.row["look_at"] <= until:
            history = {CITY.id: until}
            await Round(tools, self, {CITY.id: CITY}, FAR, history).work([dict(self.row)])


async def _titles(_: str, keys: Sequence[str]) -> dict[str, str]:
    return dict.fromkeys(keys, "A bench")


def table(template: str = "idea_answered") -> Table:
    notice = Notice("n1", CITY.id, ANN, template, "i1", {"decision": "accepted"}, "e1", "c1", NIGHT)
    return Table({"_id": "n1", **notify(notice)["u"]["$setOnInsert"]})


async def test_what_comes_at_night_is_told_in_the_morning() -> None:
    desk = table()
    await desk.work(NIGHT)
    assert desk.told == [("queued", NIGHT)]
    await desk.work(MORNING)
    assert desk.told == [("queued", NIGHT), ("sent", MORNING)]


async def test_who_asks_for_the_digest_meanwhile_gets_it_once() -> None:
    desk = table()
    await desk.work(NIGHT)
    desk.reader = replace(READER, consents=frozenset({"updates", "weekly_digest"}))
    await desk.work(FAR)
    assert desk.told == [("queued", NIGHT), ("sent", MONDAY)]
    assert [letter.template for letter in desk.letters] == ["weekly_digest"]


async def test_who_takes_consent_back_meanwhile_is_not_told() -> None:
    desk = table()
    await desk.work(NIGHT)
    desk.reader = replace(READER, consents=frozenset())
    await desk.work(FAR)
    assert desk.told == [("queued", NIGHT), ("suppressed", MORNING)]
    assert desk.letters == []


async def test_who_sleeps_longer_meanwhile_is_told_later() -> None:
    desk = table()
    await desk.work(NIGHT)
    desk.reader = replace(READER, quiet=(time(21), time(10)))
    await desk.work(FAR)
    assert desk.told == [("queued", NIGHT), ("sent", MORNING.replace(hour=10))]


async def test_a_digest_that_is_on_its_way_comes_on_monday_to_who_wants_none_any_more() -> None:
    desk = table()
    desk.reader = replace(READER, consents=frozenset({"updates", "weekly_digest"}))
    await desk.work(NIGHT)
    desk.reader = replace(READER, quiet=(time(21), time(10)))
    await desk.work(FAR)
    assert desk.told == [("queued", NIGHT), ("sent", MONDAY)]
