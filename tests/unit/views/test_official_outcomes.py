"""Real elections: counting their ballots through the read models gives the cities' own numbers."""

from collections.abc import Iterator
from typing import cast

import pytest

from events.envelope import Event
from events.types.prioritisation import VoteType
from projections.core import Document
from projections.outcome import RULES, Outcome, outcome
from projections.views import ballot_rounds, ballots
from tests.support.build import ballot, project, round_opened
from tests.support.data import Election, election
from tests.support.spec import given

ELECTIONS = [
    "pabulib/Canada_Stanford_Dataset_PB_Dieppe_2018_vote_approvals.pb",
    "pabulib/France_Toulouse_2022.pb",
    "pabulib/Hungary_Budapest_2022_VIII_Jozsefvaros.pb",
    "pabulib/Netherlands_Amsterdam_179.pb",
    "pabulib/Netherlands_Assen_2024.pb",
    "pabulib/Poland_Gdansk_2020.pb",
    "pabulib/Poland_Warszawa_2023_Wesola.pb",
    "pabulib/Poland_Wroclaw_2020.pb",
    "pabulib/Switzerland_Zurich_S5.pb",
    "pabulib/US_Stanford_Dataset_PB_Cambridge_2019_vote_approvals.pb",
    "pabulib/US_Stanford_Dataset_PB_Chicago_35th_Ward_2019_vote_approvals.pb",
    "pabulib-other/Poland_Katowice_2023_Zarzecze.pb",
    "pabulib-other/Poland_Krakow_2019_Bienczyce.pb",
]
WITH_OFFICIAL_OUTCOME = 4


def _round(one: Election) -> Document:
    places, least = one.meta.get("max_length"), one.meta.get("min_project_score_threshold")
    event = round_opened(
        projects=[project(row["project_id"], row["cost"]) for row in one.projects],
        vote_type=one.meta["vote_type"],
        rule=one.meta["rule"],
        budget=one.meta["budget"],
        max_choices=int(places) if places else None,
        score_threshold=int(least) if least else None,
    )
    return given(ballot_rounds.VIEW, event).document


def _ballots(one: Election) -> Iterator[Event]:
    kind = cast("VoteType", one.meta["vote_type"])
    for number, row in enumerate(one.votes):
        names = [name for name in row["vote"].split(",") if name]
        points = [int(text) for text in row.get("points", "").split(",") if text]
        choices = list(zip(names, points, strict=True)) if points else names
        yield ballot(*choices, by=f"participant-{number:08}", vote_type=kind)


def _count(events: Iterator[Event]) -> tuple[dict[str, dict[str, int]], int]:
    """The cells of the ballots view, summed; lean, for there are 134,994 ballots."""
    votes: dict[str, dict[str, int]] = {}
    cast_ballots = 0
    for event in events:
        document = ballots.VIEW.evolve(None, event)
        assert document is not None
        cast_ballots += sum(cell.add["ballots"] for cell in ballots.BALLOTS.cells(document))
        for cell in ballots.VOTES.cells(document):
            sums = votes.setdefault(cell.key[2], {})
            for measure, number in cell.add.items():
                sums[measure] = sums.get(measure, 0) + number
    return votes, cast_ballots


def _computed(one: Election) -> Outcome:
    return outcome(_round(one), *_count(_ballots(one)))


@pytest.mark.data
@pytest.mark.parametrize("name", ELECTIONS)
def test_votes_scores_and_selection_are_the_official_ones(name: str) -> None:
    one = election(name)
    result = _computed(one)
    official = {row["project_id"]: row for row in one.projects}
    assert result.ballots == int(one.meta["num_votes"])
    assert result.unknown_projects == {}
    assert {one.project_id: one.votes for one in result.standings} == {
        name: int(row["votes"]) for name, row in official.items()
    }
    if "score" in one.projects[0]:
        assert {one.project_id: one.score for one in result.standings} == {
            name: int(row["score"]) for name, row in official.items()
        }
    if _has_official_outcome(one):
        assert set(result.selected) == {name for name, row in official.items() if row["selected"] == "1"}


def _has_official_outcome(one: Election) -> bool:
    return one.meta["rule"] in RULES and "selected" in one.projects[0]


@pytest.mark.data
def test_enough_of_the_elections_tell_their_official_outcome() -> None:
    """Else the comparison above could pass without ever comparing a selection."""
    assert sum(_has_official_outcome(election(name)) for name in ELECTIONS) == WITH_OFFICIAL_OUTCOME
