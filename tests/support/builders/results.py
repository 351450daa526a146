"""Results and how they reach what they came from."""

from typing import Any

from events.envelope import Event
from events.types import results
from tests.support.build import AT, told, when


def created(result: str = "result-1", *, at: str = AT, **data: Any) -> Event:
    return told(results.ResultCreated, result, data, at=at, title="Shade at the bus stops")


def progressed(result: str = "result-1", *, percent: int = 50, at: str = AT, **data: Any) -> Event:
    return told(results.ResultProgressUpdated, result, data, at=at, percent=percent)


def reached_idea(idea: str = "i1", *, at: str = AT, **data: Any) -> Event:
    return told(results.IdeaResultProgressed, idea, data, at=at, **_reached(at))


def reached_problem(problem: str = "p1", *, at: str = AT, **data: Any) -> Event:
    return told(results.ProblemResultProgressed, problem, data, at=at, **_reached(at))


def reached_request(request: str = "r1", *, at: str = AT, **data: Any) -> Event:
    usual = {"problem_id": "p1", **_reached(at)}
    return told(results.ServiceRequestResultProgressed, request, data, at=at, **usual)


def _reached(at: str) -> dict[str, Any]:
    moved = {"result_id": "result-1", "percent": 50, "progressed_at": when(at)}
    return {"rule": "result.reaches_source", **moved}
