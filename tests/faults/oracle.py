"""The oracle: folds the whole log by itself and compares every document and cell with what readers see.

It imports nothing of the product, so that no mistake stands on both sides of the comparison: what it
expects is written anew from the words that describe the events and the read models.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from pymongo import MongoClient

OWNER = "org.citiesofservice."
TOPICS = ("townhall.ideas", "townhall.requests")
GROUPS = {
    "townhall.participation.v3": ("townhall.ideas",),
    "townhall.requests.v3": ("townhall.requests",),
    "townhall.pulse.v2": TOPICS,
}
PROJECTIONS = ("requests", "participation", "pulse")
HISTORY_KEPT = RESULTS_KEPT = 100
OF_ANSWERS = {
    "idea.answer_published": "answer_public_at",
    "idea.answer_asked": "answer_asked_at",
    "idea.answer_overdue": "answer_overdue_at",
}
"""What each of these tells the time of."""
CONCLUDED = {
    *OF_ANSWERS,
    *(f"{told}.result_progressed" for told in ("service_request", "idea", "problem")),
    *(f"service_request.{what}" for what in ("promised", "duplicate_joined", "original_progressed")),
    *("service_request.acknowledgement_overdue", "service_level.asked"),
}
"""What nobody does: rules conclude it."""
TO_ANSWER = timedelta(days=90)
SHOWN = 40
"""Differences that are spelled out of each kind."""

Json = dict[str, Any]
Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""
Ends = dict[tuple[str, int], int]
"""The offset after the last record of each topic and partition."""
Planted = Mapping[Place, str]
"""Records that must stand in quarantine, with the reason."""
Cells = dict[tuple[str, ...], dict[str, int]]


@dataclass(frozen=True)
class Record:
    """What the log holds, untouched."""

    place: Place
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Event:
    """One CloudEvent in binary or structured mode, read without any check."""

    attributes: Json
    data: Json
    partition: str

    @classmethod
    def of(cls, record: Record) -> "Event":
        """The event that a good record is."""
        topic, number, _ = record.place
        headers = dict(record.headers)
        body = json.loads(record.value or b"")
        attributes: Json = {
            name.removeprefix("ce_"): value.decode()
            for name, value in record.headers
            if name.startswith("ce_")
        }
        if headers.get("content-type", b"").startswith(b"application/cloudevents"):
            attributes, body = body, body["data"]
        return cls(attributes, body, f"{topic.removeprefix('townhall.')}.{number}")

    def __getattr__(self, name: str) -> Any:
        return self.attributes.get(name)

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.city, self.source, self.id

    @property
    def key(self) -> str:
        return f"{self.city}/{self.subject}"

    @property
    def kind(self) -> str:
        """The type without owner and version."""
        name: str = self.type.removeprefix(OWNER).rpartition(".v")[0]
        return name

    @property
    def at(self) -> datetime:
        return moment(self.time)

    @property
    def day(self) -> str:
        day: str = self.time[:10]
        return day


def moment(text: str) -> datetime:
    """The time in UTC, in the whole milliseconds that MongoDB keeps."""
    time = datetime.fromisoformat(text).astimezone(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@dataclass
class Expected:
    """What the log says: documents by view and id, cells by tally, key and partition, counts by place."""

    documents: dict[str, dict[str, Json]] = field(default_factory=lambda: defaultdict(dict))
    partitions: dict[tuple[str, str], str] = field(default_factory=dict)
    cells: dict[str, Cells] = field(default_factory=lambda: defaultdict(dict))
    counts: dict[tuple[str, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, tally: str, key: tuple[str, ...], partition: str, **amounts: int) -> None:
        cell = self.cells[tally].setdefault((*key, partition), {})
        for measure, amount in amounts.items():
            cell[measure] = cell.get(measure, 0) + amount


async def ends(kafka: str) -> Ends:
    """How far the log reaches now."""
    async with _Reader(kafka) as reader:
        return await reader.ends()


async def read_log(kafka: str) -> list[Record]:
    """Every record of both topics, each partition in order."""
    async with _Reader(kafka) as reader:
        return await reader.records()


class _Reader:
    """A consumer without a group: it is given every partition of both topics, from the beginning."""

    def __init__(self, kafka: str) -> None:
        self._consumer = AIOKafkaConsumer(
            *TOPICS,
            bootstrap_servers=kafka,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=4 * 2**20,
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def ends(self) -> Ends:
        found = await self._consumer.end_offsets(self._consumer.assignment())
        return {(native.topic, native.partition): end for native, end in found.items()}

    async def records(self) -> list[Record]:
        ends = await self.ends()
        found: list[Record] = []
        while len(found) < sum(ends.values()):
            for native, batch in (await self._consumer.getmany(timeout_ms=500)).items():
                for one in batch:
                    place = (native.topic, native.partition, one.offset)
                    found.append(Record(place, one.key, one.value, tuple(one.headers)))
        return found


def fold(records: Iterable[Record], planted: Planted) -> Expected:
    """What readers must see of these records; a repeated identity counts once, `planted` not at all."""
    expected = Expected()
    seen = set()
    for record in records:
        counts = expected.counts[record.place[:2]]
        if record.place in planted:
            counts["quarantined"] += 1
            continue
        event = Event.of(record)
        if event.identity in seen:
            counts["duplicates"] += 1
            continue
        seen.add(event.identity)
        counts["applied"] += 1
        if event.source != f"urn:townhall:{event.city}:follow-ups" and event.kind not in CONCLUDED:
            expected.add("pulse", (event.city, event.day, event.kind), event.partition, events=1)
        _tell(expected, event)
    _count(expected)
    return expected


def _tell(expected: Expected, event: Event) -> None:
    """Hand the event to the one kind of document it is about."""
    view, rule = RULES[event.kind]
    key = f"{event.key}/{event.participant}" if view == "idea_supports" else event.key
    expected.documents[view][key] = rule(expected.documents[view].get(key), event)
    expected.partitions[view, key] = event.partition


def _ballot(before: Json | None, event: Event) -> Json:
    choices = [
        {"project_id": one["project_id"], "points": one.get("points")} for one in event.data["choices"]
    ]
    return {
        "city": event.city,
        "round": event.data["ballot_round_id"],
        "participant": event.participant,
        "vote_type": event.data["vote_type"],
        "choices": choices,
        "cast_at": event.at,
        "casts": before["casts"] + 1 if before else 1,
    }


def _support(before: Json | None, event: Event) -> Json:
    stands = event.kind == "idea.supported"
    if before and before["active"] == stands:
        return before
    channel = before["channel"] if before else None
    return {
        "city": event.city,
        "idea": event.subject,
        "participant": event.participant,
        "active": stands,
        "since": event.at,
        "channel": event.data.get("channel", "online") if stands else channel,
    }


def _progressed(thing: Json, event: Event) -> None:
    """A result stands where the latest time says; of two told of one time, the last in the log."""
    told = {name: event.data.get(name) for name in ("result_id", "percent", "milestone")}
    told["progressed_at"] = moment(event.data["progressed_at"])
    others = [one for one in thing["results"] if one["result_id"] != told["result_id"]]
    known = [one for one in thing["results"] if one["result_id"] == told["result_id"]]
    if not known or known[0]["progressed_at"] <= told["progressed_at"]:
        in_order = sorted([*others, told], key=lambda one: (one["progressed_at"], one["result_id"]))
        thing["results"] = in_order[-RESULTS_KEPT:]


def _idea(before: Json | None, event: Event) -> Json:
    idea = before or {
        "city": event.city,
        "title": None,
        "answer": None,
        "withdrawn": False,
        "status": "submitted",
        "results": [],
        "submitted_at": None,
        "submitted_on": None,
        "decided_at": None,
        "changes": [],
        "updated_at": event.at,
        **dict.fromkeys(OF_ANSWERS.values()),
    }
    idea["updated_at"] = max(idea["updated_at"], event.at)
    if (time := OF_ANSWERS.get(event.kind)) is not None:
        idea[time] = max(idea[time] or event.at, event.at) if time == "answer_public_at" else event.at
        return idea
    if event.kind == "idea.result_progressed":
        _progressed(idea, event)
        return idea
    idea["changes"].append(event.id)
    if event.kind == "idea.submitted":
        idea |= {"title": event.data["title"], "category": event.data["category"]}
        idea |= {"submitted_at": event.at, "submitted_on": event.day}
    elif event.kind == "idea.answered":
        idea["answer"] = event.data["decision"]
        if idea["answer"] != "evaluating":
            public = moment(event.data.get("public_from") or event.data["answered_at"])
            idea["decided_at"] = min(idea["decided_at"] or public, public)
    else:
        idea["withdrawn"] = True
    idea["status"] = "withdrawn" if idea["withdrawn"] else idea["answer"] or "submitted"
    return idea


def _problem(before: Json | None, event: Event) -> Json:
    problem = before or {
        **dict.fromkeys(("statement", "who_is_affected", "defined_at")),
        "evidence": [],
        "request_ids": [],
        "results": [],
        "definitions": 0,
    }
    if event.kind == "problem.result_progressed":
        _progressed(problem, event)
        return problem
    told = {name: event.data[name] for name in ("statement", "who_is_affected")}
    lists = {name: event.data.get(name, []) for name in ("evidence", "request_ids")}
    count = problem["definitions"] + 1
    return {**problem, **told, **lists, "defined_at": event.at, "definitions": count}


def _round(before: Json | None, event: Event) -> Json:
    round_ = before or {"city": event.city, "round_id": event.subject, "project_ids": [], "selected": None}
    if event.kind == "prioritisation.concluded":
        return {**round_, "selected": event.data["selected"]}
    facts = {name: event.data.get(name) for name in ("title", "vote_type", "rule", "budget", "max_choices")}
    projects = [one["project_id"] for one in event.data["projects"]]
    return {**round_, **facts, "opened_at": event.at, "project_ids": projects}


def _feedback(before: Json | None, event: Event) -> Json:
    return {name: event.data[name] for name in ("program_id", "rating")} | {
        "city": event.city,
        "submitted_at": event.at,
    }


def _request(before: Json | None, event: Event) -> Json:
    request = before or {
        **dict.fromkeys(("service_code", "neighbourhood_id", "opened_at", "closed_at", "duplicate_of")),
        **dict.fromkeys(("overdue_at", "acknowledge_by", "acknowledgement_overdue_at")),
        **dict.fromkeys(("original_stage", "original_resolution")),
        "results": [],
        **dict.fromkeys(("reopened", "confirmed", "disputed", "updates", "duplicates"), 0),
        "city": event.city,
        "stage": "submitted",
        "resolution_code": None,
        "changes": [],
        "updated_at": event.at,
    }
    request["updated_at"] = max(request["updated_at"], event.at)
    match event.kind:
        case "service_request.opened":
            request["service_code"] = event.data["service_code"]
            request["neighbourhood_id"] = event.data.get("neighbourhood_id")
            request["opened_at"] = moment(event.data["requested_datetime"])
            request["changes"].append(event.id)
        case "service_request.update_posted":
            request["updates"] += 1
        case "service_request.merged":
            request["duplicate_of"] = event.data["duplicate_of"]
        case "service_request.result_progressed":
            _progressed(request, event)
        case "resolution.confirmed" | "resolution.disputed" as verdict:
            request[verdict.removeprefix("resolution.")] += 1
        case kind if kind in CONCLUDED or kind == "service_request.overdue":
            _concluded(request, event)
        case _:
            _stage(request, event)
    request["status"] = "closed" if request["stage"] == "closed" else "open"
    return request


def _concluded(request: Json, event: Event) -> None:
    match event.kind:
        case "service_request.overdue":
            late = moment(event.data["expected_datetime"])
            request["overdue_at"] = max(request["overdue_at"] or late, late)
        case "service_request.duplicate_joined":
            request["duplicates"] += 1
        case "service_request.original_progressed":
            request["original_stage"] = event.data["stage"]
            request["original_resolution"] = event.data.get("resolution_code")
        case "service_request.promised":
            by = event.data.get("acknowledge_by")
            request["acknowledge_by"] = by and moment(by)
        case "service_request.acknowledgement_overdue":
            request["acknowledgement_overdue_at"] = moment(event.data["acknowledge_by"])


def _stage(request: Json, event: Event) -> None:
    """The last record told sets the stage, whatever its time."""
    was = request["stage"]
    now = event.data.get("to_stage") or event.kind.removeprefix("service_request.")
    request["stage"] = now
    request["changes"].append(event.id)
    if now == "closed" and was != "closed":
        request["closed_at"] = event.at
    if now != "closed":
        request["resolution_code"] = None
    if now == "reopened":
        request["closed_at"] = None
        request["reopened"] += 1
    if event.kind == "service_request.closed":
        request["closed_at"] = moment(event.data["closed_datetime"])
        request["resolution_code"] = event.data["resolution_code"]


def _level(before: Json | None, event: Event) -> Json:
    level = before or {"acknowledge_hours": None, "close_hours": None, "set_at": None, "asked": 0}
    level = {**level, "city": event.city, "service_code": event.data["service_code"]}
    if event.kind == "service_level.asked":
        return {**level, "asked": level["asked"] + 1}
    hours = {name: event.data.get(name) for name in ("acknowledge_hours", "close_hours")}
    return {**level, **hours, "set_at": event.at}


Rule = Callable[[Json | None, Event], Json]
RULES: dict[str, tuple[str, Rule]] = {
    "priority_ballot.cast": ("ballots", _ballot),
    "ballot_round.opened": ("ballot_rounds", _round),
    "prioritisation.concluded": ("ballot_rounds", _round),
    "idea.supported": ("idea_supports", _support),
    "idea.support_withdrawn": ("idea_supports", _support),
    "idea.submitted": ("ideas", _idea),
    "idea.answered": ("ideas", _idea),
    "idea.withdrawn": ("ideas", _idea),
    **dict.fromkeys(OF_ANSWERS, ("ideas", _idea)),
    "idea.result_progressed": ("ideas", _idea),
    "problem.defined": ("problems", _problem),
    "problem.result_progressed": ("problems", _problem),
    "program_feedback.submitted": ("program_feedback", _feedback),
    "service_level.set": ("service_levels", _level),
    "service_level.asked": ("service_levels", _level),
    **dict.fromkeys(
        (
            "service_request.opened",
            "service_request.acknowledged",
            "service_request.stage_changed",
            "service_request.update_posted",
            "service_request.merged",
            "service_request.closed",
            "service_request.reopened",
            "service_request.overdue",
            "service_request.result_progressed",
            "service_request.promised",
            "service_request.acknowledgement_overdue",
            "service_request.duplicate_joined",
            "service_request.original_progressed",
            "resolution.confirmed",
            "resolution.disputed",
        ),
        ("service_requests", _request),
    ),
}
"""The view each type changes, and how."""


def _count(expected: Expected) -> None:
    """Every tally over documents, counted from the documents as they stand at the end."""
    for (view, key), partition in expected.partitions.items():
        document = expected.documents[view][key]
        for tally, dimensions, amounts in COUNTED.get(view, _nothing)(document):
            expected.add(tally, dimensions, partition, **amounts)


Counts = Iterable[tuple[str, tuple[str, ...], dict[str, int]]]


def _nothing(_: Json) -> Counts:
    return ()


def _count_ballot(ballot: Json) -> Counts:
    here = (ballot["city"], ballot["round"])
    yield "round_ballots", here, {"ballots": 1}
    for place, choice in enumerate(ballot["choices"]):
        amounts = {"votes": 1, "points": choice["points"] or 0}
        amounts["ranks"] = place if ballot["vote_type"] == "ordinal" else 0
        yield "votes_by_project", (*here, choice["project_id"]), amounts


def _count_idea(idea: Json) -> Counts:
    submitted, decided = idea["submitted_at"], idea["decided_at"]
    accepted = idea["status"] == "accepted"
    marks = {
        "submitted": submitted is not None,
        "answered_in_90_days": bool(submitted and decided and decided - submitted <= TO_ANSWER),
        "accepted": accepted,
        "acted_on": accepted and any(one["percent"] for one in idea["results"]),
    }
    if idea["withdrawn"]:
        marks = {"withdrawn": True}
    yield "ideas_by_day", (idea["city"], idea["submitted_on"] or ""), {k: int(v) for k, v in marks.items()}


def _count_support(support: Json) -> Counts:
    yield "idea_support", (support["city"], support["idea"]), {"supporters": int(support["active"])}


def _count_feedback(feedback: Json) -> Counts:
    rating = feedback["rating"]
    amounts = {"responses": 1, "rating_sum": rating, f"r{rating}": 1}
    yield "program_ratings", (feedback["city"], feedback["program_id"]), amounts


def _count_request(request: Json) -> Counts:
    city, both = request["city"], {"total": 1, "open": int(request["stage"] != "closed")}
    both["overdue"] = int(request["overdue_at"] is not None)
    yield "requests_by_stage", (city, request["stage"]), {"count": 1}
    yield "requests_by_service", (city, request["service_code"] or ""), both
    yield "requests_by_neighbourhood", (city, request["neighbourhood_id"] or ""), both


COUNTED: dict[str, Callable[[Json], Counts]] = {
    "ballots": _count_ballot,
    "ideas": _count_idea,
    "idea_supports": _count_support,
    "program_feedback": _count_feedback,
    "service_requests": _count_request,
}
VIEWS = sorted({view for view, _ in RULES.values()})
TALLIES = {
    "pulse": ("city", "day", "type"),
    "round_ballots": ("city", "round"),
    "votes_by_project": ("city", "round", "project"),
    "idea_support": ("city", "idea"),
    "ideas_by_day": ("city", "day"),
    "program_ratings": ("city", "program_id"),
    "requests_by_stage": ("city", "stage"),
    "requests_by_service": ("city", "service_code"),
    "requests_by_neighbourhood": ("city", "neighbourhood_id"),
}


def differences(kafka: str, mongo: str, database: str, planted: Planted | None = None) -> list[str]:
    """Everything in which the public names of the database differ from the log; empty when nothing does."""
    return compare(asyncio.run(read_log(kafka)), mongo, database, planted or {})


def compare(records: list[Record], mongo: str, database: str, planted: Planted) -> list[str]:
    """The same for a log that was read."""
    expected = fold(records, planted)
    client: MongoClient[Json] = MongoClient(mongo, tz_aware=True)
    with client:
        db = client[database]
        found = [_documents(db, view, expected.documents[view]) for view in VIEWS]
        found += [_tally(db, tally, expected.cells[tally]) for tally in TALLIES]
        found.append(_checkpoints(db, expected))
        found.append(_quarantine(db, records, planted))
    return [line for lines in found for line in lines]


def _compare(what: str, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> list[str]:
    keys = [key for key in {**expected, **found} if expected.get(key) != found.get(key)]
    lines = [f"{what} {key}: {found.get(key)}, the log says {expected.get(key)}" for key in keys[:SHOWN]]
    return [*lines, f"{what}: {len(keys)} differ in all"] if len(keys) > SHOWN else lines


def _documents(db: Any, view: str, expected: Mapping[str, Json]) -> list[str]:
    shape = SHAPES.get(view, dict)
    told = {key: _told(document) for key, document in expected.items()}
    found = {}
    for document in db[view].find():
        key = document.pop("_id")
        named = shape(document)
        found[key] = {name: named.get(name) for name in told.get(key, named)}
    return _compare(view, told, found)


def _told(document: Json) -> Json:
    """A document of the fold without what only the fold needs."""
    told = {name: value for name, value in document.items() if name not in ("answer", "withdrawn")}
    if "changes" in told:
        told["total"] = len(told["changes"])
        told["changes"] = told["changes"][-HISTORY_KEPT:]
    return told


def _with_changes(document: Json) -> Json:
    """The order of the log, as the history of a document shows it."""
    changes = [entry["event_id"] for entry in document["history"]]
    return {**document, "changes": changes, "total": document["history_total"]}


def _with_projects(document: Json) -> Json:
    concluded = document["concluded"]
    projects = [one["project_id"] for one in document["projects"]]
    return {**document, "project_ids": projects, "selected": concluded and concluded["selected"]}


SHAPES: dict[str, Callable[[Json], Json]] = {
    "ideas": _with_changes,
    "service_requests": _with_changes,
    "ballot_rounds": _with_projects,
}


def _tally(db: Any, tally: str, expected: Cells) -> list[str]:
    """The cells of each partition, and their sums as most readers see them."""
    names = TALLIES[tally]
    cells = {
        (*(cell["key"][name] for name in names), cell["partition"]): cell["n"]
        for cell in db[f"{tally}_cells"].find()
    }
    sums: Cells = defaultdict(dict)
    for (*key, _), amounts in expected.items():
        for measure, amount in amounts.items():
            cell = sums[tuple(key)]
            cell[measure] = cell.get(measure, 0) + amount
    grouped = {tuple(row["_id"][name] for name in names): row for row in db[tally].find()}
    for row in grouped.values():
        del row["_id"]
    by_partition = _compare(f"{tally}_cells", _without_zeros(expected), _without_zeros(cells))
    return by_partition + _compare(tally, _without_zeros(sums), _without_zeros(grouped))


def _without_zeros(cells: Cells) -> Cells:
    """A cell of zero means the same as no cell."""
    left = {key: {name: n for name, n in amounts.items() if n} for key, amounts in cells.items()}
    return {key: amounts for key, amounts in left.items() if amounts}


def _checkpoints(db: Any, expected: Expected) -> list[str]:
    """No silent gap: every record below `next` was applied, a duplicate, or quarantined."""
    names = ("applied", "duplicates", "quarantined")
    told = {
        (group, *place): {name: counts[name] for name in names} | {"next": counts.total()}
        for place, counts in expected.counts.items()
        for group, topics in GROUPS.items()
        if place[0] in topics
    }
    found = {
        (row["group"], row["topic"], row["partition"]): {name: row[name] for name in (*names, "next")}
        for row in db["checkpoints"].find({"next": {"$gt": 0}})
    }
    return _compare("checkpoint", told, found)


def _kept(record: Record) -> tuple[Any, ...]:
    """All the bytes of a record; of one over 1 MiB the beginning of its value only."""
    size = len(record.key or b"") + len(record.value or b"")
    size += sum(len(name) + len(value or b"") + 16 for name, value in record.headers)
    if size <= 1_048_576:
        return record.key, record.value, record.headers
    return record.key, (record.value or b"")[:65_536], ()


def _quarantine(db: Any, records: Iterable[Record], planted: Planted) -> list[str]:
    """Each planted record with its reason and its bytes; the same bytes again are the same entry.

    What was replayed from there counts like any other record, and its entry is history.
    """
    told: dict[Any, Any] = {}
    for record in (record for record in records if record.place in planted):
        topic, number, offset = record.place
        for group in (group for group, topics in GROUPS.items() if topic in topics):
            entry = told.setdefault(
                (group, topic, number, *_kept(record)),
                {"reason": planted[record.place], "offsets": []},
            )
            entry["offsets"].append(offset)
    found = {
        (
            row["group"],
            row["topic"],
            row["partition"],
            row["key"],
            row["value"],
            tuple((name, value) for name, value in row["headers"]),
        ): {"reason": row["reason"], "offsets": row["offsets"]}
        for row in db["quarantine"].find({"status": "open"})
    }
    return [line[:1000] for line in _compare("quarantine", told, found)]
