"""The outcome of a round: score, rule, ties, and inputs anyone can hash again."""

import json
from hashlib import sha256
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from projections.core import Document
from projections.outcome import Outcome, Standing, Tie, outcome
from projections.views import ballot_rounds
from tests.support.build import concluded, project, round_opened
from tests.support.spec import given


def round_with(costs: dict[str, str], **data: Any) -> Document:
    event = round_opened(projects=[project(name, cost) for name, cost in costs.items()], **data)
    return given(ballot_rounds.VIEW, event).document


def approvals(**votes: int) -> dict[str, dict[str, int]]:
    return {name: {"votes": number} for name, number in votes.items()}


def decide(costs: dict[str, str], votes: dict[str, int], **data: Any) -> Outcome:
    return outcome(round_with(costs, **data), approvals(**votes), ballots=10)


def test_greedy_skips_what_does_not_fit_and_goes_on() -> None:
    result = decide({"a": "200", "b": "100", "c": "50"}, {"a": 9, "b": 8, "c": 7}, budget="250")
    assert result.selected == ("a", "c")
    assert (result.spent, result.ties, result.reason) == ("250", (), None)
    assert result.standings[1] == Standing(
        "b", "Project b", "100", votes=8, score=8, rank=2, tied=False, selected=False
    )


def test_greedy_no_skip_stops_at_the_first_that_does_not_fit() -> None:
    costs, votes = {"a": "200", "b": "100", "c": "50"}, {"a": 9, "b": 8, "c": 7}
    assert decide(costs, votes, budget="250", rule="greedy-no-skip").selected == ("a",)


def test_greedy_threshold_leaves_out_what_scores_less() -> None:
    costs, votes = {"a": "200", "b": "100", "c": "50"}, {"a": 9, "b": 8, "c": 7}
    result = decide(costs, votes, budget="250", rule="greedy-threshold", score_threshold=8)
    assert result.selected == ("a",)
    assert decide(costs, votes, budget="250", rule="greedy-threshold", score_threshold=7).selected == (
        "a",
        "c",
    )


def test_money_is_exact_to_the_last_digit() -> None:
    costs = {"a": "0.1", "b": "0.2", "c": "0.0001"}
    result = decide(costs, {"a": 3, "b": 2, "c": 1}, budget="0.3")
    assert (result.selected, result.spent) == (("a", "b"), "0.3")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"rule": "equalshares/add1"}, "equalshares/add1"),
        ({"rule": "unknown"}, "unknown"),
        ({"budget": None}, "budget"),
        ({"rule": "greedy-threshold"}, "score threshold"),
    ],
)
def test_what_cannot_be_decided_is_ranked_and_says_why(data: dict[str, Any], reason: str) -> None:
    result = decide({"a": "1", "b": "1"}, {"a": 1, "b": 2}, **data)
    assert reason in (result.reason or "")
    assert [(one.project_id, one.rank, one.selected) for one in result.standings] == [
        ("b", 1, None),
        ("a", 2, None),
    ]
    assert (result.selected, result.spent) == ((), None)


def test_a_round_whose_opening_is_not_told_has_only_unknown_projects() -> None:
    document = given(ballot_rounds.VIEW, concluded(selected=["a"])).document
    result = outcome(document, approvals(a=2), ballots=2)
    assert result.unknown_projects == {"a": {"votes": 2, "points": 0, "ranks": 0}}
    assert "opening is not known" in (result.reason or "")


def test_votes_for_an_unknown_project_are_shown_and_not_lost() -> None:
    result = decide({"a": "1"}, {"a": 1, "ghost": 4})
    assert result.unknown_projects == {"ghost": {"votes": 4, "points": 0, "ranks": 0}}
    assert [one.project_id for one in result.standings] == ["a"]


@pytest.mark.parametrize(
    ("data", "score"),
    [
        ({"vote_type": "approval"}, 4),
        ({"vote_type": "choose-1"}, 4),
        ({"vote_type": "cumulative"}, 9),
        ({"vote_type": "scoring"}, 9),
        ({"vote_type": "ordinal", "max_choices": 3}, 4 * 3 - 5),
        ({"vote_type": "ordinal"}, 4 * 2 - 5),
    ],
)
def test_the_score_follows_the_vote_type(data: dict[str, Any], score: int) -> None:
    document = round_with({"a": "1", "b": "1"}, **data)
    result = outcome(document, {"a": {"votes": 4, "points": 9, "ranks": 5}}, ballots=4)
    assert (result.standings[0].votes, result.standings[0].score) == (4, score)


def test_ties_go_to_the_lower_cost_then_to_the_id_as_text_and_share_their_rank() -> None:
    result = decide({"9": "20", "10": "20", "b": "10", "c": "1"}, {"9": 5, "10": 5, "b": 5})
    assert [one.project_id for one in result.standings] == ["b", "10", "9", "c"]
    assert [(one.rank, one.tied) for one in result.standings] == [(1, True)] * 3 + [(4, False)]
    assert result.ties == (Tie(("b", "10", "9"), decisive=False),)


def test_a_tie_that_decided_who_is_selected_says_so() -> None:
    result = decide({"a": "200", "b": "200", "c": "1"}, {"a": 5, "b": 5, "c": 1}, budget="250")
    assert result.selected == ("a", "c")
    assert result.ties == (Tie(("a", "b"), decisive=True),)


def test_a_tie_among_projects_that_fit_in_no_order_decides_nothing() -> None:
    result = decide({"a": "300", "b": "400"}, {"a": 5, "b": 5}, budget="250")
    assert result.ties == (Tie(("a", "b"), decisive=False),)


def _brute_force(costs: list[int], budget: int, *, skip: bool) -> bool:
    """Whether two orders of these equal projects select different sets."""

    def chosen(order: tuple[int, ...]) -> frozenset[int]:
        left, taken = budget, set()
        for at in order:
            if costs[at] <= left:
                taken.add(at)
                left -= costs[at]
            elif not skip:
                break
        return frozenset(taken)

    return len({chosen(order) for order in permutations(range(len(costs)))}) > 1


@for_any(
    costs=st.lists(st.integers(0, 6), min_size=2, max_size=5),
    budget=st.integers(0, 12),
    skip=st.booleans(),
)
@settings(deadline=None)
def test_a_tie_is_decisive_exactly_where_some_order_selects_others(
    costs: list[int], budget: int, *, skip: bool
) -> None:
    names = {f"p{at}": str(cost) for at, cost in enumerate(costs)}
    rule = "greedy" if skip else "greedy-no-skip"
    result = decide(names, dict.fromkeys(names, 3), budget=str(budget), rule=rule)
    assert result.ties[0].decisive == _brute_force(costs, budget, skip=skip)


def test_the_input_hash_can_be_computed_from_its_description() -> None:
    document = round_with({"b": "2", "a": "1.50"}, budget="9", max_choices=2)
    result = outcome(document, {"b": {"votes": 1}, "a": {"votes": 0}}, ballots=3)
    described = (
        '{"ballots":3,"budget":"9","max_choices":2,"projects":[["a","1.50"],["b","2"]],'
        '"round":"riverton/2026","rule":"greedy","score_threshold":null,"tallies":[["b",1,0,0]],'
        '"vote_type":"approval"}'
    )
    json.loads(described)
    assert result.input_hash == sha256(described.encode()).hexdigest()


def test_the_input_hash_changes_with_any_input_and_not_with_their_order() -> None:
    costs, votes = {"a": "1", "b": "2"}, {"a": 1, "b": 2}
    same = decide(dict(reversed(costs.items())), dict(reversed(votes.items())))
    assert decide(costs, votes).input_hash == same.input_hash
    others = [
        decide({**costs, "b": "3"}, votes),
        decide(costs, {**votes, "a": 2}),
        decide(costs, votes, budget="1"),
        decide(costs, votes, rule="greedy-no-skip"),
        decide(costs, votes, max_choices=1),
        outcome(round_with(costs), approvals(**votes), ballots=11),
    ]
    assert len({same.input_hash, *(one.input_hash for one in others)}) == 7
