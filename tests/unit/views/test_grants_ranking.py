"""A ranking that anybody can recompute: exact scores, shared ranks, and a hash of all it depends on."""

import random
from fractions import Fraction
from typing import Any

from hypothesis import given as for_any
from hypothesis import strategies as st

from events.envelope import Event
from events.types.grants import Criterion
from projections.grants_ranking import Ranked, Ranking, ranking
from projections.views import grant_calls, grant_reviews
from tests.support.builders import grants
from tests.support.spec import given

APPS = ("app-1", "app-2", "app-3")


def ranked(*reviews: Event, applications: tuple[str, ...] = APPS, **terms: Any) -> Ranking:
    call = given(grant_calls.VIEW, grants.opened(**terms)).document
    return ranking(call, applications, given(grant_reviews.VIEW, *reviews).documents.values())


def reviewer(number: int) -> str:
    return f"reviewer-pseudonym-{number}"


def test_a_score_is_the_mean_of_weighted_shares() -> None:
    """Need weighs 2 and plan 1, of 5 points each: 2 x 4/5 + 3/5 = 2.2, and 2 x 3/5 + 3/5 = 1.8."""
    shown = ranked(grants.reviewed(by=reviewer(1), need=4), grants.reviewed(by=reviewer(2), need=3))
    assert shown.ranking == (Ranked("app-1", rank=1, score=2_000, reviews=2, spread=400),)
    assert (shown.most, shown.unreviewed, shown.set_aside, shown.spread) == (
        3_000,
        ("app-2", "app-3"),
        0,
        400,
    )


def test_scores_that_are_equal_share_a_rank_and_the_next_is_as_many_lower() -> None:
    shown = ranked(
        grants.reviewed("app-3", need=5),
        grants.reviewed("app-2", need=4),
        grants.reviewed("app-1", need=4),
        grants.reviewed("app-0", need=0),
        applications=(*APPS, "app-0"),
    )
    assert [(one.application_id, one.rank) for one in shown.ranking] == [
        ("app-3", 1),
        ("app-1", 2),
        ("app-2", 2),
        ("app-0", 4),
    ]


def test_a_ranking_is_one_that_the_contract_accepts() -> None:
    """Thirds of which no float has all digits, equal when rounded, are equal in rank."""
    thirds = (
        Criterion(code="need", label="Need", weight=1, scale=3),
        Criterion(code="plan", label="Plan", weight=1, scale=3),
    )
    shown = ranked(
        grants.reviewed("app-1", need=1, plan=0), grants.reviewed("app-2", need=0, plan=1), criteria=thirds
    )
    assert [(one.score, one.rank) for one in shown.ranking] == [(333, 1), (333, 1)]
    assert grants.ranked("call-1", *((one.application_id, one.rank, "0.333") for one in shown.ranking))


def test_half_a_thousandth_is_rounded_up() -> None:
    fine = (
        Criterion(code="need", label="Need", weight=1, scale=1000),
        Criterion(code="plan", label="Plan", weight=1, scale=1000),
    )
    reviews = [grants.reviewed(by=reviewer(n), need=n, plan=0) for n in (1, 2)]
    assert ranked(*reviews, criteria=fine).ranking[0].score == 2


def test_reviews_that_do_not_count_change_nothing_but_what_is_unreviewed() -> None:
    counting = grants.reviewed(by=reviewer(1))
    biased = grants.reviewed(by=reviewer(2), need=0, conflict_declared=True)
    gone = [grants.reviewed("app-2", by=reviewer(1)), grants.recused("app-2", by=reviewer(1))]
    assert ranked(counting, biased, *gone) == ranked(counting)


def test_a_review_that_cannot_be_read_by_the_call_is_set_aside() -> None:
    beyond = grants.reviewed(by=reviewer(1), need=6)
    short = grants.reviewed(by=reviewer(2), scores=grants.reviewed().data.scores[:1])  # type: ignore[attr-defined]
    shown = ranked(beyond, short, grants.reviewed(by=reviewer(3)))
    assert (shown.set_aside, shown.ranking[0].reviews, shown.ranking[0].score) == (2, 1, 2_200)
    assert ranked(beyond).unreviewed == APPS


def test_an_application_that_is_not_named_is_not_ranked() -> None:
    shown = ranked(grants.reviewed("app-1"), grants.reviewed("app-2"), applications=("app-2",))
    assert [one.application_id for one in shown.ranking] == ["app-2"]


def test_before_the_call_is_told_nothing_is_ranked() -> None:
    call = given(grant_calls.VIEW, grants.extended()).document
    review = given(grant_reviews.VIEW, grants.reviewed()).documents.values()
    shown = ranking(call, APPS, review)
    assert (shown.ranking, shown.set_aside, shown.most) == ((), 1, 0)


REVIEWS = st.lists(
    st.builds(
        lambda app, number, need, plan: grants.reviewed(app, by=reviewer(number), need=need, plan=plan),
        st.sampled_from(APPS),
        st.integers(1, 4),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=12,
    unique_by=lambda event: (event.subject, event.data.reviewer_ref),  # type: ignore[attr-defined]
)


@for_any(reviews=REVIEWS, seed=st.integers(0, 2**16))
def test_the_order_of_telling_changes_neither_ranking_nor_hash(reviews: list[Event], seed: int) -> None:
    other = random.Random(seed).sample(reviews, len(reviews))
    assert ranked(*reviews) == ranked(*other, applications=tuple(reversed(APPS)))


@for_any(reviews=REVIEWS)
def test_scores_are_those_of_another_computation(reviews: list[Event]) -> None:
    """By hand: 2 x need / 5 + plan / 5, the mean of them, to the nearest thousandth."""
    sums: dict[str, list[Fraction]] = {}
    for event in reviews:
        points = {one.criterion: one.score for one in event.data.scores}  # type: ignore[attr-defined]
        sums.setdefault(event.subject, []).append(Fraction(2 * points["need"] + points["plan"], 5))
    shown = ranked(*reviews)
    assert {one.application_id for one in shown.ranking} == set(sums)
    for one in shown.ranking:
        exact = sum(sums[one.application_id], Fraction(0)) / len(sums[one.application_id])
        assert abs(one.score - 1000 * exact) <= Fraction(1, 2)
        assert one.rank == 1 + sum(other.score > one.score for other in shown.ranking)
    assert [one.score for one in shown.ranking] == sorted((one.score for one in shown.ranking), reverse=True)


def test_the_hash_is_of_all_that_the_ranking_depends_on_and_of_nobody_s_name() -> None:
    hashes = {
        ranked(grants.reviewed(by=reviewer(1))).input_hash,
        ranked(grants.reviewed(by=reviewer(1), need=3)).input_hash,
        ranked(grants.reviewed("app-2", by=reviewer(1))).input_hash,
        ranked(grants.reviewed(by=reviewer(1)), criteria=grants.CRITERIA[:1]).input_hash,
    }
    assert len(hashes) == 4
    assert ranked(grants.reviewed(by=reviewer(2))).input_hash in hashes
