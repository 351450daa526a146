"""A year of one thing, lived hour by hour: what happened to it, and what must be told and counted of it.

Written apart from the code under test: no timers and no documents, but a clock that looks every hour.
Times are whole hours since the start of the year; an action may become known long after its time.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Literal, NamedTuple, get_args

DAY = 24
YEAR = 365 * DAY
CITY = timezone(timedelta(hours=-5))
CADENCES = (1, 7, 14, 30, 90)
Kind = Literal["check_in", "adopt", "release", "transfer", "retire", "register"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Action(NamedTuple):
    """What somebody did at `time`, known from `known` on."""

    known: int
    time: int
    kind: Kind
    adoption: str = ""
    cadence: int = 0


def moment(hour: int) -> datetime:
    """The hour on the city's clock."""
    return datetime(2026, 1, 1, tzinfo=CITY) + timedelta(hours=hour)


def month(hour: int) -> str:
    return f"{moment(hour):%Y-%m}"


def a_year(dice: Random) -> list[Action]:
    """Actions in the order in which they become known."""
    actions = [Action(0, 0, "register")]
    adoptions: dict[str, tuple[int, int]] = {}
    hour = 0
    while True:
        last = list(adoptions)[-1:]
        cadence = adoptions[last[0]][1] if last else 7
        hour += dice.randint(1, max(2, int(cadence * DAY * dice.choice([0.3, 0.9, 1.1, 1.6]))))
        if hour >= YEAR:
            return actions
        kind = dice.choices(KINDS, [60, 20, 5, 6, 3, 6])[0]
        if kind in ("retire", "register"):
            actions.append(Action(hour, hour, kind))
        elif kind == "adopt" or not adoptions:
            name = f"a{len(adoptions)}"
            adoptions[name] = (hour, dice.choice(CADENCES))
            actions.append(Action(hour, hour, "adopt", name, adoptions[name][1]))
        else:
            name = dice.choice(list(adoptions)[-2:])
            late = dice.choice([0, 0, 0, dice.randint(1, 40 * DAY)])
            actions.append(Action(hour, max(adoptions[name][0], hour - late), kind, name))


@dataclass
class Adoption:
    name: str
    cadence: int
    started: int
    cared: int
    counts_from: int
    row: list[int] = field(default_factory=list)
    """Due dates missed one after another."""
    open_misses: list[int] = field(default_factory=list)
    ended: int | None = None
    lapsed: bool = False

    @property
    def grace(self) -> int:
        for shortest, allowed in ((28, 7), (24, 6), (20, 5), (16, 4), (12, 3), (8, 2)):
            if self.cadence >= shortest:
                return allowed * DAY
        return DAY

    @property
    def due(self) -> int:
        return (self.row[-1] if self.row else self.cared) + self.cadence * DAY


@dataclass
class Truth:
    """What must have been told and counted by the end."""

    there: bool = False
    now: Adoption | None = None
    all: dict[str, Adoption] = field(default_factory=dict)
    told: list[tuple[str, str, int]] = field(default_factory=list)
    """Kind of event, adoption, and due date or 0."""
    months: dict[str, Counter[str]] = field(default_factory=dict)

    def live(self, actions: list[Action]) -> "Truth":
        """Hour by hour: first what time brings about, then what becomes known."""
        waiting = list(actions)
        for hour in range(YEAR + 1):
            self._look(hour)
            while waiting and waiting[0].known == hour:
                self._learn(waiting.pop(0))
        return self

    def count(self, hour: int, what: str, n: int = 1) -> None:
        self.months.setdefault(month(hour), Counter())[what] += n

    def _look(self, hour: int) -> None:
        while (one := self.now) is not None:
            if hour >= one.due and ("due", one.name, one.due) not in self.told:
                self.told.append(("due", one.name, one.due))
            if hour < one.due + one.grace:
                return
            missed = one.due
            self.told.append(("overdue", one.name, missed))
            one.row.append(missed)
            one.open_misses.append(missed)
            one.counts_from = max(one.counts_from, missed)
            self.count(missed + one.grace, "missed")
            if len(one.row) == 3:
                self.told.append(("lapsed", one.name, missed))
                one.lapsed = True
                self._end(missed + one.grace)

    def _end(self, hour: int) -> None:
        if self.now is not None:
            self.now.ended = hour
            self.now = None

    def _learn(self, action: Action) -> None:
        match action.kind:
            case "register":
                self.there = True
            case "retire":
                self.there = False
                if self.now is not None:
                    self.told.append(("released", self.now.name, 0))
                self._end(action.time)
            case "adopt":
                self._adopt(action)
            case _ if action.adoption in self.all:
                self._done_to(self.all[action.adoption], action)

    def _adopt(self, action: Action) -> None:
        if self.now is not None or not self.there:
            self.told.append(("refused", action.adoption, 0))
            return
        at = action.time
        self.now = self.all[action.adoption] = Adoption(action.adoption, action.cadence, at, at, at)

    def _done_to(self, one: Adoption, action: Action) -> None:
        if action.kind == "release":
            if one is self.now:
                self._end(action.time)
            return
        if action.kind == "check_in":
            self._check_in(one, action.time)
        if one is self.now:
            one.cared = max(one.cared, action.time)
            one.row = [due for due in one.row if due - one.cadence * DAY >= one.cared]
        if action.kind == "transfer":
            one.counts_from = max(one.counts_from, action.time)

    def _check_in(self, one: Adoption, time: int) -> None:
        self.count(time, "check_ins")
        for due in one.open_misses:
            if due - one.cadence * DAY < time <= due + one.grace:
                one.open_misses.remove(due)
                self.count(due + one.grace, "missed", -1)
                break
        else:
            if one.ended is not None and time > one.ended:
                return
            if time < one.counts_from + one.cadence * DAY - one.grace:
                return
        self.count(time, "kept")
        one.counts_from = max(one.counts_from, time)
