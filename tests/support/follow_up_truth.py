"""What the log must hold after a history of follow-ups: it is read again, in plain Python.

It reads bytes and shares nothing with the engine or the managers. A deadline may be told of when there
was a moment, at or after it, at which the log said that the request waits for it; and it must be told of
when the log says so in the end.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from consumers.engine.model import Partition, PlainRecord

DERIVED = "urn:townhall:riverton:follow-ups"
PREFIX = "org.citiesofservice."


@dataclass
class Request:
    """One request as the log tells of it."""

    open: bool = True
    expected: str | None = None
    told: str | None = None
    waiting: str | None = None
    late: set[str] = field(default_factory=set)
    """Deadlines at which it waited."""


@dataclass
class Facts:
    """What was found in a log."""

    requests: dict[str, Request] = field(default_factory=dict)
    late: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """Ids of overdue events by request and deadline."""
    closed: set[tuple[str, str]] = field(default_factory=set)
    reopened: set[str] = field(default_factory=set)
    emitted: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def missing(self) -> list[str]:
        """What should stand there and does not, or stands there twice."""
        every = {(f"{key}-audit", id_) for key, id_ in self.closed}
        every |= {("riverton/all", id_) for _, id_ in self.closed}
        found = [f"emitted {count} times: {one}" for one, count in self.emitted.items() if count != 1]
        found += [f"never emitted: {one}" for one in every - self.emitted.keys()]
        found += [f"emitted without a cause: {one}" for one in self.emitted.keys() - every]
        found += [f"never told: {key} {one.waiting}" for key, one in self.requests.items() if one.waiting]
        return found

    def overdue_at(self) -> dict[str, datetime | None]:
        return {
            key: datetime.fromisoformat(one.told) if one.told else None for key, one in self.requests.items()
        }


def facts(
    logs: Mapping[Partition, Sequence[PlainRecord | None]], times: Mapping[tuple[Partition, int], datetime]
) -> Facts:
    """Everything that the log tells, partition by partition."""
    found = Facts()
    for place, records in logs.items():
        seen: set[tuple[str, str]] = set()
        for record in records:
            if record is not None:
                _one(found, record, times[place, record.offset].isoformat(), seen)
    return found


def _one(found: Facts, record: PlainRecord, now: str, seen: set[tuple[str, str]]) -> None:
    told = {name[3:]: value.decode() for name, value in record.headers if name.startswith("ce_")}
    key = f"{told['city']}/{told['subject']}"
    try:
        data = json.loads(record.value or b"")
    except ValueError:
        return
    if (record.key or b"").decode() != key:
        return
    name = told["type"].removeprefix(PREFIX)
    again = (told["source"], told["id"]) in seen
    if told["source"] == DERIVED and name == "service_request.update_posted.v1":
        found.emitted[key, data["text_ref"]] += 1
        return
    if again:
        if told["source"] == DERIVED:
            found.wrong.append(f"{key} is told again: {name} {data}")
        return
    seen.add((told["source"], told["id"]))
    request = found.requests.setdefault(key, Request())
    if request.waiting is not None and now >= request.waiting:
        request.late.add(request.waiting)
    if name == "service_request.overdue.v1":
        _late(found, request, key, told["id"], _moment(data["expected_datetime"]))
    if name == "service_request.closed.v1":
        found.closed.add((key, told["id"]))
    if name == "service_request.reopened.v1":
        found.reopened.add(told["id"])
    _apply(request, name.split(".")[1], data, now=_moment(told["time"]))


def _late(found: Facts, request: Request, key: str, id_: str, deadline: str) -> None:
    ids = found.late.setdefault(key, {}).setdefault(deadline, set())
    ids.add(id_)
    if len(ids) > 1:
        found.wrong.append(f"{key} is told twice to be late for {deadline}")
    if deadline not in request.late:
        found.wrong.append(f"{key} never waited for {deadline} when it came")


def _apply(request: Request, what: str, data: dict[str, Any], *, now: str) -> None:
    before = Request(request.open, request.expected)
    if data.get("expected_datetime") and what != "overdue":
        request.expected = _moment(data["expected_datetime"])
    if what in ("closed", "reopened", "stage_changed"):
        request.open = what != "closed"
    if what == "overdue":
        request.told = _moment(data["expected_datetime"])
    if not request.open or request.expected == request.told:
        request.waiting = None
    elif request.expected != before.expected or (not before.open and now < (request.expected or "")):
        request.waiting = request.expected


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()
