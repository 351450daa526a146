"""The part of stewardship that waits for check-ins.

One timer runs for an adoption at a time: for the next due date, or for the end of its grace. Whoever
takes care before it fires moves it. Who comes after the grace, but before its end is told, has missed that
due date all the same: it is told then.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from consumers.engine.effects import CancelTimer, Effect, Emit, StartTimer
from events.envelope import Event
from events.types.stewardship import (
    AdoptionCheckInDue,
    AdoptionCheckInOverdue,
    AdoptionLapsed,
    AdoptionTransferred,
    StewardshipCheckedIn,
)
from projections.core import Document
from projections.views.cadence import LAPSE_AFTER, days, grace, in_a_row
from projections.views.tenure import adopted_as
from projections.views.timeline import latest

EARLY_KEPT: Final = 20
TOLD_KEPT: Final = 10
DUE, OVERDUE, LAPSED = "adoption.check_in_due", "adoption.check_in_overdue", "adoption.lapsed_after_missed"
FIELDS: Final = {
    "cared_at": "when somebody last took care of it under this adoption",
    "missed": f"the due dates missed since, at most {LAPSE_AFTER}",
    "told": f"the last {TOLD_KEPT} dates told as due under this adoption",
    "waiting_for": "what a timer runs for: rule, adoption_id, due_at; or None",
    "early": f"check-ins of adoptions not begun yet, the last {EARLY_KEPT}: the latest time by adoption id",
}
NOBODY: Final[dict[str, Any]] = {
    "cared_at": None,
    "missed": [],
    "told": [],
    "waiting_for": None,
    "early": {},
}


def changes(before: Document, after: Document, event: Event) -> dict[str, Any]:
    """The fields of this part after the event; `after` tells already who has the thing."""
    changed = {**_begun_or_ended(before, after), **_heard(before, after, event)}
    return {**changed, "waiting_for": _waiting_for({**after, **changed})}


def _begun_or_ended(before: Document, after: Document) -> dict[str, Any]:
    adoption = after["adoption"]
    if _id(before) == _id(after):
        return {}
    if adoption is None:
        return {"cared_at": None, "missed": [], "told": []}
    early = dict(before["early"])
    cared_at = latest(early.pop(adoption["adoption_id"], None), adoption["since"])
    return {"cared_at": cared_at, "missed": [], "told": [], "early": early}


def _id(thing: Document) -> str | None:
    return None if thing["adoption"] is None else str(thing["adoption"]["adoption_id"])


def _heard(before: Document, after: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case StewardshipCheckedIn() | AdoptionTransferred() as data if adopted_as(after, data.adoption_id):
            cared_at = latest(after["cared_at"], event.at)
            return {"cared_at": cared_at, "missed": in_a_row(after["missed"], cared_at, _cadence(after))}
        case StewardshipCheckedIn() as data if data.adoption_id not in after["gone"]:
            seen = latest(before["early"].get(data.adoption_id), event.at)
            return {"early": dict([*before["early"].items(), (data.adoption_id, seen)][-EARLY_KEPT:])}
        case AdoptionCheckInDue() as data if adopted_as(after, data.adoption_id):
            return {"told": [*after["told"], data.due_at][-TOLD_KEPT:]}
        case AdoptionCheckInOverdue() as data if adopted_as(after, data.adoption_id):
            missed = sorted({*after["missed"], data.due_at})
            return {"missed": in_a_row(missed, after["cared_at"], _cadence(after))[:LAPSE_AFTER]}
    return {}


def _cadence(thing: Document) -> int:
    return int(thing["adoption"]["cadence_days"])


def _waiting_for(thing: Document) -> dict[str, Any] | None:
    if thing["adoption"] is None or len(thing["missed"]) == LAPSE_AFTER:
        return None
    due_at = max([thing["cared_at"], *thing["missed"]]) + days(_cadence(thing))
    rule = OVERDUE if due_at in thing["told"] else DUE
    return {"rule": rule, "adoption_id": _id(thing), "due_at": due_at}


def effects(before: Document, after: Document) -> Iterator[Effect]:
    """Timers moved, misses told, and the lapse."""
    left, waits = before["waiting_for"], after["waiting_for"]
    if left is not None and left != waits:
        yield from _given_up(before, after, left)
    if waits is not None and (waits != left or _steward(before) != _steward(after)):
        yield _timer(after, waits, len(after["missed"]))
    if len(after["missed"]) == LAPSE_AFTER > len(before["missed"]):
        yield _lapse(after)


def _steward(thing: Document) -> str | None:
    steward: str | None = thing["adoption"] and thing["adoption"]["steward"]
    return steward


def _given_up(before: Document, after: Document, left: dict[str, Any]) -> Iterator[Effect]:
    """The timer is cancelled, unless its due date was missed before somebody came: that is told."""
    missed = list(_missed_before(before, after, left)) if _id(before) == _id(after) else []
    if not missed or left["rule"] == DUE:
        yield CancelTimer(_name(left))
    for count, due_at in enumerate(missed, len(before["missed"])):
        yield _timer(before, {**left, "rule": OVERDUE, "due_at": due_at}, count)


def _missed_before(before: Document, after: Document, left: dict[str, Any]) -> Iterator[datetime]:
    due_at, cadence = left["due_at"], _cadence(before)
    for _ in range(LAPSE_AFTER - len(before["missed"])):
        if due_at + grace(cadence) >= after["cared_at"]:
            return
        yield due_at
        due_at += days(cadence)


def _name(waits: Document) -> str:
    return f"{waits['rule']}/{waits['adoption_id']}@{waits['due_at'].isoformat()}"


def _timer(thing: Document, waits: Document, missed: int) -> StartTimer:
    due_at: datetime = waits["due_at"]
    told: dict[str, Any] = {"rule": waits["rule"], "adoption_id": waits["adoption_id"], "due_at": due_at}
    if waits["rule"] == DUE:
        return StartTimer(_name(waits), due_at, AdoptionCheckInDue(**told), participant=_steward(thing))
    overdue = AdoptionCheckInOverdue(**told, missed=missed + 1)
    return StartTimer(_name(waits), due_at + grace(_cadence(thing)), overdue, participant=_steward(thing))


def _lapse(thing: Document) -> Emit:
    last: datetime = thing["missed"][-1]
    ended = thing["adoption"]["adoption_id"]
    data = AdoptionLapsed(rule=LAPSED, adoption_id=ended, due_at=last, missed=len(thing["missed"]))
    return Emit(LAPSED, data, participant=_steward(thing))
