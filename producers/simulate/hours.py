"""Volunteer hours: those that follow from attendance, those that people report, and who answers for them."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b
from random import Random
from typing import Any, Final

from events.types.hours import HoursLogged, HoursRejected, HoursVerified
from producers.simulate import groups
from producers.simulate.people import pseudonym
from producers.simulate.sessions import Attendance, Session
from producers.simulate.town import Town

PER_DAY: Final = 0.25
_SEEN: Final = ("leader", "qr")
"""Who checks in like this was seen by somebody else."""
STAFF: Final = 900_000
"""Numbers of pseudonyms from here on are those of staff."""


@dataclass
class Decision:
    """Who decided, and how; None where a rule did."""

    at: datetime
    verifier: str | None
    minutes: int
    reason: str | None = None


@dataclass
class Hours:
    """What is so of one entry."""

    city: str
    id: str
    participant: str | None
    minutes: int
    worked_on: str
    source: str
    logged_at: datetime
    last_told: datetime
    auto: bool = False
    causes: dict[str, str | None] = field(default_factory=dict)
    """The session, opportunity, group and so on that they count for."""
    decision: Decision | None = None

    @property
    def verified(self) -> int:
        """Minutes that count."""
        return self.decision.minutes if self.decision else 0


def attended(town: Town, session: Session, attendance: Attendance, at: datetime) -> None:
    """One who was there has gone, or is assumed to have: the hours are logged, and perhaps verified."""
    if not attendance.minutes:
        return
    causes = {
        "session_id": session.id,
        "attendance_id": attendance.id,
        "opportunity_id": session.terms.opportunity_id,
        "project_id": session.terms.project_id,
        "group_id": session.terms.group_id,
        "neighbourhood_id": session.terms.neighbourhood_id,
    }
    auto, minutes = attendance.method_out == "auto", attendance.minutes
    entry = Hours(
        town.id,
        _entry(session, attendance),
        attendance.participant,
        minutes,
        town.clock.day(attendance.came).isoformat(),
        "check_in",
        at,
        at,
        auto,
        causes,
    )
    _keep(town, entry)
    said = {"minutes": minutes, "worked_on": entry.worked_on, "source": "check_in"}
    _follows(town, "hours.logged", entry, at, **said, auto_checked_out=auto, **causes)
    if attendance.method_in in _SEEN and attendance.method_out in _SEEN:
        _follows(town, "hours.verified", entry, at, minutes=minutes)
        entry.decision = Decision(at, None, minutes)
        _must_hear(town, entry)
    else:
        _put_before_somebody(town, entry)


def begin(town: Town, day: date) -> None:
    """Whoever reports today what they did on a day before."""
    dice = town.dice("hours", day)
    for number in range(town.often(PER_DAY, dice)):
        town.once(town.clock.waking(day, dice), _reported, town, f"hours-{day:%y%m%d}-{number}")


def _reported(town: Town, id_: str) -> None:
    dice = town.dice(id_)
    person, group = town.people.someone(dice, town.today), groups.of(town, dice)
    if person is None:
        return
    data = HoursLogged(
        minutes=dice.choice([30, 45, 60, 90, 120, 240]),
        worked_on=(town.today - timedelta(days=dice.choice([0, 0, 1, 2, 9]))).isoformat(),
        source=dice.choice(["self", "self", "manual"]),
        group_id=group.id if group and dice.random() < 0.5 else None,
    )
    at = town.tell(id_, data, person.ref).at
    entry = Hours(town.id, id_, person.ref, data.minutes, data.worked_on, data.source, at, at)
    entry.causes["group_id"] = data.group_id
    _keep(town, entry)
    _put_before_somebody(town, entry)


def _put_before_somebody(town: Town, entry: Hours) -> None:
    """Within two weeks somebody looks at it, for most of them."""
    dice = town.dice(entry.id, "verified")
    if dice.random() < 0.8:
        moment = town.clock.working(town.now, dice.randint(1, 9), dice)
        town.once(moment, _decided, town, entry, dice)


def _decided(town: Town, entry: Hours, dice: Random) -> None:
    verifier, fate = pseudonym(town.id, STAFF + dice.randrange(3)), dice.random()
    if fate < 0.15:
        reason = dice.choice(["not_there", "twice", "no_voluntary_work"])
        at = town.tell(entry.id, HoursRejected(verifier_ref=verifier, reason=reason)).at
        entry.decision = Decision(at, verifier, 0, reason)
    else:
        less = fate < 0.35 and entry.minutes > 30
        minutes = entry.minutes - 30 if less else entry.minutes
        at = town.tell(entry.id, HoursVerified(minutes=minutes, verifier_ref=verifier)).at
        entry.decision = Decision(at, verifier, minutes)
    entry.last_told = max(entry.last_told, at)
    _must_hear(town, entry)


def _must_hear(town: Town, entry: Hours) -> None:
    """Whoever gave the time is thanked, or told that it does not count; who came without a name is not."""
    decided, opportunity = entry.decision, entry.causes.get("opportunity_id")
    if decided is None or entry.participant is None:
        return
    told = {"worked_on": entry.worked_on}
    if decided.minutes == 0:
        town.must_hear([entry.participant], "hours_rejected", entry.id, decided.at, **told)
        return
    told["minutes"] = str(decided.minutes)
    template = "session_thanks" if opportunity else "hours_verified"
    town.must_hear([entry.participant], template, opportunity or entry.id, decided.at, **told)


def _keep(town: Town, entry: Hours) -> None:
    town.truth.kept(Hours)[town.key(entry.id)] = entry


def _follows(town: Town, name: str, entry: Hours, at: datetime, **data: Any) -> None:
    town.follows(name, entry.id, at, entry.participant, **data)


def _entry(session: Session, attendance: Attendance) -> str:
    """The id of the entry follows from its attendance: a city's app can name it without asking."""
    told = f"{session.id}\0{attendance.id}".encode()
    return f"attendance-{blake2b(told, digest_size=16).hexdigest()}"
