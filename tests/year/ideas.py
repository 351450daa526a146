"""What the read models of ideas and their support must hold, made of the truth."""

from typing import Any

from producers.simulate.ideas import Idea
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Documents, summed


def ideas(truth: Truth) -> Documents:
    return {key: _idea(one) for key, one in truth.kept(Idea).items()}


def _idea(one: Idea) -> dict[str, Any]:
    told = one.data
    answered = one.answer.decision if one.answer else "submitted"
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
        "status": "withdrawn" if one.withdrawn_at else answered,
        "answer": one.answer and dict(one.answer),
        "submitted_at": one.submitted_at,
        "withdrawn_at": one.withdrawn_at,
        "updated_at": one.last_told,
        "history": [
            {"at": event.at, "event_id": event.id, "change": change, "notes": notes}
            for change, notes, event in one.history
        ],
        "history_total": len(one.history),
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


DOCUMENTS = {"ideas": ideas, "idea_supports": idea_supports}
TALLIES = {"idea_support": idea_support}
