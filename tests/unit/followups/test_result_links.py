"""A result's progress reaches what it came from: each idea and problem once a step, whatever the order."""

from itertools import permutations

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.types.results import IdeaResultProgressed, ProblemResultProgressed
from tests.support.build import AT, problem, submitted, when
from tests.support.builders.results import created, progressed
from tests.support.follow_ups import Story

LINKS = next(one for one in FOLLOW_UPS if one.name == "result_links")
MAY, JUNE, JULY = (f"2026-0{month}-01T09:00:00-04:00" for month in (5, 6, 7))


def story() -> Story:
    return Story(LINKS)


def heard(told: Story) -> list[tuple[str, int, str | None]]:
    """Whom the published events reach, with what."""
    found = []
    for event in told.published:
        assert isinstance(event.data, IdeaResultProgressed | ProblemResultProgressed)
        found.append((event.key, event.data.percent, event.data.milestone))
    return found


def test_what_it_came_from_hears_of_its_creation_and_of_each_step() -> None:
    told = story().told(created(at=MAY, idea_ids=("i1", "i2"), problem_ids=("p1",)))
    assert told.data[0] == IdeaResultProgressed(
        rule="result.reaches_idea",
        result_id="result-1",
        percent=0,
        progressed_at=when(MAY),
    )
    assert heard(told) == [("riverton/i1", 0, None), ("riverton/i2", 0, None), ("riverton/p1", 0, None)]
    told.told(progressed(percent=50, milestone="Half", at=JUNE))
    assert heard(told)[3:] == [
        ("riverton/i1", 50, "Half"),
        ("riverton/i2", 50, "Half"),
        ("riverton/p1", 50, "Half"),
    ]


def test_a_result_that_names_a_source_twice_tells_it_once() -> None:
    told = story().told(created(idea_ids=("i1", "i1"), problem_ids=("p1", "p1")))
    assert [key for key, *_ in heard(told)] == ["riverton/i1", "riverton/p1"]


def test_an_idea_and_a_problem_of_one_id_are_both_told() -> None:
    told = story().told(created(idea_ids=("same",), problem_ids=("same",)))
    assert [type(one) for one in told.data] == [IdeaResultProgressed, ProblemResultProgressed]
    assert len({event.id for event in told.published}) == 2


def test_the_same_step_told_again_is_no_news() -> None:
    told = story().told(created(at=MAY, idea_ids=("i1",)), progressed(percent=50, at=JUNE))
    told.told(progressed(percent=50, at=JULY, note="Still at it", evidence=("https://a.example/",)))
    assert [percent for _, percent, _ in heard(told)] == [0, 50]


def test_an_event_that_comes_again_tells_nobody() -> None:
    first, step = created(at=MAY, idea_ids=("i1",)), progressed(percent=50, at=JUNE)
    told = story().told(first, step, first, step)
    assert len(told.published) == 2


def test_another_milestone_is_a_step_though_the_percentage_stays() -> None:
    told = story().told(created(at=MAY, idea_ids=("i1",)), progressed(percent=0, milestone="Asked", at=JUNE))
    assert heard(told) == [("riverton/i1", 0, None), ("riverton/i1", 0, "Asked")]


def test_what_is_told_late_of_an_earlier_time_is_no_news() -> None:
    told = story().told(created(at=MAY, idea_ids=("i1",)), progressed(percent=80, at=JULY))
    told.told(progressed(percent=40, at=JUNE))
    assert [percent for _, percent, _ in heard(told)] == [0, 80]


def test_progress_before_the_creation_is_told_once_the_sources_are_known() -> None:
    told = story().told(progressed(percent=50, at=JUNE))
    assert told.data == []
    told.told(created(at=MAY, idea_ids=("i1",)))
    assert heard(told) == [("riverton/i1", 50, None)]
    (event,) = told.published
    assert isinstance(event.data, IdeaResultProgressed)
    assert (event.time.isoformat(), event.data.progressed_at) == (MAY, when(JUNE))


def test_a_source_that_is_named_later_is_told_where_the_result_stands() -> None:
    told = story().told(created(at=MAY, idea_ids=("i1",)), progressed(percent=50, at=JUNE))
    told.told(created(at=MAY, idea_ids=("i1", "i2"), percent=0))
    assert heard(told)[2:] == [("riverton/i2", 50, None)]


def test_a_source_that_is_no_longer_named_hears_no_more() -> None:
    told = story().told(created(at=MAY, idea_ids=("i1", "i2")), created(at=MAY, idea_ids=("i2",)))
    told.told(progressed(percent=50, at=JUNE))
    assert heard(told)[2:] == [("riverton/i2", 50, None)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_any_order_the_last_that_is_heard_is_where_the_result_stands(order: tuple[int, ...]) -> None:
    events = [
        created(at=MAY, idea_ids=("i1",)),
        progressed(percent=40, milestone="Begun", at=JUNE),
        progressed(percent=80, at=JULY),
    ]
    told = story().told(*(events[place] for place in order))
    assert heard(told)[-1] == ("riverton/i1", 80, "Begun")
    assert len(set(heard(told))) == len(heard(told))
    assert told.state["progressed_at"] == when(JULY)


def test_an_event_follows_from_what_caused_it() -> None:
    cause = created(at=MAY, idea_ids=("i1",)).model_copy(update={"correlationid": "case-7"})
    (event,) = story().told(cause).published
    assert (event.causationid, event.correlationid, event.participant) == (cause.id, "case-7", None)
    assert (event.source, event.time) == ("urn:townhall:riverton:follow-ups", cause.time)


def test_the_same_history_makes_the_same_ids() -> None:
    events = [created(at=MAY, idea_ids=("i1", "i2")), progressed(percent=50, at=JUNE)]
    first, second = (story().told(*events) for _ in range(2))
    assert [one.id for one in first.published] == [one.id for one in second.published]
    assert len({one.id for one in first.published}) == 4


def test_the_largest_result_reaches_every_source() -> None:
    ids = tuple(f"id-{n:04}" for n in range(1000))
    told = story().told(created(idea_ids=ids, problem_ids=ids))
    assert len({event.id for event in told.published}) == 2000


def test_what_it_does_not_handle_changes_nothing() -> None:
    assert story().told(submitted(), problem(at=AT)).published == []
