"""The ways from what participants said to what came of it: requests, problems, ideas, results."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from infra.mongo import Database
from projections import read
from projections.api import models
from projections.api.moderated import MODERATION, hidden
from projections.core import Document
from projections.read import OneOf, Where
from projections.registry import BY_NAME

RESULTS = BY_NAME["results"]
OUTCOMES = (RESULTS, MODERATION)
"""What an answer that shows results is made from, besides its own."""
LAST_MOVED = [("progressed_at", -1)]
NEWEST_PROBLEMS = [("defined_at", -1)]
MAX_LINKED = 200
"""Results, problems or ideas shown with what they belong to."""
_SUMMED_UP = (
    "city",
    "result_id",
    "title",
    "percent",
    "milestone",
    "progressed_at",
    "completed_at",
    "evidence",
    "idea_ids",
    "problem_ids",
)

Source = Literal["idea_ids", "problem_ids"]


async def results_of(
    db: Database, city: str, source: Source, ids: Sequence[str]
) -> dict[str, list[models.ResultSummary]]:
    """The results that came of each of these ideas or problems, those that moved last first."""
    found: list[dict[str, Any]] = []
    if ids:
        where: Where = {"city": city, source: OneOf(tuple(ids))}
        found = await read.listing(db, "results", where, LAST_MOVED, limit=MAX_LINKED, fields=_SUMMED_UP)
    summaries = await result_summaries(db, found)
    results: dict[str, list[models.ResultSummary]] = defaultdict(list)
    for document, summary in zip(found, summaries, strict=True):
        for id_ in set(ids).intersection(document[source]):
            results[id_].append(summary)
    return results


async def result_summaries(db: Database, found: Sequence[Document]) -> list[models.ResultSummary]:
    """These results in a listing."""
    without = await hidden(db, "result", (one["_id"] for one in found))
    return [result_summary(one, is_hidden=one["_id"] in without) for one in found]


def result_summary(result: Document, *, is_hidden: bool) -> models.ResultSummary:
    """A result in a listing."""
    words = {name: None if is_hidden else result[name] for name in ("title", "milestone")}
    same = {name: result[name] for name in ("city", "percent", "progressed_at", "completed_at")}
    evidence = len(result["evidence"])
    return models.ResultSummary(
        id=result["result_id"], hidden=is_hidden, evidence_total=evidence, **words, **same
    )


async def problems_of_request(db: Database, city: str, request_id: str) -> list[models.ProblemSummary]:
    """The problems that a request belongs to, the last defined first."""
    where: Where = {"city": city, "request_ids": request_id}
    found = await read.listing(db, "problems", where, NEWEST_PROBLEMS, limit=MAX_LINKED)
    return await problem_summaries(db, found)


async def problems_named(db: Database, city: str, ids: Iterable[str]) -> list[models.ProblemSummary]:
    """These problems of a city, as far as they are known."""
    where: Where = {"_id": OneOf(tuple(f"{city}/{one}" for one in ids))}
    found = await read.listing(db, "problems", where, [], limit=1000)
    return await problem_summaries(db, found)


async def problem_summaries(db: Database, found: Sequence[Document]) -> list[models.ProblemSummary]:
    """These problems in a listing."""
    without = await hidden(db, "problem", (one["_id"] for one in found))
    return [problem_summary(one, is_hidden=one["_id"] in without) for one in found]


def problem_summary(problem: Document, *, is_hidden: bool) -> models.ProblemSummary:
    """A problem in a listing."""
    return models.ProblemSummary(
        city=problem["city"],
        id=problem["problem_id"],
        statement=None if is_hidden else problem["statement"],
        requests=len(problem["request_ids"]),
        defined_at=problem["defined_at"],
        hidden=is_hidden,
    )


async def ideas_of(db: Database, where: Where, *, limit: int = MAX_LINKED) -> list[models.IdeaLink]:
    """Ideas by name, the newest first; those of unknown submission last."""
    fields = ("city", "idea_id", "title", "status")
    found = await read.listing(db, "ideas", where, [("submitted_at", -1)], limit=limit, fields=fields)
    without = await hidden(db, "idea", (one["_id"] for one in found))
    return [_idea_link(one, is_hidden=one["_id"] in without) for one in found]


def _idea_link(idea: Document, *, is_hidden: bool) -> models.IdeaLink:
    gone = is_hidden or idea["status"] == "withdrawn"
    return models.IdeaLink(city=idea["city"], id=idea["idea_id"], title=None if gone else idea["title"])
