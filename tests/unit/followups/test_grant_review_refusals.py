"""A review that does not count is refused once, with the reason, in whatever order things are told."""

from itertools import permutations

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.applications import ReviewRefused
from tests.support.build import when
from tests.support.builders.grants import REVIEWER, conflict, determined, recused, refused, reviewed
from tests.support.follow_ups import Story

MANAGER = next(one for one in FOLLOW_UPS if one.name == "grant_review_refusals")
EARLY, MIDDLE, LATE = (f"2026-04-0{day}T08:00:00-04:00" for day in (1, 3, 9))
OTHER = "reviewer-pseudonym-2"


def story() -> Story:
    return Story(MANAGER)


def no(review: Event, reason: str, by: str = REVIEWER) -> ReviewRefused:
    return ReviewRefused(rule="review.refused", reviewer_ref=by, review_id=review.id, reason=reason)  # type: ignore[arg-type] # told by tests


def test_a_review_that_declares_a_conflict_is_refused() -> None:
    review = reviewed(conflict_declared=True)
    told = story().told(review)
    assert told.data == [no(review, "conflict")]
    (event,) = told.published
    assert (event.key, event.time, event.causationid) == (review.key, review.time, review.id)
    assert event.participant is None


@pytest.mark.parametrize(("what", "reason"), [(conflict, "conflict"), (recused, "recused")])
def test_a_conflict_and_a_recusal_refuse_what_was_said_before_and_after(what: object, reason: str) -> None:
    first, second = reviewed(at=EARLY), reviewed(at=LATE)
    for events in permutations([first, second, what(at=MIDDLE)]):  # type: ignore[operator] # a builder
        told = story().told(*events)
        assert sorted(one.review_id for one in told.data) == sorted([first.id, second.id])  # type: ignore[attr-defined]
        assert {one.reason for one in told.data} == {reason}  # type: ignore[attr-defined]


def test_another_reviewer_s_conflict_refuses_nothing() -> None:
    assert story().told(reviewed(), conflict(by=OTHER), recused(by=OTHER)).data == []


def test_after_the_determination_nothing_counts_that_is_said_by_the_time_of_both() -> None:
    before, after = reviewed(at=EARLY), reviewed(by=OTHER, at=LATE)
    for events in permutations([before, after, determined(at=MIDDLE)]):
        assert story().told(*events).data == [no(after, "determined", OTHER)]


def test_said_at_the_moment_of_the_determination_it_counts() -> None:
    for events in permutations([reviewed(at=MIDDLE), determined(at=MIDDLE)]):
        assert story().told(*events).data == []


def test_the_first_determination_counts_whichever_is_told_first() -> None:
    review = reviewed(at=MIDDLE)
    for events in permutations([review, determined(at=EARLY), determined(at=LATE)]):
        assert story().told(*events).data == [no(review, "determined")]


def test_several_reviews_refused_by_one_event_are_told_apart() -> None:
    reviews = [reviewed(at=LATE), reviewed(by=OTHER, at=LATE), reviewed(by=OTHER, at=LATE)]
    told = story().told(*reviews, determined(at=MIDDLE))
    assert [one.review_id for one in told.data] == [one.id for one in reviews]  # type: ignore[attr-defined]
    assert len({event.id for event in told.published}) == 3


def test_each_review_is_refused_once_though_there_are_more_reasons() -> None:
    review = reviewed(conflict_declared=True, at=LATE)
    for events in permutations([review, conflict(), recused(), determined(at=EARLY)]):
        assert len(story().told(*events).data) == 1
    told = story().told(review, conflict(), review, recused(), determined(at=EARLY))
    assert told.data == [no(review, "conflict")]


def test_what_was_refused_already_is_not_refused_again() -> None:
    review = reviewed(at=LATE)
    assert story().told(review, refused(review_id=review.id), determined(at=EARLY)).data == []


def test_the_state_keeps_what_may_still_be_refused() -> None:
    review = reviewed(at=EARLY)
    told = story().told(review, conflict(by=OTHER), determined(at=MIDDLE))
    assert told.state == {
        "city": "riverton",
        "application_id": "app-1",
        "determined_at": when(MIDDLE),
        "reviewers": [
            {
                "reviewer": REVIEWER,
                "conflict": False,
                "recused": False,
                "reviews": [{"review_id": review.id, "at": when(EARLY)}],
            },
            {"reviewer": OTHER, "conflict": True, "recused": False, "reviews": []},
        ],
    }


def test_the_state_of_a_reviewer_is_bounded() -> None:
    told = story().told(*(reviewed() for _ in range(25)))
    assert len(told.state["reviewers"][0]["reviews"]) == 20
