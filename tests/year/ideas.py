"""What the read models of ideas and their support must hold, made of the truth."""

from datetime import timedelta
from typing import Any

from producers.simulate.ideas import Idea
from producers.simulate.problems import Problem
from producers.simulate.progress import Progress
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.results import progress, results_told
from tests.year.sums import Documents, summed

WITHIN = timedelta(days=90)


def ideas(truth: Truth) -> Documents:
    return {key: _idea(one, progress(truth, "idea", key)) for key, one in truth.kept(Idea).items()}


def _idea(one: Idea, told_of_results: Progress) -> dict[str, Any]:
    told = one.data
    return {
        "city": one.city,
        "idea_id": one.id,
        "title": told.title,
        "summary": told.summary,
        "category": told.category,
        "problem_id": told.problem_id,
        "neighbourhood_id": told.neighbourhood_id,
        "est_cost": told.est_cost,
        "co_authors": list(told.co_author_refs),
        "status": _status(one),
        "answer": one.answer and dict(one.answer),
        "submitted_at": one.submitted_at,
        "submitted_on": one.submitted_on,
        "decided_at": one.decided_at,
        "answer_public_at": one.published_at,
        "answer_asked_at": one.asked_at,
        "answer_overdue_at": one.overdue_at,
        "withdrawn_at": one.withdrawn_at,
        "updated_at": max(one.last_told, told_of_results.last_told or one.last_told),
        "results": results_told(told_of_results),
        "history": [
            {"at": event.at, "event_id": event.id, "change": change, "notes": notes}
            for change, notes, event in one.history
        ],
        "history_total": len(one.history),
    }


def _status(one: Idea) -> str:
    if one.withdrawn_at is not None:
        return "withdrawn"
    return one.answer.decision if one.answer else "submitted"


def by_day(truth: Truth) -> Sums:
    return summed(
        ((one.city, one.submitted_on), _came_to(one, progress(truth, "idea", key)))
        for key, one in truth.kept(Idea).items()
    )


def _came_to(one: Idea, told_of_results: Progress) -> dict[str, int]:
    if one.withdrawn_at is not None:
        return {"withdrawn": 1}
    decided, begun = one.decided_at, any(told.percent for told in told_of_results.results.values())
    return {
        "submitted": 1,
        "answered_in_90_days": int(decided is not None and decided - one.submitted_at <= WITHIN),
        "accepted": int(one.accepted),
        "acted_on": int(one.accepted and begun),
    }


def problems(truth: Truth) -> Documents:
    return {
        key: {
            "city": one.city,
            "problem_id": one.id,
            "statement": one.data.statement,
            "who_is_affected": one.data.who_is_affected,
            "evidence": list(one.data.evidence),
            "request_ids": list(one.data.request_ids),
            "defined_at": one.told_at,
            "definitions": one.times,
            "results": results_told(progress(truth, "problem", key)),
        }
        for key, one in truth.kept(Problem).items()
    }


def idea_supports(truth: Truth) -> Documents:
    return {
        f"{key}/{person}": {
            "city": idea.city,
            "idea": idea.id,
            "participant": person,
            "active": support.stands,
            "since": support.since,
            "channel": support.channel,
        }
        for key, idea in truth.kept(Idea).items()
        for person, support in idea.supports.items()
    }


def idea_support(truth: Truth) -> Sums:
    return summed(
        ((idea.city, idea.id), {"supporters": sum(one.stands for one in idea.supports.values())})
        for idea in truth.kept(Idea).values()
    )


DOCUMENTS = {"ideas": ideas, "idea_supports": idea_supports, "problems": problems}
TALLIES = {"idea_support": idea_support, "ideas_by_day": by_day}
