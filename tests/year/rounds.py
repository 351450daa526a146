"""What the read models of ballot rounds and ballots must hold, made of the truth."""

from typing import Any

from producers.simulate.rounds import Round
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Documents, summed


def ballot_rounds(truth: Truth) -> Documents:
    return {key: _round(one) for key, one in truth.kept(Round).items()}


def _round(one: Round) -> dict[str, Any]:
    told = one.data
    return {
        "city": one.city,
        "round_id": one.id,
        "title": told.title,
        "vote_type": told.vote_type,
        "rule": told.rule,
        "budget": told.budget,
        "currency": told.currency,
        "min_choices": None,
        "max_choices": told.max_choices,
        "score_threshold": None,
        "projects": [dict(project) for project in told.projects],
        "opened_at": one.opened_at,
        "concluded": _concluded(one),
    }


def _concluded(one: Round) -> dict[str, Any] | None:
    if one.concluded is None:
        return None
    return {
        "rule": one.concluded.rule,
        "budget": one.concluded.budget,
        "ranking": list(one.concluded.ranking),
        "selected": list(one.concluded.selected),
        "input_hash": None,
        "at": one.concluded_at,
    }


def ballots(truth: Truth) -> Documents:
    return {
        f"{round_.city}/{round_.id}:{person}": {
            "city": round_.city,
            "round": round_.id,
            "participant": person,
            "vote_type": "approval",
            "choices": [{"project_id": choice, "points": None} for choice in ballot.choices],
            "cast_at": ballot.cast_at,
            "casts": ballot.times,
        }
        for round_ in truth.kept(Round).values()
        for person, ballot in round_.ballots.items()
    }


def round_ballots(truth: Truth) -> Sums:
    return summed(((one.city, one.id), {"ballots": len(one.ballots)}) for one in truth.kept(Round).values())


def votes(truth: Truth) -> Sums:
    return summed(
        ((one.city, one.id, project), {"votes": number})
        for one in truth.kept(Round).values()
        for project, number in one.votes().items()
    )


DOCUMENTS = {"ballot_rounds": ballot_rounds, "ballots": ballots}
TALLIES = {"round_ballots": round_ballots, "votes_by_project": votes}
