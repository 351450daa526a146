"""What the read model of results must hold, and what ideas, problems and requests keep of them."""

from datetime import datetime
from typing import Any

from producers.simulate.progress import Progress
from producers.simulate.results import Result
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Documents, summed


def progress(truth: Truth, kind: str, key: str) -> Progress:
    """What this thing was told."""
    return truth.kept(Progress).get(f"{kind} {key}", Progress())


def results_told(told_of: Progress) -> list[dict[str, Any]]:
    """In the order in which they moved."""
    stands = [
        {
            "result_id": one.result,
            "percent": one.percent,
            "milestone": one.milestone,
            "progressed_at": one.since,
        }
        for one in told_of.results.values()
    ]
    return sorted(stands, key=lambda one: (one["progressed_at"], one["result_id"]))


def results(truth: Truth) -> Documents:
    return {key: _result(one) for key, one in truth.kept(Result).items()}


def _result(one: Result) -> dict[str, Any]:
    named = [event.at for _, milestone, _, event in one.history if milestone is not None]
    return {
        "city": one.city,
        "result_id": one.id,
        "title": one.data.title,
        "summary": one.data.summary,
        "idea_ids": list(one.data.idea_ids),
        "problem_ids": list(one.data.problem_ids),
        "project_id": None,
        "percent": one.percent,
        "progressed_at": one.last_told,
        "milestone": one.milestone,
        "milestone_at": named[-1],
        "evidence": list(dict.fromkeys(one.evidence)),
        "created_at": one.created_at,
        "completed_at": _completed(one),
        "updated_at": one.last_told,
        "history": [
            {"at": event.at, "event_id": event.id, "percent": percent, "milestone": milestone, "notes": note}
            for percent, milestone, note, event in one.history
        ],
        "history_total": len(one.history),
    }


def _completed(one: Result) -> datetime | None:
    if one.percent != 100:
        return None
    steps = [(percent, event.at) for percent, _, _, event in one.history]
    while len(steps) > 1 and steps[-2][0] == 100:
        steps.pop()
    return steps[-1][1]


def result_progress(truth: Truth) -> Sums:
    states = {0: "not_begun", 100: "completed"}
    return summed(
        ((one.city,), {"results": 1, states.get(one.percent, "under_way"): 1})
        for one in truth.kept(Result).values()
    )


DOCUMENTS = {"results": results}
TALLIES = {"result_progress": result_progress}
