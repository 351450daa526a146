"""The same read models as people write them by hand: dicts, no validation, nothing that survives a crash.

What is written is what the projection `participation` writes for the workload's events: the same
collections with the same indexes, and an identity for every event.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from infra.mongo import BulkWriteError, Database, InsertOne, ReplaceOne, UpdateOne

Told = tuple[Mapping[str, str], dict[str, Any]]
"""The headers and the data of one event."""
Doc = dict[str, Any]

IDEAS, SUPPORTS, BALLOTS = "ideas.v3", "idea_supports.v3", "ballots.v3"
SUPPORT, ROUND_BALLOTS, VOTES = "idea_support.v3", "round_ballots.v3", "votes_by_project.v3"
SEEN = "seen"


def told(headers: Iterable[tuple[str, bytes]], value: bytes) -> Told:
    """An event as an expert reads it."""
    return {name: text.decode() for name, text in headers}, orjson.loads(value)


def place_of(headers: Mapping[str, str]) -> tuple[str, str]:
    """The collection and the id of the document that an event changes."""
    key, kind = headers["ce_partitionkey"], headers["ce_type"]
    if "ballot" in kind:
        return BALLOTS, key
    return (SUPPORTS, f"{key}/{headers['ce_participant']}") if ".support" in kind else (IDEAS, key)


class Fold:
    """Documents and cells that some events change."""

    def __init__(self, known: dict[tuple[str, str], Doc]) -> None:
        self.known = known
        self.changed: set[tuple[str, str]] = set()
        self.cells: dict[str, dict[tuple[str, ...], dict[str, int]]] = defaultdict(dict)

    def apply(self, event: Told) -> None:
        """Fold one event."""
        headers, data = event
        place = place_of(headers)
        old = self.known.get(place)
        at = datetime.fromisoformat(headers["ce_time"]).astimezone(UTC)
        make = {BALLOTS: self._ballot, SUPPORTS: self._support, IDEAS: self._idea}[place[0]]
        new = make(old, headers, data, at)
        if new is not old:
            self.known[place] = new
            self.changed.add(place)

    def _ballot(self, old: Doc | None, headers: Mapping[str, str], data: Doc, at: datetime) -> Doc:
        city, round_ = headers["ce_city"], data["ballot_round_id"]
        for choice in old["choices"] if old else ():
            self._add(VOTES, (city, round_, choice["project_id"]), votes=-1)
        for choice in data["choices"]:
            self._add(VOTES, (city, round_, choice["project_id"]), votes=1)
        if old is None:
            self._add(ROUND_BALLOTS, (city, round_), ballots=1)
        return ballot(headers, data, at, casts=old["casts"] + 1 if old else 1)

    def _support(self, old: Doc | None, headers: Mapping[str, str], data: Doc, at: datetime) -> Doc:
        new = support(headers, data, at)
        if old and old["active"] == new["active"]:
            return old
        before = bool(old and old["active"])
        if new["active"] != before:
            self._add(SUPPORT, (headers["ce_city"], headers["ce_subject"]), supporters=new["active"] - before)
        return {**new, "channel": new["channel"] or (old and old["channel"])}

    def _idea(self, old: Doc | None, headers: Mapping[str, str], data: Doc, at: datetime) -> Doc:
        return {**(old or blank_idea(headers)), **idea_change(old, headers, data, at)}

    def _add(self, collection: str, key: tuple[str, ...], **amounts: int) -> None:
        sums = self.cells[collection].setdefault(key, {})
        for name, amount in amounts.items():
            sums[name] = sums.get(name, 0) + amount


def ballot(headers: Mapping[str, str], data: Doc, at: datetime, **more: int) -> Doc:
    """A ballot's document."""
    return {
        "city": headers["ce_city"],
        "round": data["ballot_round_id"],
        "participant": headers["ce_participant"],
        "vote_type": data["vote_type"],
        "choices": [
            {"project_id": one["project_id"], "points": one.get("points")} for one in data["choices"]
        ],
        "cast_at": at,
        **more,
    }


def support(headers: Mapping[str, str], data: Doc, at: datetime) -> Doc:
    """A support's document."""
    return {
        "city": headers["ce_city"],
        "idea": headers["ce_subject"],
        "participant": headers["ce_participant"],
        "active": headers["ce_type"].endswith("idea.supported.v1"),
        "since": at,
        "channel": data.get("channel"),
    }


def blank_idea(headers: Mapping[str, str]) -> Doc:
    """An idea of which nothing was told yet."""
    names = "title summary category problem_id neighbourhood_id est_cost answer submitted_at withdrawn_at"
    return {
        "city": headers["ce_city"],
        "idea_id": headers["ce_subject"],
        **dict.fromkeys(names.split()),
        "co_authors": [],
        "status": "submitted",
        "history": [],
        "history_total": 0,
    }


def idea_change(old: Doc | None, headers: Mapping[str, str], data: Doc, at: datetime) -> Doc:
    """What a submission or an answer changes."""
    past = old or {"history": [], "history_total": 0, "updated_at": at}
    answered = "decision" in data
    entry = {
        "at": at,
        "event_id": headers["ce_id"],
        "change": data["decision"] if answered else "submitted",
        "notes": data.get("explanation"),
    }
    change = {
        "updated_at": max(past["updated_at"], at),
        "history": [*past["history"], entry][-100:],
        "history_total": past["history_total"] + 1,
    }
    if answered:
        answer = {**data, "answered_at": datetime.fromisoformat(data["answered_at"]), "public_from": None}
        return {**change, "status": data["decision"], "answer": answer}
    told_of = {name: data.get(name) for name in ("title", "summary", "category")}
    return {**change, **told_of, "submitted_at": at}


class Writer:
    """Folds batches and writes them with `bulk_write`, collection by collection."""

    def __init__(self, db: Database, *, identities: bool = True) -> None:
        self._db = db
        self._identities = identities
        self._known: dict[tuple[str, str], Doc] = {}

    async def take(self, events: list[Told]) -> None:
        """Load what is not known, fold, write."""
        await self._load(events)
        fold = Fold(self._known)
        for event in events:
            fold.apply(event)
        await self._documents(fold)
        await self._cells(fold)
        if self._identities:
            await self._remember(events)

    async def _load(self, events: list[Told]) -> None:
        missing: dict[str, set[str]] = defaultdict(set)
        for headers, _ in events:
            place = place_of(headers)
            if place not in self._known:
                missing[place[0]].add(place[1])
        for collection, ids in missing.items():
            async for found in self._db[collection].find({"_id": {"$in": list(ids)}}):
                self._known[collection, found["_id"]] = found

    async def _documents(self, fold: Fold) -> None:
        changes: dict[str, list[ReplaceOne[Doc]]] = defaultdict(list)
        for collection, key in fold.changed:
            changes[collection].append(ReplaceOne({"_id": key}, fold.known[collection, key], upsert=True))
        for collection, replacements in changes.items():
            await self._db[collection].bulk_write(replacements, ordered=False)

    async def _cells(self, fold: Fold) -> None:
        for collection, cells in fold.cells.items():
            changes = [UpdateOne(*cell(collection, key, sums), upsert=True) for key, sums in cells.items()]
            await self._db[collection].bulk_write(changes, ordered=False)

    async def _remember(self, events: list[Told]) -> None:
        rows = [InsertOne({"_id": f"{headers['ce_source']}/{headers['ce_id']}"}) for headers, _ in events]
        try:
            await self._db[SEEN].bulk_write(rows, ordered=False)
        except BulkWriteError as error:
            if any(row["code"] != 11000 for row in error.details["writeErrors"]):
                raise


_DIMENSIONS = {
    SUPPORT: ("city", "idea"),
    ROUND_BALLOTS: ("city", "round"),
    VOTES: ("city", "round", "project"),
}


def cell(collection: str, key: tuple[str, ...], sums: Mapping[str, int]) -> tuple[Doc, Doc]:
    """The query and the change that add to a cell."""
    named = dict(zip(_DIMENSIONS[collection], key, strict=True))
    added = {f"n.{name}": amount for name, amount in sums.items()}
    return {"_id": "|".join(key)}, {"$inc": added, "$setOnInsert": {"key": named}}
