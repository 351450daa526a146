"""What authors and supporters hear of an idea, each step once, in whatever order it is told."""

from collections.abc import Iterator
from typing import Any

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from tests.support.build import (
    ANN,
    BEN,
    answer_asked,
    answer_published,
    idea_withdrawn,
    submitted,
    support_withdrawn,
    supported,
)
from tests.support.builders.results import reached_idea
from tests.support.follow_ups import Story

MESSAGES = next(one for one in FOLLOW_UPS if one.name == "idea_messages")
MAY, JUNE, JULY = (f"2026-0{month}-01T09:00:00-04:00" for month in (5, 6, 7))


def story() -> Story:
    """An idea of Ann's."""
    return Story(MESSAGES).told(by_ann())


def by_ann(**data: Any) -> Event:
    return submitted(**data).model_copy(update={"participant": ANN})


def heard(told: Story) -> list[tuple[str | None, str]]:
    """Who hears what by name, after the receipt."""
    return [(one.recipient, one.template) for one in told.notices if one.template != "idea_received"]


def announced(told: Story) -> list[str]:
    """What supporters hear."""
    return [one.notice.template for one in told.announcements]


def test_all_authors_get_a_receipt_once() -> None:
    told = Story(MESSAGES).told(by_ann(co_author_refs=(BEN, ANN)), by_ann())
    assert [(one.recipient, one.template) for one in told.notices] == [
        (ANN, "idea_received"),
        (BEN, "idea_received"),
    ]


def test_who_gave_no_name_comes_back_with_the_tracking_code() -> None:
    told = Story(MESSAGES).told(submitted(), answer_published(decision="accepted", at=MAY))
    assert [(one.recipient, one.template) for one in told.notices] == [
        (None, "idea_received"),
        (None, "idea_answered"),
    ]


def test_before_its_submission_is_told_an_idea_has_no_author() -> None:
    told = Story(MESSAGES).told(answer_published(decision="accepted", at=MAY))
    assert (told.notices, announced(told)) == ([], ["supported_idea_answered"])
    told.told(by_ann())
    assert [one.template for one in told.notices] == ["idea_received"]


@pytest.mark.parametrize(
    ("decision", "template"),
    [("evaluating", "idea_looked_into"), ("accepted", "idea_answered"), ("rejected", "idea_answered")],
)
def test_an_answer_reaches_authors_and_supporters(decision: str, template: str) -> None:
    told = story().told(answer_published(decision=decision, at=MAY))
    assert (heard(told), announced(told)) == ([(ANN, template)], ["supported_idea_answered"])
    (to_all,) = told.announcements
    assert [one.fields for one in (told.notices[-1], to_all.notice)] == [{"decision": decision}] * 2


def test_an_author_who_supports_the_idea_is_not_told_twice() -> None:
    told = story().told(supported(by=ANN), supported(by=BEN), answer_published(decision="accepted", at=MAY))
    (to_all,) = told.announcements
    assert to_all.to(ANN).id == told.notices[-1].id
    assert to_all.to(BEN).id != told.notices[-1].id


def test_an_answer_that_was_given_before_one_that_is_known_is_told_to_nobody() -> None:
    told = story().told(
        answer_published(decision="rejected", at=JUNE), answer_published(decision="accepted", at=MAY)
    )
    assert len(heard(told)) == len(announced(told)) == 1


def test_authors_hear_that_the_city_was_asked() -> None:
    told = story().told(answer_asked(due=JUNE, at=MAY))
    assert (heard(told), announced(told)) == ([(ANN, "idea_answer_asked")], [])
    assert told.notices[-1].fields == {"supporters": "100", "due_at": "2026-06-01T13:00:00+00:00"}


def test_each_step_of_a_result_is_told_and_its_end_is_an_outcome_for_authors() -> None:
    told = story().told(*steps((0, MAY), (60, JUNE), (100, JULY)))
    assert heard(told) == [
        (ANN, "idea_result_progressed"),
        (ANN, "idea_result_progressed"),
        (ANN, "idea_result_finished"),
    ]
    assert [one.notice.fields for one in told.announcements] == [
        {"result_id": "result-1", "percent": percent} for percent in ("0", "60", "100")
    ]


def steps(*told: tuple[int, str]) -> Iterator[Event]:
    for percent, at in told:
        yield reached_idea(percent=percent, at=at)


def test_a_step_that_is_told_late_or_again_is_no_news() -> None:
    told = story().told(*steps((60, JUNE), (60, JULY), (40, MAY)))
    assert len(heard(told)) == len(announced(told)) == 1


def test_another_milestone_of_what_is_done_is_no_second_end() -> None:
    told = story().told(*steps((100, JUNE)), reached_idea(percent=100, milestone="Opened", at=JULY))
    assert heard(told) == [(ANN, "idea_result_finished"), (ANN, "idea_result_progressed")]


def test_two_results_of_one_idea_are_told_apart() -> None:
    told = story().told(*steps((50, MAY)), reached_idea(result_id="result-2", percent=50, at=MAY))
    assert [one.fields["result_id"] for one in told.notices[1:]] == ["result-1", "result-2"]


def test_a_withdrawal_is_told_once_and_results_go_on() -> None:
    told = story().told(idea_withdrawn(), idea_withdrawn(), *steps((100, MAY)))
    assert heard(told) == [(ANN, "idea_withdrawn"), (ANN, "idea_result_finished")]
    assert announced(told) == ["supported_idea_withdrawn", "supported_idea_result_progressed"]


def test_supporters_join_and_leave_the_audience_and_the_state_stays_as_it_is() -> None:
    told = story()
    before = told.state
    told.told(supported(by=BEN), support_withdrawn(by=BEN))
    assert [(one.member, one.joins) for one in told.memberships] == [(BEN, True), (BEN, False)]
    assert told.state is before


def test_events_that_come_again_tell_nobody() -> None:
    events = [
        answer_published(decision="accepted", at=MAY),
        *steps((50, MAY)),
        answer_asked(due=JUNE, at=MAY),
        idea_withdrawn(),
    ]
    told = story().told(*events, *events)
    assert (len(heard(told)), len(announced(told))) == (4, 3)


def test_nobody_is_told_of_what_was_brought_in() -> None:
    events = [by_ann(), supported(by=BEN), answer_published(decision="accepted", at=MAY), idea_withdrawn()]
    told = Story(MESSAGES).told(*(one.model_copy(update={"origin": "import"}) for one in events))
    assert (told.notices, told.announcements, len(told.memberships)) == ([], [], 1)


def test_what_a_state_keeps_of_results_is_bounded() -> None:
    told = story().told(*(reached_idea(result_id=f"result-{n}", at=MAY) for n in range(30)))
    assert len(told.state["results"]) == 10
    assert len(heard(told)) == 30
