"""Ballots as they stand, and the votes each project has.

These run for every ballot of an election: `evolve` and the cells do no more than they must.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from events.envelope import Event
from events.types.prioritisation import PriorityBallotCast
from projections.core import Cell, Document, DocumentTally, DocumentView, types

FIELDS: Final = {
    "city": "the city's short name",
    "round": "the ballot round's id within the city",
    "participant": "pseudonym of the person",
    "vote_type": "approval, choose-1, ordinal, cumulative or scoring",
    "choices": "project_id and points (or None) of each choice, in the order given",
    "cast_at": "when it was last cast",
    "casts": "how many times it was cast",
}


def evolve(document: Document | None, event: Event) -> Document | None:
    """The ballot as cast last in the log: cast again, it replaces the one before."""
    data = event.data
    if not isinstance(data, PriorityBallotCast):
        return document
    return {
        "city": event.city,
        "round": data.ballot_round_id,
        "participant": event.participant,
        "vote_type": data.vote_type,
        "choices": [{"project_id": one.project_id, "points": one.points} for one in data.choices],
        "cast_at": event.at,
        "casts": 1 if document is None else document["casts"] + 1,
    }


VIEW: Final = DocumentView(
    name="ballots",
    description="Each participant's ballot in each round",
    handles=types("priority_ballot.cast"),
    key=attrgetter("key"),
    evolve=evolve,
    fields=FIELDS,
    indexes=((("city", 1), ("round", 1)), (("city", 1), ("participant", 1))),
)


def votes(ballot: Document) -> Iterable[Cell]:
    """One cell per choice; a measure that adds nothing is left out."""
    city, round_ = ballot["city"], ballot["round"]
    ordinal = ballot["vote_type"] == "ordinal"
    for rank, choice in enumerate(ballot["choices"]):
        add = {"votes": 1}
        if choice["points"]:
            add["points"] = choice["points"]
        if ordinal and rank:
            add["ranks"] = rank
        yield Cell((city, round_, choice["project_id"]), add)


BALLOTS: Final = DocumentTally(
    name="round_ballots",
    description="How many ballots stand in each round, each participant's once",
    dimensions=("city", "round"),
    measures={"ballots": "ballots cast"},
    over=VIEW,
    cells=lambda ballot: (Cell((ballot["city"], ballot["round"]), {"ballots": 1}),),
)
VOTES: Final = DocumentTally(
    name="votes_by_project",
    description="What the ballots of each round give each project",
    dimensions=("city", "round", "project"),
    measures={
        "votes": "ballots that name the project",
        "points": "points given to it",
        "ranks": "on ordinal ballots, the sum of its places, the first being 0",
    },
    over=VIEW,
    cells=votes,
)
