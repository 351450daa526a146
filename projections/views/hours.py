"""Volunteer hours: what was logged, and how much of it counts.

Only minutes that somebody or a rule has verified count in a published figure. They count for the day, and
so for the year, on which the work was done: the value of an hour is that of its year.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final

from events.envelope import Event
from events.types.hours import HoursLogged, HoursRejected, HoursVerified
from projections.core import Cell, Document, DocumentTally, DocumentView, types
from projections.views.timeline import latest

FIELDS: Final = {
    "city": "the city's short name",
    "entry_id": "id within the city",
    "participant": "pseudonym of the volunteer, or None where none was told",
    "minutes": "minutes as logged; None until that is told",
    "worked_on": "the day of the work on the city's calendar, `YYYY-MM-DD`",
    "month": "the month of that day, `YYYY-MM`",
    "year": "the year of that day, `YYYY`",
    "source": "check_in, manual, self or import",
    "auto_checked_out": "whether a rule alone said when the work ended",
    "session_id": "the session, or None",
    "attendance_id": "the attendance within it, or None",
    "opportunity_id": "the opportunity, or None",
    "project_id": "the project that the hours count for, or None",
    "group_id": "the community group that they count for, or None",
    "asset_id": "the thing of the city that was looked after, or None",
    "neighbourhood_id": "the city's code of the neighbourhood, or None",
    "status": "logged, verified or rejected",
    "verified_minutes": "minutes that count; 0 unless verified",
    "decided_by": "person or rule: who verified or rejected it; None",
    "verifier": "pseudonym of who did, or None",
    "rule": "the rule that did, or None",
    "reject_reason": "the reason's name, or None",
    "reject_note": "what was said of it, or None",
    "decided_at": "when it was verified or rejected last, or None",
    "logged_at": "when it was logged",
    "updated_at": "the latest time of any event",
}
_LOGGED: Final = (
    "minutes",
    "worked_on",
    "source",
    "auto_checked_out",
    "session_id",
    "attendance_id",
    "opportunity_id",
    "project_id",
    "group_id",
    "asset_id",
    "neighbourhood_id",
)
_UNDECIDED: Final = dict.fromkeys(
    ("decided_by", "verifier", "rule", "reject_reason", "reject_note", "decided_at")
)


def evolve(document: Document | None, event: Event) -> Document:
    """The entry after this event. What was said last counts; a rule does not outweigh someone's word."""
    entry = _blank(event) if document is None else dict(document)
    if entry["participant"] is None:
        entry["participant"] = event.participant
    match event.data:
        case HoursLogged() as data:
            entry.update({name: getattr(data, name) for name in _LOGGED}, logged_at=event.at)
            entry.update(month=data.worked_on[:7], year=data.worked_on[:4])
        case HoursVerified() as data if data.verifier_ref or entry["decided_by"] != "person":
            _verified(entry, event, data)
        case HoursRejected() as data:
            _rejected(entry, event, data)
    entry["updated_at"] = latest(entry["updated_at"], event.at)
    return entry


def _blank(event: Event) -> dict[str, Any]:
    start = {"auto_checked_out": False, "status": "logged", "verified_minutes": 0}
    return {**dict.fromkeys(FIELDS), **start, "city": event.city, "entry_id": event.subject}


def _verified(entry: dict[str, Any], event: Event, data: HoursVerified) -> None:
    entry.update(_UNDECIDED, status="verified", verified_minutes=data.minutes, decided_at=event.at)
    by = "rule" if data.rule else "person"
    entry.update(decided_by=by, verifier=data.verifier_ref, rule=data.rule)


def _rejected(entry: dict[str, Any], event: Event, data: HoursRejected) -> None:
    entry.update(_UNDECIDED, status="rejected", verified_minutes=0, decided_at=event.at)
    entry.update(decided_by="person", verifier=data.verifier_ref)
    entry.update(reject_reason=data.reason, reject_note=data.note)


VIEW: Final = DocumentView(
    name="hours",
    description="Every entry of volunteer hours, and how much of it counts",
    handles=types("hours.logged", "hours.verified", "hours.rejected"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=(
        (("city", 1), ("status", 1), ("logged_at", 1)),
        (("city", 1), ("participant", 1), ("worked_on", -1)),
        (("city", 1), ("worked_on", 1)),
        (("city", 1), ("session_id", 1)),
    ),
)


def _minutes(entry: Document, *key: str) -> Iterable[Cell]:
    """What an entry adds under this key; nothing before it is logged, as the day of the work is not known."""
    if entry["logged_at"] is None:
        return
    yield Cell(
        key,
        {
            "entries": 1,
            "logged": entry["minutes"],
            "verified": entry["verified_minutes"],
            "rejected": entry["minutes"] if entry["status"] == "rejected" else 0,
        },
    )


_MEASURES: Final = {
    "entries": "entries that were logged",
    "logged": "minutes logged, whatever became of them",
    "verified": "minutes that count",
    "rejected": "minutes logged in entries that were rejected",
}

BY_DAY: Final = DocumentTally(
    name="hours_by_day",
    description="Volunteer minutes by year and day of the work, and neighbourhood, empty where none was told",
    dimensions=("city", "year", "day", "neighbourhood_id"),
    measures=_MEASURES,
    over=VIEW,
    cells=lambda entry: _minutes(
        entry, entry["city"], entry["year"], entry["worked_on"], entry["neighbourhood_id"] or ""
    ),
)
BY_CAUSE: Final = DocumentTally(
    name="hours_by_cause",
    description="Volunteer minutes by what they were given for and the year of the work; empty where none",
    dimensions=("city", "project_id", "group_id", "opportunity_id", "asset_id", "year"),
    measures=_MEASURES,
    over=VIEW,
    cells=lambda entry: _minutes(
        entry,
        entry["city"],
        *(entry[name] or "" for name in ("project_id", "group_id", "opportunity_id", "asset_id")),
        entry["year"],
    ),
)
BY_VOLUNTEER: Final = DocumentTally(
    name="volunteer_hours",
    description="Minutes of each participant by the year of the work, over all that was done for a city",
    dimensions=("city", "participant", "year"),
    measures=_MEASURES,
    over=VIEW,
    cells=lambda entry: (
        _minutes(entry, entry["city"], entry["participant"], entry["year"]) if entry["participant"] else ()
    ),
)
TALLIES: Final = (BY_DAY, BY_CAUSE, BY_VOLUNTEER)
