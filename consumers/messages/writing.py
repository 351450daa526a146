"""Letters for notices: what they are about, their links, and the words."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from consumers.messages.decide import Person
from consumers.messages.letters import Letter, compose
from consumers.messages.subjects import path
from consumers.messages.templates import TEMPLATES
from consumers.messages.texts import Written
from consumers.notice_rows import Row
from infra.directory import City
from infra.tracking import Tracking

Titles = Callable[[str, Sequence[str]], Awaitable[Mapping[str, str]]]
"""The titles of things of one kind, each named `city/id`, as far as they are known."""
PATIENCE: Final = 20.0
"""Seconds in which the read model may come to show what a message is about; then it is named by its id."""


class Writer:
    """Writes what notices ask for."""

    def __init__(self, titles: Titles, url: str, codes: Tracking) -> None:
        self._titles = titles
        self._url = url
        self._codes = codes
        self._waiting: dict[str, float] = {}

    async def about(self, rows: Sequence[Row]) -> dict[str, str]:
        """The titles of what these notices are about, by notice; those that wait for one are left out."""
        by_kind: dict[str, list[Row]] = {}
        for row in rows:
            by_kind.setdefault(TEMPLATES[row["template"]].about, []).append(row)
        found: dict[str, str] = {}
        for kind, some in by_kind.items():
            known = await self._titles(kind, [_key(row) for row in some])
            for row in some:
                title = known.get(_key(row)) or self._impatient(row)
                if title is not None:
                    found[row["_id"]] = title
                    self._waiting.pop(row["_id"], None)
        return found

    def _impatient(self, row: Row) -> str | None:
        now = time.monotonic()
        since = self._waiting.setdefault(row["_id"], now)
        return str(row["about"]) if now - since > PATIENCE else None

    def letter(self, row: Row, city: City, person: Person | None, title: str) -> Letter:
        """The letter of one notice."""
        return self._letter(row, row["_id"], row["template"], self._written(row, city, person, title), person)

    def digest(
        self, id_: str, rows: Sequence[Row], city: City, person: Person, about: Mapping[str, str]
    ) -> Letter:
        """One letter for all of these, all for the same person."""
        items = [
            {
                "subject": self._written(row, city, person, about[row["_id"]]).subject,
                "link": self._link(row),
            }
            for row in rows
        ]
        written = compose("weekly_digest", rows[0]["lang"], person.zone, {"city": city.name, "items": items})
        return self._letter(rows[0], id_, "weekly_digest", written, person)

    def _written(self, row: Row, city: City, person: Person | None, title: str) -> Written:
        usual = {"city": city.name, "title": title, "link": self._link(row), "answer_link": self._track(row)}
        zone = person.zone if person else city.zone
        values: dict[str, Any] = {**row["fields"], **usual}
        return compose(row["template"], row["lang"], zone, values)

    @staticmethod
    def _letter(row: Row, id_: str, template: str, written: Written, person: Person | None) -> Letter:
        return Letter(id_, row["city"], row["recipient"], template, person.email if person else None, written)

    def _link(self, row: Row) -> str:
        return self._url + path(TEMPLATES[row["template"]].about, row["city"], row["about"])

    def _track(self, row: Row) -> str:
        kind = TEMPLATES[row["template"]].about
        return self._url + self._codes.path(row["city"], kind, row["about"])


def _key(row: Row) -> str:
    return f"{row['city']}/{row['about']}"
