"""What reporters are told of their requests: what matters, once, and nothing that is no longer so."""

from collections import Counter
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from tests.support.build import (
    ANN,
    acknowledged,
    closed,
    confirmed,
    disputed,
    merged,
    opened,
    original,
    overdue,
    promised,
    reopened,
    stage_changed,
    update_posted,
    when,
)
from tests.support.follow_ups import Story
from tests.support.histories import REQUEST_EVENT

MESSAGES = next(one for one in FOLLOW_UPS if one.name == "request_messages")
MORNING, NOON, EVENING = (f"2026-04-01T{hour}:00:00-04:00" for hour in ("09", "12", "18"))
RECEIVED: tuple[str, dict[str, str]] = ("request_received", {})
ANSWERED_SOON = {"expected_at": "2026-04-01T16:00:00+00:00"}
DONE = ("request_closed", {"resolution": "fixed"})


def by_ann(**data: Any) -> Event:
    return opened(at=MORNING, **data).model_copy(update={"participant": ANN})


def story(*events: Event) -> Story:
    return Story(MESSAGES).told(*events)


def said(told: Story) -> list[tuple[str, dict[str, str]]]:
    """Templates and their fields, in order."""
    return [(one.template, dict(one.fields)) for one in told.notices]


def moved(to: str) -> Event:
    return stage_changed(to=to, label=to)


def test_the_reporter_is_told_that_it_came_and_who_gave_no_name_too() -> None:
    (notice,) = story(by_ann()).notices
    assert (notice.recipient, notice.template, notice.about) == (ANN, "request_received", "r1")
    (notice,) = story(opened()).notices
    assert notice.recipient is None
    assert said(story(opened(), opened())) == [RECEIVED]


def test_a_time_that_is_named_at_the_opening_is_in_the_receipt() -> None:
    assert said(story(by_ann(expected_datetime=when(NOON)))) == [("request_received", ANSWERED_SOON)]


def test_taken_on_is_told_once_with_the_time_that_is_known() -> None:
    told = story(opened(), acknowledged(), acknowledged())
    assert said(told) == [RECEIVED, ("request_acknowledged", {})]
    told = story(opened(), promised(done=NOON), acknowledged())
    assert said(told)[1:] == [("request_acknowledged", ANSWERED_SOON)]
    told = story(opened(), promised(done=EVENING), acknowledged(expected_datetime=when(NOON)))
    assert said(told)[1:] == [("request_acknowledged", ANSWERED_SOON)]


def test_another_time_is_told_and_the_same_again_is_not() -> None:
    told = story(opened(), acknowledged(), acknowledged(expected_datetime=when(NOON)))
    told.told(acknowledged(expected_datetime=when(NOON)))
    assert said(told)[2:] == [("request_expected", ANSWERED_SOON)]


def test_of_stages_only_those_are_told_that_a_reporter_waits_for() -> None:
    told = story(opened(), *map(moved, ("investigating", "scheduled", "on_hold", "scheduled", "in_progress")))
    assert said(told)[1:] == [("request_moved", {"stage": "scheduled"})]
    assert said(story(opened(), moved("awaiting_reporter"), moved("referred")))[1:] == [
        ("request_moved", {"stage": "awaiting_reporter"}),
        ("request_moved", {"stage": "referred"}),
    ]


def test_that_it_was_taken_on_is_stale_when_the_work_is_planned() -> None:
    told = story(opened(), moved("scheduled"), acknowledged())
    assert said(told)[1:] == [("request_moved", {"stage": "scheduled"})]


def test_the_stages_of_cities_that_know_no_other_events_tell_the_same() -> None:
    told = story(opened(), moved("acknowledged"), moved("closed"), moved("reopened"), moved("closed"))
    unknown = ("request_closed", {"resolution": "unknown"})
    assert said(told)[1:] == [("request_acknowledged", {}), unknown, ("request_reopened", {}), unknown]


def test_late_is_told_once_for_each_time_and_not_for_one_that_a_later_one_replaced() -> None:
    told = story(opened(), overdue(expected=NOON), overdue(expected=NOON), overdue(expected=EVENING))
    told.told(overdue(expected=MORNING))
    assert [fields["expected_at"] for _, fields in said(told)[1:]] == [
        "2026-04-01T16:00:00+00:00",
        "2026-04-01T22:00:00+00:00",
    ]
    assert said(story(opened(), closed(), overdue(expected=NOON)))[1:] == [DONE]


def test_a_closing_is_told_once_and_again_only_with_another_outcome() -> None:
    told = story(opened(), closed(), closed(), moved("closed"))
    assert said(told) == [RECEIVED, DONE]
    told.told(closed(resolution_code="not_responsible"))
    assert said(told)[2:] == [("request_closed", {"resolution": "not_responsible"})]


def test_after_a_closing_what_came_before_it_is_no_news() -> None:
    told = story(opened(), closed(), acknowledged(expected_datetime=when(NOON)), moved("scheduled"))
    assert said(told) == [RECEIVED, DONE]


def test_open_again_it_begins_anew() -> None:
    told = story(opened(), acknowledged(), closed(), disputed(), reopened(), acknowledged(), closed())
    taken: tuple[str, dict[str, str]] = ("request_acknowledged", {})
    assert said(told) == [RECEIVED, taken, DONE, ("request_reopened", {}), taken, DONE]


def test_what_is_open_is_not_open_again_and_open_again_is_told_once() -> None:
    assert said(story(opened(), reopened())) == [RECEIVED]
    assert said(story(opened(), closed(), reopened(), reopened()))[2:] == [("request_reopened", {})]


def test_what_the_agency_writes_for_all_is_told_and_nothing_else_that_is_written() -> None:
    told = story(opened(), update_posted(author_kind="agency"), update_posted(author_kind="agency"))
    told.told(update_posted(), update_posted(author_kind="agency", is_public=False), confirmed())
    assert said(told)[1:] == [("request_update", {})] * 2


def test_a_duplicate_is_told_that_it_was_joined_and_then_how_the_original_goes_on() -> None:
    told = story(opened(), merged(into="o"), closed(resolution_code="duplicate"))
    assert said(told)[1:] == [("request_joined", {})]
    told.told(original(of="o", stage="acknowledged"), original(of="o", stage="acknowledged"))
    told.told(original(of="o", stage="closed", resolution_code="fixed"), original(of="o", stage="reopened"))
    told.told(original(of="o", stage="closed"))
    assert said(told)[2:] == [
        ("request_original_acknowledged", {}),
        ("request_original_closed", {"resolution": "fixed"}),
        ("request_original_reopened", {}),
        ("request_original_closed", {"resolution": "unknown"}),
    ]


def test_a_duplicate_that_was_taken_on_itself_is_not_told_that_again() -> None:
    told = story(opened(), acknowledged(), merged(into="o"), original(of="o", stage="acknowledged"))
    assert said(told)[2:] == [("request_joined", {})]


def test_only_its_own_original_matters() -> None:
    told = story(opened(), merged(into="o"), merged(into="p"), original(of="o", stage="closed"))
    assert said(told)[1:] == [("request_joined", {})]
    assert said(story(opened(), original(of="o", stage="closed"), merged(into="r1"))) == [RECEIVED]


def test_a_duplicate_that_is_late_itself_is_not_told_so() -> None:
    assert said(story(opened(), merged(into="o"), overdue(expected=NOON)))[1:] == [("request_joined", {})]


def test_closed_as_a_duplicate_of_nobody_knows_what_is_told_as_any_closing() -> None:
    told = story(opened(), closed(resolution_code="duplicate"))
    assert said(told)[1:] == [("request_closed", {"resolution": "duplicate"})]
    told.told(merged(into="o"), original(of="o", stage="closed", resolution_code="fixed"))
    assert said(told)[2:] == [("request_joined", {}), ("request_original_closed", {"resolution": "fixed"})]


def test_a_duplicate_that_is_open_again_is_told_its_own_closing() -> None:
    done = original(of="o", stage="closed", resolution_code="fixed")
    told = story(opened(), merged(into="o"), closed(resolution_code="duplicate"), done, reopened(), closed())
    assert said(told)[3:] == [("request_reopened", {}), DONE]


def test_an_opening_that_comes_late_tells_where_it_stands_and_nothing_of_the_way_there() -> None:
    way = [acknowledged(), moved("scheduled"), overdue(expected=NOON), update_posted(author_kind="agency")]
    told = story(*way)
    assert told.notices == []
    assert said(told.told(by_ann())) == [RECEIVED, ("request_moved", {"stage": "scheduled"})]
    assert {one.recipient for one in told.notices} == {ANN}
    assert said(story(*way, closed(), opened())) == [RECEIVED, DONE]
    assert said(story(closed(), reopened(), opened())) == [RECEIVED, ("request_reopened", {})]
    assert said(story(merged(into="o"), closed(resolution_code="duplicate"), opened())) == [
        RECEIVED,
        ("request_joined", {}),
    ]
    late = story(closed(), opened(), closed(), opened())
    assert said(late) == [RECEIVED, DONE]


def test_a_time_that_was_named_before_a_late_opening_is_in_what_is_told() -> None:
    told = story(acknowledged(expected_datetime=when(NOON)), opened())
    assert said(told) == [RECEIVED, ("request_acknowledged", ANSWERED_SOON)]


def test_of_what_is_brought_in_nobody_is_told() -> None:
    events = [opened(), acknowledged(), closed()]
    assert story(*(one.model_copy(update={"origin": "import"}) for one in events)).notices == []


@given(st.lists(st.one_of(REQUEST_EVENT, st.builds(closed)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_in_any_history_nobody_is_told_before_the_opening_and_nothing_twice_in_a_row(
    events: list[Event],
) -> None:
    told = story(*events)
    opening = [event.id for event in events if event.type.endswith("service_request.opened.v1")]
    assert bool(opening) == bool(told.notices)
    lines = [line for line in said(told) if line[0] != "request_update"]
    assert Counter(template for template, _ in lines)["request_received"] == min(1, len(opening))
    assert all(one != after for one, after in pairwise(lines))
    assert told.told(*events).notices == told.notices
