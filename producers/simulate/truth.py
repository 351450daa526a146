"""The truth: what was told, what must follow from it, and what has become of each thing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Fact:
    """Something that a rule must conclude, once. `at` is the time that the event must carry."""

    city: str
    name: str
    subject: str
    at: datetime
    participant: str | None
    data: Mapping[str, Any]
    """All that the event says but the name of its rule."""


@dataclass(frozen=True)
class Notice:
    """Something that somebody must be told, once: what a follow-up sets down, whether it is sent or not."""

    city: str
    recipient: str | None
    """None for whoever sent it without a name."""
    template: str
    about: str
    at: datetime
    """The time of the event that it follows from."""
    fields: Mapping[str, str]


@dataclass
class Truth:
    """Grows with the simulation and never looks into an event, a read model or a follow-up."""

    told: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """How many events by city, day of its calendar and name; facts that must follow are not among them."""
    facts: list[Fact] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    zones: dict[str, ZoneInfo] = field(default_factory=dict)
    """The clock of each city."""
    _kept: dict[type[Any], dict[str, Any]] = field(default_factory=dict)

    def kept(self, kind: type[Kept]) -> dict[str, Kept]:
        """All records of a kind, by city and id, as in `alderford-7/req-12`."""
        return self._kept.setdefault(kind, {})

    def day(self, city: str, moment: datetime) -> str:
        """The day of a moment on the city's own calendar."""
        return moment.astimezone(self.zones[city]).date().isoformat()
