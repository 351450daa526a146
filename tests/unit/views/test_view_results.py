"""What dashboards learn about results, and what those they came from learn of them."""

from itertools import permutations

import pytest

from projections.views import ideas, problems, service_requests
from projections.views.progress import RESULTS_KEPT
from projections.views.results import EVIDENCE_KEPT, PROGRESS, VIEW
from projections.views.timeline import HISTORY_KEPT
from tests.support.build import problem, submitted, when
from tests.support.builders.results import (
    created,
    progressed,
    reached_idea,
    reached_problem,
    reached_request,
)
from tests.support.spec import given, tallied

MAY, JUNE, JULY = (f"2026-0{month}-01T09:00:00-04:00" for month in (5, 6, 7))
PHOTO, PLAN = "https://riverton.example/photo", "https://riverton.example/plan"


def test_a_created_result_stands_with_all_that_was_told() -> None:
    sources = {"idea_ids": ("i1", "i2", "i1"), "problem_ids": ("p1",), "project_id": "project-1"}
    event = created(
        "result-7", at=MAY, summary="Ten stops", percent=10, milestone="Chosen", evidence=(PLAN,), **sources
    )
    given(VIEW, event).then(
        {
            "city": "riverton",
            "result_id": "result-7",
            "title": "Shade at the bus stops",
            "summary": "Ten stops",
            "idea_ids": ["i1", "i2"],
            "problem_ids": ["p1"],
            "project_id": "project-1",
            "percent": 10,
            "progressed_at": when(MAY),
            "milestone": "Chosen",
            "milestone_at": when(MAY),
            "evidence": [PLAN],
            "created_at": when(MAY),
            "completed_at": None,
            "updated_at": when(MAY),
            "history": [
                {
                    "at": when(MAY),
                    "event_id": event.id,
                    "percent": 10,
                    "milestone": "Chosen",
                    "notes": "Ten stops",
                }
            ],
            "history_total": 1,
        }
    )


def test_progress_sets_the_percentage_and_keeps_the_milestone_until_another_is_named() -> None:
    told = [created(at=MAY, milestone="Chosen"), progressed(percent=40, at=JUNE, note="Four stand")]
    given(VIEW, *told).shows(percent=40, milestone="Chosen", progressed_at=when(JUNE))
    given(VIEW, *told, progressed(percent=20, milestone="Again", at=JULY)).shows(
        percent=20, milestone="Again"
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_later_time_counts_in_whatever_order_it_is_told(order: tuple[int, ...]) -> None:
    told = [
        created(at=MAY, milestone="Chosen", idea_ids=("i1",)),
        progressed(percent=60, milestone="Built", at=JUNE),
        progressed(percent=80, at=JULY),
    ]
    after = given(VIEW, *(told[place] for place in order))
    after.shows(percent=80, milestone="Built", progressed_at=when(JULY), idea_ids=["i1"], history_total=3)


def test_of_two_of_the_same_time_the_later_in_the_log_counts() -> None:
    given(VIEW, created(at=MAY), progressed(percent=5, at=MAY)).shows(percent=5)


def test_progress_before_the_creation_leaves_its_trace_and_is_filled_in() -> None:
    given(VIEW, progressed(percent=30, at=JUNE)).shows(title=None, percent=30, idea_ids=[], created_at=None)
    given(VIEW, progressed(percent=30, at=JUNE), created(at=MAY, problem_ids=("p1",))).shows(
        title="Shade at the bus stops", percent=30, problem_ids=["p1"], created_at=when(MAY)
    )


def test_it_is_completed_since_it_first_stood_at_100_and_no_longer_when_it_falls() -> None:
    done = [created(at=MAY), progressed(percent=100, at=JUNE), progressed(percent=100, at=JULY)]
    given(VIEW, *done).shows(completed_at=when(JUNE), updated_at=when(JULY))
    given(VIEW, *done, progressed(percent=90, at=JULY)).shows(completed_at=None, percent=90)


def test_evidence_is_kept_once_and_bounded() -> None:
    given(VIEW, created(evidence=(PLAN,)), progressed(evidence=(PHOTO, PLAN))).shows(evidence=[PLAN, PHOTO])
    many = [progressed(evidence=tuple(f"{PHOTO}/{n}/{m}" for m in range(50))) for n in range(3)]
    assert len(given(VIEW, *many).document["evidence"]) == EVIDENCE_KEPT


def test_the_history_of_a_result_is_bounded() -> None:
    document = given(VIEW, *[progressed() for _ in range(HISTORY_KEPT + 1)]).document
    assert (len(document["history"]), document["history_total"]) == (HISTORY_KEPT, HISTORY_KEPT + 1)


def test_results_are_counted_by_how_far_they_are() -> None:
    told = [
        created("a"),
        progressed("b", percent=99),
        progressed("c", percent=100),
        created("d", at=MAY),
        progressed("d", percent=100, at=JUNE),
    ]
    assert tallied(PROGRESS, *told) == {
        ("riverton",): {"results": 4, "not_begun": 1, "under_way": 1, "completed": 2}
    }


def test_an_idea_takes_up_what_came_of_it() -> None:
    told = [
        submitted(at=MAY),
        reached_idea(result_id="result-1", percent=10, at=JUNE),
        reached_idea(result_id="result-2", percent=0, milestone="Asked", at=MAY),
        reached_idea(result_id="result-1", percent=50, at=JULY),
    ]
    after = given(ideas.VIEW, *told)
    after.shows(
        results=[
            {"result_id": "result-2", "percent": 0, "milestone": "Asked", "progressed_at": when(MAY)},
            {"result_id": "result-1", "percent": 50, "milestone": None, "progressed_at": when(JULY)},
        ],
        updated_at=when(JULY),
        history_total=1,
    )


def test_of_a_result_the_later_moment_counts_whenever_it_is_told() -> None:
    """A request that joins a problem late is told of the moment before it joined."""
    late = reached_request(percent=80, at=JULY, progressed_at=when(MAY))
    moved = reached_request(percent=90, at=JUNE, progressed_at=when(JUNE))
    for told in permutations([late, moved]):
        (result,) = given(service_requests.VIEW, *told).document["results"]
        assert (result["percent"], result["progressed_at"]) == (90, when(JUNE))


def test_what_two_problems_tell_of_one_result_stands_once() -> None:
    told = [reached_request(problem_id=name, at=JUNE) for name in ("p1", "p2")]
    assert len(given(service_requests.VIEW, *told).document["results"]) == 1


def test_a_problem_whose_results_are_told_first_is_defined_later() -> None:
    given(problems.VIEW, reached_problem(at=JUNE)).shows(statement=None, defined_at=None, definitions=0)
    after = given(problems.VIEW, reached_problem(at=JUNE), problem(at=MAY))
    after.shows(statement="No shade", definitions=1)
    assert [one["percent"] for one in after.document["results"]] == [50]


def test_the_results_of_one_thing_are_bounded_to_those_that_moved_last() -> None:
    late = [reached_problem(result_id=f"result-{n:03}", at=JULY) for n in range(RESULTS_KEPT)]
    early = reached_problem(result_id="result-early", at=JUNE)
    for told in ([early, *late], [*late, early]):
        kept = [one["result_id"] for one in given(problems.VIEW, *told).document["results"]]
        assert kept == [f"result-{n:03}" for n in range(RESULTS_KEPT)]
