"""The results of a problem reach the requests that belong to it, and one thread runs through all of it."""

from itertools import permutations

import pytest

from consumers.followups.problem_links import RESULTS_KEPT
from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.results import ServiceRequestResultProgressed
from projections.views import service_requests
from tests.support.build import opened, problem, when
from tests.support.builders.results import created, progressed, reached_problem
from tests.support.follow_ups import Story
from tests.support.spec import given

BY_NAME = {one.name: one for one in FOLLOW_UPS}
MAY, JUNE, JULY = (f"2026-0{month}-01T09:00:00-04:00" for month in (5, 6, 7))


def story() -> Story:
    return Story(BY_NAME["problem_links"])


def heard(told: Story) -> list[tuple[str, str, int]]:
    """Whom the published events reach, with which result and how far it is."""
    found = []
    for event in told.published:
        assert isinstance(event.data, ServiceRequestResultProgressed)
        found.append((event.subject, event.data.result_id, event.data.percent))
    return found


def test_the_requests_of_a_problem_hear_of_its_results() -> None:
    told = story().told(problem("p1", at=MAY, request_ids=("r1", "r2")))
    assert told.data == []
    told.told(reached_problem("p1", percent=50, milestone="Half", at=JUNE))
    assert told.data[0] == ServiceRequestResultProgressed(
        rule="problem.reaches_request",
        problem_id="p1",
        result_id="result-1",
        percent=50,
        milestone="Half",
        progressed_at=when(JUNE),
    )
    assert heard(told) == [("r1", "result-1", 50), ("r2", "result-1", 50)]


def test_a_request_named_twice_is_told_once() -> None:
    told = story().told(problem("p1", request_ids=("r1", "r1")), reached_problem("p1"))
    assert heard(told) == [("r1", "result-1", 50)]


def test_results_that_are_told_before_the_definition_are_told_with_it() -> None:
    told = story().told(reached_problem("p1", at=JUNE), reached_problem("p1", result_id="result-2", at=JULY))
    told.told(problem("p1", at=MAY, request_ids=("r1",)))
    assert heard(told) == [("r1", "result-1", 50), ("r1", "result-2", 50)]


def test_a_request_that_joins_is_told_where_the_results_stand_and_the_others_nothing() -> None:
    told = story().told(problem("p1", at=MAY, request_ids=("r1",)), reached_problem("p1", at=JUNE))
    told.told(problem("p1", at=JULY, request_ids=("r1", "r2")))
    assert heard(told) == [("r1", "result-1", 50), ("r2", "result-1", 50)]
    (_, late) = told.data
    assert isinstance(late, ServiceRequestResultProgressed)
    assert late.progressed_at == when(JUNE)


def test_a_request_that_no_longer_belongs_to_it_hears_no_more() -> None:
    told = story().told(problem("p1", request_ids=("r1", "r2")), problem("p1", request_ids=("r2",)))
    assert heard(told.told(reached_problem("p1"))) == [("r2", "result-1", 50)]


def test_the_same_step_is_no_news_nor_is_an_earlier_one() -> None:
    told = story().told(problem("p1", request_ids=("r1",)), reached_problem("p1", percent=50, at=JUNE))
    told.told(reached_problem("p1", percent=50, at=JULY), reached_problem("p1", percent=20, at=MAY))
    assert heard(told) == [("r1", "result-1", 50)]


def test_events_that_come_again_tell_nobody() -> None:
    events = [problem("p1", request_ids=("r1",)), reached_problem("p1")]
    assert len(story().told(*events, *events).published) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_any_order_each_request_hears_last_where_the_result_stands(order: tuple[int, ...]) -> None:
    events = [
        problem("p1", at=MAY, request_ids=("r1", "r2")),
        reached_problem("p1", percent=40, at=JUNE),
        reached_problem("p1", percent=80, at=JULY),
    ]
    told = story().told(*(events[place] for place in order))
    last = {request: percent for request, _, percent in heard(told)}
    assert last == {"r1": 80, "r2": 80}
    assert len(set(heard(told))) == len(heard(told))


def test_what_is_kept_is_bounded_and_what_is_not_kept_is_still_told() -> None:
    late = [reached_problem("p1", result_id=f"result-{n}", at=JULY) for n in range(RESULTS_KEPT)]
    told = story().told(problem("p1", request_ids=("r1",)), *late)
    told.told(reached_problem("p1", result_id="result-early", at=JUNE))
    assert len(told.state["results"]) == RESULTS_KEPT
    assert heard(told)[-1] == ("r1", "result-early", 50)


def test_a_problem_of_the_largest_size_reaches_every_request() -> None:
    ids = tuple(f"r-{n:04}" for n in range(1000))
    told = story().told(problem("p1", request_ids=ids), reached_problem("p1"))
    assert len({event.id for event in told.published}) == 1000


def _chain(*events: Event) -> list[Event]:
    """What the links of results and of problems make of these events together, in the order of the log."""
    of_results, of_problems = Story(BY_NAME["result_links"]).told(*events), story().told(*events)
    of_problems.told(*of_results.published)
    return [*of_results.published, *of_problems.published]


CASE = {"correlationid": "case-7"}


def test_from_the_request_to_what_came_of_it_runs_one_thread() -> None:
    """Request, problem, result, request told: one correlation, and each event names the one before it."""
    report = opened("r1").model_copy(update=CASE)
    stated = problem("p1", request_ids=("r1",)).model_copy(update={**CASE, "causationid": report.id})
    made = created("result-7", problem_ids=("p1",)).model_copy(update={**CASE, "causationid": stated.id})
    moved = progressed("result-7", percent=100, at=JULY).model_copy(update=CASE)
    told = _chain(report, stated, made, moved)
    assert {event.correlationid for event in told} == {"case-7"}
    by_id = {event.id: event for event in (report, stated, made, moved, *told)}
    way, last = [], told[-1]
    while last.causationid:
        way.append(last.subject)
        last = by_id[last.causationid]
    assert [*way, last.subject] == ["r1", "p1", "result-7"]
    request = given(service_requests.VIEW, report, *told).document
    assert [(one["result_id"], one["percent"]) for one in request["results"]] == [("result-7", 100)]


def test_a_result_that_reaches_a_request_through_two_problems_is_kept_once() -> None:
    told = _chain(
        problem("p1", request_ids=("r1",)),
        problem("p2", request_ids=("r1",)),
        created("result-7", problem_ids=("p1", "p2"), percent=30),
    )
    by = [one.data.problem_id for one in told if isinstance(one.data, ServiceRequestResultProgressed)]
    assert by == ["p1", "p2"]
    request = given(service_requests.VIEW, opened("r1"), *told).document
    assert [(one["result_id"], one["percent"]) for one in request["results"]] == [("result-7", 30)]
