"""What came of requests and problems is told step by step, each once, to those who have a part in it."""

from consumers.followups.registry import FOLLOW_UPS
from consumers.followups.request_result_messages import RESULTS_KEPT
from events.envelope import Event
from events.types.results import ServiceRequestResultProgressed
from tests.support import build
from tests.support.build import ANN, BEN, opened, problem, when
from tests.support.builders.results import reached_problem
from tests.support.follow_ups import Story

BY_NAME = {one.name: one for one in FOLLOW_UPS}
MAY, JUNE, JULY = (f"2026-0{month}-01T09:00:00-04:00" for month in (5, 6, 7))


def reached(
    percent: int, *, at: str = JUNE, result: str = "result-1", through: str = "p1", **data: str
) -> Event:
    told = ServiceRequestResultProgressed(
        rule="problem.reaches_request",
        result_id=result,
        percent=percent,
        progressed_at=when(at),
        problem_id=through,
        **data,
    )
    return build.event("r1", told, at=at)


def story(*events: Event) -> Story:
    return Story(BY_NAME["request_result_messages"]).told(*events)


def said(told: Story) -> list[tuple[str, str]]:
    return [(one.template, one.fields["percent"]) for one in told.notices]


def by(person: str, event: Event) -> Event:
    return event.model_copy(update={"participant": person})


def test_the_reporter_is_told_of_each_step_and_of_the_end_as_the_end() -> None:
    told = story(by(ANN, opened()), reached(30, at=MAY), reached(100, at=JULY))
    assert said(told) == [("request_result_progressed", "30"), ("request_result_completed", "100")]
    assert {one.recipient for one in told.notices} == {ANN}
    assert story(opened(), reached(30)).notices[0].recipient is None


def test_the_same_step_through_two_problems_is_told_once() -> None:
    told = story(opened(), reached(30), reached(30, through="p2"), reached(30, milestone="Half"))
    told.told(reached(30, through="p2", milestone="Half"))
    assert said(told) == [("request_result_progressed", "30")] * 2


def test_two_results_are_told_apart() -> None:
    assert len(story(opened(), reached(30), reached(30, result="result-2")).notices) == 2


def test_a_step_that_was_earlier_is_no_news() -> None:
    assert len(story(opened(), reached(60, at=JULY), reached(30, at=JUNE)).notices) == 1


def test_what_came_before_the_opening_is_told_with_it_as_it_stands() -> None:
    told = story(reached(30, at=MAY), reached(60, at=JUNE), reached(100, at=JULY, result="result-2"))
    assert told.notices == []
    assert sorted(said(told.told(opened(), opened()))) == [
        ("request_result_completed", "100"),
        ("request_result_progressed", "60"),
    ]


def test_what_is_kept_is_bounded() -> None:
    told = story(opened(), *(reached(30, result=f"result-{n}") for n in range(RESULTS_KEPT + 3)))
    assert len(told.state["results"]) == RESULTS_KEPT
    assert len(told.notices) == RESULTS_KEPT + 3


def problems(*events: Event) -> Story:
    return Story(BY_NAME["problem_messages"]).told(*events)


def test_who_defines_a_problem_is_told_that_it_stands_and_belongs_to_those_who_hear_of_it() -> None:
    told = problems(by(ANN, problem("p1")), by(BEN, problem("p1")), reached_problem("p1", percent=50))
    assert [(one.recipient, one.template) for one in told.notices] == [
        (ANN, "problem_received"),
        (BEN, "problem_received"),
    ]
    assert [one.member for one in told.memberships] == [ANN, BEN]
    (announced,) = told.announcements
    assert announced.notice.template == "problem_result_progressed"
    assert announced.notice.fields == {"result_id": "result-1", "percent": "50"}


def test_a_problem_that_nobody_is_named_for_has_nobody_to_tell() -> None:
    told = problems(problem("p1"))
    assert (told.notices, told.memberships) == ([], [])


def test_each_step_of_a_result_is_announced_once_and_the_end_as_the_end() -> None:
    told = problems(reached_problem("p1", percent=50, at=JUNE), by(ANN, problem("p1")))
    told.told(reached_problem("p1", percent=50, at=JULY), reached_problem("p1", percent=20, at=MAY))
    told.told(reached_problem("p1", percent=100, at=JULY))
    assert [one.notice.template for one in told.announcements] == [
        "problem_result_progressed",
        "problem_result_completed",
    ]


def test_feedback_has_a_receipt_once() -> None:
    told = Story(BY_NAME["feedback_messages"])
    told.told(by(ANN, build.feedback("f1")), by(ANN, build.feedback("f1")), build.feedback("f2"))
    assert [(one.recipient, one.template, one.about) for one in told.notices] == [
        (ANN, "feedback_received", "f1"),
        (None, "feedback_received", "f2"),
    ]
