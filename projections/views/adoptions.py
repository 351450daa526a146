"""Adoptions: who takes care of what since when, whether they came when they were expected, how it ended.

A check-in counts as kept once for each time that it was due: it may come a grace before its due date or
after it, and more visits make nobody more reliable. What was told as missed stops counting as missed when
a check-in that was in time comes to be known later.
"""

from collections.abc import Iterable
from typing import Any, Final

from events.envelope import Event
from events.types.stewardship import (
    AdoptionCheckInDue,
    AdoptionCheckInOverdue,
    AdoptionLapsed,
    AdoptionRefused,
    AdoptionReleased,
    AdoptionStarted,
    AdoptionTransferred,
    StewardshipCheckedIn,
)
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.assets import ended_by
from projections.views.cadence import days, grace, in_a_row, in_time
from projections.views.timeline import latest

MISSES_KEPT: Final = 24
FIELDS: Final = {
    "city": "the city's short name",
    "asset_id": "the thing's id within the city",
    "adoption_id": "id within the city",
    "state": "unknown until its start is told, active, or how it ended: lapsed, released, refused",
    "steward": "pseudonym of the steward, who may act for the group; None where it went to a group",
    "group_id": "the group that takes care, or None",
    "nickname": "what the steward calls the thing, in their own words",
    "cadence_days": "every how many days a check-in is expected",
    "obligations": "what the steward agreed to do, as the city's codes",
    "entry_id": "the entry of the waiting list that it came from, or None",
    "started_at": "when it began",
    "started_on": "the day of that on the city's calendar",
    "transferred": "how often it went to another steward",
    "ended_at": "when it ended, or None",
    "ended_on": "the day of that on the city's calendar",
    "ended_by": "lapsed, refused, by_steward, by_city, asset_retired; or None",
    "retired_because": "why the thing was given up, where that ended it",
    "cared_at": "when somebody last took care of it: the last check-in, else transfer or start",
    "check_ins": "how many check-ins there were",
    "minutes": "minutes that stewards said they worked",
    "due_told": "how often a check-in was told as due",
    "overdue_told": "how often one was told as overdue",
    "counts_from": "the last check-in that counted as kept, else transfer or start",
    "misses": f"the last {MISSES_KEPT} due dates that were missed, in log order: due_at, month",
    "missed_in_a_row": "how many of these were missed since somebody last took care",
    "months": "by month of the city's calendar: check_ins, kept (in time) and missed",
    "updated_at": "the latest time of any event",
}
_UNHEARD: Final[dict[str, Any]] = {
    **dict.fromkeys(FIELDS),
    "state": "unknown",
    "obligations": [],
    **dict.fromkeys(
        ("transferred", "check_ins", "minutes", "due_told", "overdue_told", "missed_in_a_row"), 0
    ),
    "misses": [],
    "months": {},
}


def evolve(document: Document | None, event: Event) -> Document:
    """The adoption after this event. The first start and the first end that are told count."""
    adoption = _blank(event) if document is None else dict(document)
    match event.data:
        case AdoptionStarted() as data if adoption["started_at"] is None:
            _started(adoption, event, data)
        case StewardshipCheckedIn() as data:
            _visited(adoption, event, data)
        case AdoptionCheckInDue():
            adoption["due_told"] += 1
        case AdoptionCheckInOverdue() as data:
            _missed(adoption, event, data)
        case AdoptionTransferred() as data:
            _transferred(adoption, event, data)
        case AdoptionLapsed() | AdoptionReleased() | AdoptionRefused() if adoption["ended_at"] is None:
            _ended(adoption, event)
    adoption["updated_at"] = latest(adoption["updated_at"], event.at)
    adoption["missed_in_a_row"] = _in_a_row(adoption)
    return adoption


def _blank(event: Event) -> dict[str, Any]:
    return {
        **_UNHEARD,
        "city": event.city,
        "asset_id": event.subject,
        "adoption_id": _id_of(event),
    }


def _id_of(event: Event) -> str:
    return str(getattr(event.data, "adoption_id"))  # noqa: B009 - each type handled has one


def _started(adoption: dict[str, Any], event: Event, data: AdoptionStarted) -> None:
    for field in ("group_id", "nickname", "cadence_days", "entry_id"):
        adoption[field] = getattr(data, field)
    adoption["steward"] = event.participant
    adoption["obligations"] = list(data.obligations)
    adoption |= {"started_at": event.at, "started_on": event.day}
    _cared(adoption, event)
    adoption["counts_from"] = adoption["counts_from"] or event.at
    if adoption["ended_at"] is None:
        adoption["state"] = "active"


def _cared(adoption: dict[str, Any], event: Event) -> None:
    adoption["cared_at"] = latest(adoption["cared_at"], event.at)


def _visited(adoption: dict[str, Any], event: Event, data: StewardshipCheckedIn) -> None:
    adoption["check_ins"] += 1
    adoption["minutes"] += data.minutes or 0
    _cared(adoption, event)
    kept = adoption["started_at"] is not None and (_excuses(adoption, event) or _was_due(adoption, event))
    if kept:
        adoption["counts_from"] = latest(adoption["counts_from"], event.at)
    _count(adoption, event.day[:7], check_ins=1, kept=int(kept))


def _excuses(adoption: dict[str, Any], event: Event) -> bool:
    """Whether a due date told as missed was kept by this check-in; it is missed no longer."""
    cadence, misses = adoption["cadence_days"], adoption["misses"]
    place = next((n for n, one in enumerate(misses) if in_time(one["due_at"], event.at, cadence)), None)
    if place is None:
        return False
    adoption["misses"] = misses[:place] + misses[place + 1 :]
    _count(adoption, misses[place]["month"], missed=-1)
    return True


def _was_due(adoption: Document, event: Event) -> bool:
    cadence = adoption["cadence_days"]
    stands = adoption["ended_at"] is None or event.at <= adoption["ended_at"]
    expected = adoption["counts_from"] + days(cadence) - grace(cadence)
    return bool(stands and event.at >= expected)


def _missed(adoption: dict[str, Any], event: Event, data: AdoptionCheckInOverdue) -> None:
    adoption["overdue_told"] += 1
    cadence, cared = adoption["cadence_days"], adoption["cared_at"]
    known = any(one["due_at"] == data.due_at for one in adoption["misses"])
    if adoption["state"] != "active" or known or in_time(data.due_at, cared, cadence):
        return
    month = event.day[:7]
    adoption["misses"] = [*adoption["misses"], {"due_at": data.due_at, "month": month}][-MISSES_KEPT:]
    adoption["counts_from"] = latest(adoption["counts_from"], data.due_at)
    _count(adoption, month, missed=1)


def _in_a_row(adoption: Document) -> int:
    missed = [one["due_at"] for one in adoption["misses"]]
    return len(in_a_row(missed, adoption["cared_at"], adoption["cadence_days"])) if missed else 0


def _transferred(adoption: dict[str, Any], event: Event, data: AdoptionTransferred) -> None:
    adoption |= {"steward": data.to_ref, "group_id": data.to_group_id}
    adoption["transferred"] += 1
    _cared(adoption, event)
    adoption["counts_from"] = latest(adoption["counts_from"], event.at)


def _ended(adoption: dict[str, Any], event: Event) -> None:
    by = ended_by(event)
    adoption |= {"ended_at": event.at, "ended_on": event.day, "ended_by": by}
    adoption["state"] = by if by in {"lapsed", "refused"} else "released"
    if isinstance(event.data, AdoptionReleased):
        adoption["retired_because"] = event.data.retired_because


def _count(adoption: dict[str, Any], month: str, **more: int) -> None:
    counts = adoption["months"].get(month, {"check_ins": 0, "kept": 0, "missed": 0})
    grown = {name: n + more.get(name, 0) for name, n in counts.items()}
    adoption["months"] = {**adoption["months"], month: grown}


VIEW: Final = DocumentView(
    name="adoptions",
    description="Every adoption with its check-ins, what was missed and how it ended",
    handles=types(
        "adoption.started",
        "adoption.refused",
        "stewardship.checked_in",
        "adoption.check_in_due",
        "adoption.check_in_overdue",
        "adoption.lapsed",
        "adoption.released",
        "adoption.transferred",
    ),
    key=lambda event: f"{event.key}/{_id_of(event)}",
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("asset_id", 1)),
        (("city", 1), ("steward", 1)),
        (("city", 1), ("group_id", 1)),
        (("city", 1), ("state", 1), ("ended_at", -1)),
    ),
)

BY_STATE: Final = DocumentTally(
    name="adoptions_by_state",
    description="How many adoptions stand, and how the others ended",
    dimensions=("city", "state"),
    measures={"adoptions": "adoptions in this state"},
    over=VIEW,
    cells=lambda adoption: (Cell((adoption["city"], adoption["state"]), {"adoptions": 1}),),
)


def _by_month(adoption: Document) -> Iterable[Cell]:
    if adoption["state"] in {"unknown", "refused"}:
        return
    city = adoption["city"]
    for month, counts in adoption["months"].items():
        yield Cell((city, month), dict(counts))
    if adoption["started_on"] is not None:
        yield Cell((city, adoption["started_on"][:7]), {"started": 1})
    if adoption["ended_on"] is not None:
        lapsed = int(adoption["state"] == "lapsed")
        yield Cell((city, adoption["ended_on"][:7]), {"ended": 1, "lapsed": lapsed})


BY_MONTH: Final = DocumentTally(
    name="stewardship_by_month",
    description="Adoptions begun and ended, check-ins kept and missed, by month of the city's calendar; "
    "what began less what ended before a month is what stood at its start",
    dimensions=("city", "month"),
    measures={
        "started": "adoptions that began",
        "ended": "adoptions that ended, however",
        "lapsed": "adoptions that ended because check-ins were missed",
        "check_ins": "check-ins, all of them",
        "kept": "check-ins that were due and came in time",
        "missed": "check-ins that were due and had not come at the end of the grace",
    },
    over=VIEW,
    cells=_by_month,
)
TALLIES: Final = (BY_STATE, BY_MONTH)
