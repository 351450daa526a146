"""What the store must hold after a simulated history: the log folded a second time, in plain Python.

It reads the bytes of the log and shares nothing with the engine or the views.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from consumers.engine.model import Partition, PlainRecord
from events.partitioning import partition_of

Logs = Mapping[Partition, Iterable[PlainRecord | None]]
"""The records of every partition, with None where there is a hole."""


@dataclass
class Expected:
    """An independent fold of the log."""

    ballots: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    pulse: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    applied: int = 0
    duplicates: int = 0
    poison: list[PlainRecord] = field(default_factory=list)

    def votes(self) -> dict[tuple[str, ...], dict[str, int]]:
        sums: dict[tuple[str, ...], Counter[str]] = {}
        for ballot in self.ballots.values():
            for choice in ballot["choices"]:
                key = (ballot["city"], ballot["round"], choice["project_id"])
                sums.setdefault(key, Counter()).update(votes=1, points=choice["points"] or 0)
        return {key: {name: n for name, n in sum_.items() if n} for key, sum_ in sums.items()}

    def count(self) -> dict[tuple[str, ...], dict[str, int]]:
        counted = Counter((ballot["city"], ballot["round"]) for ballot in self.ballots.values())
        return {key: {"ballots": n} for key, n in counted.items()}

    def by_stage(self) -> dict[tuple[str, ...], dict[str, int]]:
        counted = Counter((key.split("/")[0], stage) for key, stage in self.stages.items())
        return {key: {"count": n} for key, n in counted.items()}


STAGE_AFTER = {"acknowledged": "acknowledged", "closed": "closed", "reopened": "reopened"}


@dataclass
class Seen:
    """What has been met in one partition: contents by identity, and keys that wait for a mend."""

    contents: dict[tuple[str, ...], tuple[Any, ...]] = field(default_factory=dict)
    waiting: set[bytes | None] = field(default_factory=set)


def fold(logs: Logs, *, mended: bool) -> Expected:
    """After a mend nothing waits: what no code can count was given up, everything else was counted."""
    expected = Expected()
    for place, records in logs.items():
        seen = Seen()
        for record in records:
            if record is not None:
                _fold_one(expected, place, record, seen, mended=mended)
    return expected


def _fold_one(expected: Expected, place: Partition, record: PlainRecord, seen: Seen, *, mended: bool) -> None:
    told = {name[3:]: value.decode() for name, value in record.headers if name.startswith("ce_")}
    try:
        data = json.loads(record.value or b"")
        family, name = told["type"].removeprefix("org.citiesofservice.").removesuffix(".v1").split(".")
    except (ValueError, KeyError):
        expected.poison.append(record)
        return
    key = f"{told['city']}/{told['subject']}"
    if family not in ("priority_ballot", "service_request"):
        expected.poison.append(record)
        if not mended:
            seen.waiting.add(record.key)
        return
    if (record.key or b"").decode() != key or partition_of(key.encode(), 6) != place.number:
        expected.poison.append(record)
        return
    identity = (told["city"], told["source"], told["id"])
    content = (told["type"], told["time"], told.get("participant"), record.value)
    if identity in seen.contents:
        if seen.contents[identity] == content:
            expected.duplicates += 1
        else:
            expected.poison.append(record)
        return
    boom = not mended and any(choice["project_id"] == "boom" for choice in data.get("choices", ()))
    if boom or record.key in seen.waiting:
        expected.poison.append(record)
        seen.waiting.add(record.key)
        return
    seen.contents[identity] = content
    expected.applied += 1
    expected.pulse[told["city"], told["time"][:10], f"{family}.{name}"] += 1
    if family == "priority_ballot":
        expected.ballots[key] = _ballot(told, data, expected.ballots.get(key))
    elif name == "opened":
        expected.stages.setdefault(key, "submitted")
    else:
        expected.stages[key] = STAGE_AFTER[name]


def _ballot(told: dict[str, str], data: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "city": told["city"],
        "round": data["ballot_round_id"],
        "participant": told["participant"],
        "vote_type": data["vote_type"],
        "choices": [{"project_id": c["project_id"], "points": c.get("points")} for c in data["choices"]],
        "cast_at": datetime.fromisoformat(told["time"]).astimezone(UTC),
        "casts": 1 + (before["casts"] if before else 0),
    }
