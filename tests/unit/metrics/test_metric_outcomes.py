"""What came of ideas, and where practices went: each number by a history that can be counted by hand."""

from datetime import timedelta
from typing import Any

from events.envelope import Event
from tests.support import build
from tests.support.build import when
from tests.support.builders.participants import failed, queued, sent, suppressed
from tests.support.builders.practices import adopted_elsewhere, published
from tests.support.builders.results import created, progressed, reached_idea
from tests.support.metrics import number, shows

MAY = "2026-05-01T09:00:00-04:00"


def _accepted(count: int) -> list[Event]:
    ideas = [f"i{one}" for one in range(count)]
    return [event for idea in ideas for event in (build.submitted(idea), build.answered(idea))]


def test_an_accepted_idea_is_acted_on_when_a_result_of_it_has_begun() -> None:
    history = [
        *_accepted(8),
        build.idea_withdrawn("i7"),
        build.submitted("rejected"),
        build.answered("rejected", decision="rejected"),
        reached_idea("rejected", percent=50),
        reached_idea("i0", percent=100),
        reached_idea("i1", percent=0),
        reached_idea("i2", percent=0),
        reached_idea("i2", percent=1, result_id="result-2"),
        reached_idea("i7", percent=100),
    ]
    shown = number("ideas.acted_on", *history)
    shows(shown, "28.6", numerator=2, denominator=7)
    assert shown.inputs["ideas_submitted"] == 8


def test_of_few_ideas_it_is_not_told() -> None:
    assert number("ideas.acted_on", *_accepted(4)).suppressed


def test_without_an_accepted_idea_there_is_no_number() -> None:
    shows(number("ideas.acted_on", build.submitted()), None, denominator=0)


def test_a_loop_is_closed_when_one_of_those_who_contributed_was_sent_an_outcome_in_time() -> None:
    """Sent, not queued; once for each contribution, whoever else was told, and of its outcome only."""
    at, late = "2026-04-10T12:00:00-04:00", "2026-05-11T12:00:00-04:00"

    def of(number: int, **data: object) -> dict[str, Any]:
        key = {"dedupe_key": f"m{number}", "about_id": f"r{number}", "reason_at": when(at)}
        return {"who": f"person-{number:08}", **key, **data}

    history = [
        *(event for one in range(4) for event in (queued(at=at, **of(one)), sent(at=at, **of(one)))),
        queued(at=at, **of(9, about_id="r1")),  # of two authors one is told
        queued(at=at, **of(4)),
        suppressed(at=at, **of(5)),
        failed(at=at, final=True, **of(6)),
        sent(at=late, **of(7)),
        sent(at=at, **of(8, kind="progress")),
        sent(at=at, **of(10, reason_at=when("2026-03-31T12:00:00-04:00"))),
    ]
    shown = number("loops.closed", *history)
    shows(shown, "50.0", numerator=4, denominator=8)
    assert [shown.inputs[f"messages_{one}"] for one in ("queued", "suppressed")] == [2, 1]


def test_results_are_completed_while_they_stand_at_100_percent() -> None:
    history = [
        created("a", at=MAY, percent=100),
        created("b", at=MAY, percent=40),
        created("c", at=MAY),
        progressed("c", percent=100, at="2026-06-01T09:00:00-04:00"),
        created("d"),
    ]
    shown = number("results.completed", *history)
    shows(shown, "50.0", numerator=2, denominator=4)
    assert shown.inputs == {"results": 4, "completed": 2, "under_way": 1, "not_begun": 1}
    shows(number("results.completed", *history, progressed("a", percent=90, at=MAY)), "25.0")


def _taken_up(practice: str, *days: int) -> list[Event]:
    told = [published(practice, at=MAY)]
    for place, after in enumerate(days):
        at = (build.when(MAY) + timedelta(days=after)).isoformat()
        told.append(adopted_elsewhere(practice, by_city=f"city-{place}", at=at))
    return told


def test_adoptions_are_counted_and_the_wrong_way_round_left_out_of_the_median() -> None:
    history = [
        *_taken_up("p1", 10, 20, -3),
        *_taken_up("p2", 30, 400),
        adopted_elsewhere("p3", by_city="city-0"),
        adopted_elsewhere("p3", by_city="city-0", by_practice_id="again"),
    ]
    shows(number("practices.taken_up", *history), "6", numerator=6)
    half = number("practices.days_to_adoption.p50", *history)
    shows(half, "20", denominator=4)
    assert half.inputs == {"adoptions": 6, "publishing_not_known": 1, "taken_up_before_published": 1}
    assert half.notes == ("1 taken up before they were published; left out",)
    shows(number("practices.days_to_adoption.p90", *history), "400")


def test_a_city_whose_practices_nobody_took_up_has_no_median() -> None:
    shows(number("practices.taken_up", published()), "0")
    shows(number("practices.days_to_adoption.p50", published()), None, denominator=0)
