"""Calls that can be met, rankings that can be checked, awards that add up, deadlines that events move."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from events.codec import MAX_EVENT_BYTES, encode
from events.scalars import thousandths
from events.types.applications import Score
from events.types.awards import AwardRef
from events.types.grants import MAX_RANKED
from tests.support.builders import awards, grants


def decimal(number: int) -> str:
    return f"{number // 1000}.{number % 1000:03}"


PARTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=8)


@given(PARTS)
def test_instalments_add_up_to_the_award(parts: list[int]) -> None:
    told = tuple(awards.instalment(str(place), decimal(part)) for place, part in enumerate(parts))
    assert awards.granted(amount=decimal(sum(parts)), instalments=told)


@given(PARTS, st.integers(1, 1000))
def test_instalments_that_add_up_to_anything_else_are_refused(parts: list[int], off: int) -> None:
    told = tuple(awards.instalment(str(place), decimal(part)) for place, part in enumerate(parts))
    with pytest.raises(ValidationError, match="they must add up to the amount"):
        awards.granted(amount=decimal(sum(parts) + off), instalments=told)


def test_tenths_that_no_float_adds_up_do() -> None:
    parts = tuple(awards.instalment(str(place), "0.1") for place in range(3))
    assert awards.granted(amount="0.3", instalments=parts)


def test_an_award_of_which_it_is_not_known_how_it_is_paid_has_no_instalments() -> None:
    assert awards.granted(instalments=())


def test_an_award_names_each_instalment_and_each_report_once() -> None:
    twice = (awards.instalment("1", "1"), awards.instalment("1", "2"))
    with pytest.raises(ValidationError, match="an instalment is named twice"):
        awards.granted(amount="3", instalments=twice)
    with pytest.raises(ValidationError, match="a report is named twice"):
        awards.granted(reports=(awards.report(), awards.report()))


def test_an_award_and_an_application_are_for_a_city_or_a_group() -> None:
    assert awards.granted(grantee_group_id=None, grantee_city="riverton")
    assert grants.applied(applicant_group_id=None, applicant_city="riverton")
    with pytest.raises(ValidationError, match="exactly one is needed of grantee_city and grantee_group_id"):
        awards.granted(grantee_city="riverton")
    with pytest.raises(ValidationError, match="exactly one is needed of applicant_city"):
        grants.applied(applicant_group_id=None)


def test_a_deadline_is_only_ever_extended() -> None:
    with pytest.raises(ValidationError, match="deadline_at must come after previous_deadline_at"):
        grants.extended(deadline_at=grants.DEADLINE)
    with pytest.raises(ValidationError, match="due_at must come after previous_due_at"):
        awards.report_extended(previous_due_at=awards.LATER, due_at=awards.DUE)


@pytest.mark.parametrize(
    "terms",
    [
        {"amount_min": "2000", "amount_max": "200"},
        {"amount_max": "20000.001"},
        {"amount_min": "20000.5"},
    ],
)
def test_a_call_whose_bounds_cannot_be_met_is_refused(terms: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="must not fall in this order"):
        grants.opened(**terms)


def test_a_call_at_its_bounds_is_accepted() -> None:
    assert grants.opened(amount_min="20000", amount_max="20000.000")


def test_only_a_city_grants_again() -> None:
    parent = AwardRef(city="coalition", award_id="award-0")
    assert grants.opened(parent_award=parent)
    with pytest.raises(ValidationError, match="the coalition grants its own money"):
        grants.opened(tier="coalition_to_city", parent_award=parent)


def test_a_review_says_whether_there_is_a_conflict() -> None:
    assert grants.reviewed(conflict_declared=True)
    with pytest.raises(ValidationError, match="conflict_declared"):
        grants.reviewed(conflict_declared=None)
    with pytest.raises(ValidationError, match="a criterion is named twice"):
        grants.reviewed(scores=(Score(criterion="need", score=1),) * 2)


def test_a_dismissal_says_why_and_what_is_accepted_how_much() -> None:
    nothing: dict[str, Any] = {"amount": None, "currency": None}
    assert grants.determined(outcome="dismissed", reason="No plan", **nothing)
    with pytest.raises(ValidationError, match="a dismissal says why and has no amount"):
        grants.determined(outcome="dismissed", **nothing)
    with pytest.raises(ValidationError, match="a dismissal says why and has no amount"):
        grants.determined(outcome="dismissed", reason="No plan")
    with pytest.raises(ValidationError, match="has an amount and a currency"):
        grants.determined(outcome="accepted_pending_info", currency=None)


def standard_ranking(scores: list[int]) -> list[tuple[str, int, str]]:
    falling = sorted(scores, reverse=True)
    return [(f"app-{n}", falling.index(score) + 1, decimal(score)) for n, score in enumerate(falling)]


@given(st.lists(st.integers(0, 20), max_size=12))
def test_a_ranking_by_falling_score_with_shared_ranks_is_accepted(scores: list[int]) -> None:
    assert grants.ranked("call-1", *standard_ranking(scores))


@given(st.lists(st.integers(0, 20), min_size=2, max_size=8, unique=True), st.data())
def test_a_ranking_in_another_order_is_refused(scores: list[int], data: st.DataObject) -> None:
    right = standard_ranking(scores)
    wrong = data.draw(st.permutations(right).filter(lambda order: order != right))
    with pytest.raises(ValidationError, match="by falling score"):
        grants.ranked("call-1", *wrong)


@pytest.mark.parametrize("ranks", [(1, 2, 2), (1, 1, 2), (2, 2, 3), (1, 1, 1), (1, 1, 4)])
def test_who_has_the_same_score_shares_a_rank_and_the_next_is_as_many_lower(ranks: tuple[int, ...]) -> None:
    told = [
        (f"app-{n}", rank, score)
        for n, (rank, score) in enumerate(zip(ranks, ("3", "3.000", "1"), strict=True))
    ]
    with pytest.raises(ValidationError, match="one more than the number of better scores"):
        grants.ranked("call-1", *told)


def test_an_application_is_ranked_once() -> None:
    with pytest.raises(ValidationError, match="an application is named twice"):
        grants.ranked("call-1", ("app-1", 1, "2"), ("app-1", 2, "1"))


def test_the_longest_ranking_is_still_an_event() -> None:
    longest = [(f"{n:0200}", 1, "999999999.999") for n in range(MAX_RANKED)]
    assert len(encode(grants.ranked("call-1", *longest)).value) <= MAX_EVENT_BYTES


def test_amounts_are_compared_as_numbers() -> None:
    assert thousandths("9.5") < thousandths("10")
    assert grants.opened(amount_min="9.5", amount_max="10")
