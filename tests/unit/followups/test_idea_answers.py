"""Answers to ideas: public at their time, asked for by a hundred supporters, overdue when none comes."""

import pytest

from consumers.followups.idea_answers import ENOUGH
from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.ideas import IdeaAnswerAsked, IdeaAnswerOverdue, IdeaAnswerPublished
from tests.support.build import answered, idea_withdrawn, submitted, support_withdrawn, supported, when
from tests.support.follow_ups import Story

ANSWERS = next(one for one in FOLLOW_UPS if one.name == "idea_answers")
MAY, JUNE, JULY = (f"2026-0{month}-01T09:00:00-04:00" for month in (5, 6, 7))
MONTH_ON = "2026-05-31T13:00:00+00:00"
"""Thirty days after the first of May."""


def story() -> Story:
    return Story(ANSWERS)


def crowd(number: int = ENOUGH, *, first: int = 0, at: str = MAY) -> list[Event]:
    """So many people support the idea."""
    return [supported(by=f"person-{n:010}", at=at) for n in range(first, first + number)]


def published(told: Story) -> list[tuple[str, str]]:
    """What became public, and when."""
    found: list[tuple[str, str]] = []
    for event in told.published:
        assert isinstance(event.data, IdeaAnswerPublished)
        found.append((event.data.decision, event.time.isoformat()))
    return found


def test_an_answer_is_public_at_once() -> None:
    told = story().told(answered(decision="rejected", at=MAY))
    assert told.data == [
        IdeaAnswerPublished(rule="idea.answer_is_public", decision="rejected", answered_at=when(MAY))
    ]
    assert published(told) == [("rejected", MAY)]


@pytest.mark.parametrize("named", [MAY, "2026-04-20T09:00:00-04:00"])
def test_a_day_that_has_come_holds_nothing_back(named: str) -> None:
    told = story().told(answered(at=MAY, public_from=when(named)))
    assert (published(told), told.due()) == ([("accepted", MAY)], [])


def test_an_answer_with_a_later_day_is_public_on_that_day_and_not_before() -> None:
    told = story().told(answered(at=MAY, public_from=when(JUNE)))
    assert (told.published, told.due()) == ([], ["2026-06-01T13:00:00+00:00"])
    assert published(told.until(JUNE)) == [("accepted", JUNE)]
    assert told.state["told"] == "accepted"
    assert told.state["waiting"] is None


def test_another_answer_takes_the_place_of_one_that_waits() -> None:
    told = story().told(answered(decision="accepted", at=MAY, public_from=when(JUNE)))
    told.told(answered(decision="rejected", at="2026-05-02T09:00:00-04:00"))
    assert published(told.until(JULY)) == [("rejected", "2026-05-02T09:00:00-04:00")]


def test_an_answer_that_waits_can_be_brought_forward_or_put_off() -> None:
    told = story().told(answered(at=MAY, public_from=when(JUNE)))
    told.told(answered(at="2026-05-02T09:00:00-04:00", public_from=when(JULY)))
    assert told.due() == ["2026-07-01T13:00:00+00:00"]
    told.told(answered(at="2026-05-03T09:00:00-04:00"))
    assert published(told.until(JULY)) == [("accepted", "2026-05-03T09:00:00-04:00")]


def test_the_city_goes_back_to_what_it_said_before_the_other_answer_was_public() -> None:
    told = story().told(answered(decision="accepted", at=MAY))
    told.told(answered(decision="rejected", at=JUNE, public_from=when(JULY)))
    told.told(answered(decision="accepted", at="2026-06-02T09:00:00-04:00"))
    assert published(told.until(JULY)) == [("accepted", MAY)]


def test_the_same_decision_told_again_is_no_news() -> None:
    told = story().told(answered(at=MAY), answered(at=JUNE, explanation="In other words"))
    assert published(told) == [("accepted", MAY)]


def test_an_answer_that_was_given_earlier_is_no_news_when_it_comes_late() -> None:
    told = story().told(answered(decision="accepted", at=JUNE), answered(decision="rejected", at=MAY))
    assert published(told) == [("accepted", JUNE)]


def test_events_that_come_again_tell_nothing() -> None:
    events = [answered(decision="evaluating", at=MAY), answered(decision="accepted", at=JUNE)]
    assert len(story().told(*events, *events).published) == 2


def test_a_hundred_supporters_ask_the_city_once_and_a_month_later_it_is_overdue() -> None:
    told = story().told(submitted(), *crowd(99))
    assert (told.published, told.due()) == ([], [])
    told.told(*crowd(1, first=99), *crowd(30, first=100), answered(decision="evaluating", at=MAY))
    assert told.data[0] == IdeaAnswerAsked(rule="idea.asks_for_answer", supporters=100, due_at=when(MONTH_ON))
    told.until(JULY)
    assert told.data[2:] == [IdeaAnswerOverdue(rule="idea.asks_for_answer", asked_at=when(MAY))]
    assert told.published[2].time == when(MONTH_ON)
    assert told.until("2027-01-01T00:00:00+00:00").told(*crowd(300, first=200)).data[3:] == []


def test_who_supports_twice_counts_once_and_who_no_longer_does_not_at_all() -> None:
    told = story().told(*crowd(99), *crowd(99), support_withdrawn(by="person-0000000007", at=MAY))
    told.told(support_withdrawn(by="somebody-who-never-did", at=MAY), *crowd(1, first=99))
    assert told.published == []
    told.told(*crowd(1, first=7))
    assert [type(one) for one in told.data] == [IdeaAnswerAsked]


def test_who_leaves_afterwards_changes_nothing() -> None:
    told = story().told(*crowd(), *(support_withdrawn(by=f"person-{n:010}", at=MAY) for n in range(50)))
    told.told(*crowd(50, at=JUNE))
    assert [type(one) for one in told.data] == [IdeaAnswerAsked]
    assert told.due() == [MONTH_ON]


@pytest.mark.parametrize("decision", ["accepted", "rejected"])
def test_an_answer_in_time_is_not_overdue_even_if_it_is_not_public_yet(decision: str) -> None:
    told = story().told(*crowd(), answered(decision=decision, at=MAY, public_from=when(JULY)))
    told.until("2026-06-15T00:00:00+00:00")
    assert [type(one) for one in told.data] == [IdeaAnswerAsked]


@pytest.mark.parametrize("answer", ["accepted", "rejected"])
def test_who_has_its_answer_asks_for_none(answer: str) -> None:
    told = story().told(answered(decision=answer, at=MAY), *crowd())
    assert [type(one) for one in told.data] == [IdeaAnswerPublished]
    assert told.due() == []


def test_that_it_is_looked_into_is_no_answer() -> None:
    told = story().told(answered(decision="evaluating", at=MAY), *crowd())
    assert [type(one) for one in told.data] == [IdeaAnswerPublished, IdeaAnswerAsked]


def test_a_withdrawal_ends_all_of_it() -> None:
    told = story().told(*crowd(), answered(at=MAY, public_from=when(JUNE)), idea_withdrawn(at=MAY))
    told.told(*crowd(100, first=100), answered(decision="rejected", at=JUNE))
    assert [type(one) for one in told.until(JULY).data] == [IdeaAnswerAsked]
    assert story().told(*crowd(99), idea_withdrawn(at=MAY), *crowd(9, first=99)).published == []


def test_a_signature_that_is_entered_late_does_not_make_the_answer_overdue_at_once() -> None:
    told = story().told(*crowd(99, at=MAY), *crowd(1, first=99, at="2026-01-05T09:00:00-05:00"))
    assert told.due() == [MONTH_ON]


def test_the_state_never_holds_more_than_ninety_nine_names() -> None:
    told = story().told(*crowd(99))
    assert len(told.state["supporters"]) == 99
    assert told.told(*crowd(500, first=99)).state["supporters"] is None
