"""What a city promises for a service reaches each request that asks; what is not kept is told once."""

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event, Payload
from events.types.requests import (
    ServiceRequestAcknowledgementOverdue,
    ServiceRequestOverdue,
    ServiceRequestPromised,
)
from events.types.service_levels import ServiceLevelAsked, level_of
from tests.support.build import (
    acknowledged,
    acknowledgement_overdue,
    closed,
    level_asked,
    level_set,
    opened,
    overdue,
    promised,
    reopened,
    stage_changed,
    update_posted,
    when,
)
from tests.support.follow_ups import Story

BY_NAME = {one.name: one for one in FOLLOW_UPS}
DAWN, MORNING, NOON, EVENING = (f"2026-04-01T{hour}:00:00-04:00" for hour in ("06", "09", "12", "18"))
FAR = "2030-01-01T00:00:00Z"


def levels(*events: Event) -> Story:
    return Story(BY_NAME["service_promises"]).told(*events)


def requests(*events: Event) -> Story:
    return Story(BY_NAME["request_promises"]).told(*events)


def waiting(by: str | None = NOON, done: str | None = EVENING) -> Story:
    """A request to which this was promised."""
    told = requests(opened(at=MORNING), promised(by=by, done=done, at=MORNING))
    told.published.clear()
    return told


def unanswered(by: str = NOON) -> Payload:
    return ServiceRequestAcknowledgementOverdue(rule="level.answer_is_late", acknowledge_by=when(by))


def late(expected: str = EVENING, hours: int = 9) -> Payload:
    return ServiceRequestOverdue(expected_datetime=when(expected), sla_hours=hours)


def test_a_request_without_a_time_asks_for_the_level_of_its_service() -> None:
    cause = opened("r7", at=MORNING, service_code="Street light – out")
    (event,) = requests(cause).published
    assert event.key == f"riverton/{level_of('Street light – out')}"
    assert event.data == ServiceLevelAsked(
        rule="request.asks_level",
        service_code="Street light – out",
        request_id="r7",
        opened_at=when(MORNING),
    )
    assert (event.time, event.causationid, event.participant) == (cause.time, cause.id, None)


def test_it_asks_once_and_only_where_there_is_something_to_promise() -> None:
    assert len(requests(opened(), opened()).published) == 1
    assert requests(opened(expected_datetime=when(NOON))).published == []
    assert requests(acknowledged(expected_datetime=when(NOON)), opened()).published == []
    assert requests(closed(), opened()).published == []
    assert requests(acknowledged()).published == []


def test_what_is_brought_in_from_elsewhere_is_promised_nothing() -> None:
    for origin in ("import", "backfill", "correction"):
        assert requests(opened().model_copy(update={"origin": origin})).published == []


def test_a_level_in_force_promises_times_from_the_report_on() -> None:
    asked = level_asked(request="r7", opened_at=when(DAWN), at=MORNING)
    (event,) = levels(level_set(acknowledge_hours=3, close_hours=6), asked).published
    assert event.data == ServiceRequestPromised(
        rule="level.promises_request", acknowledge_by=when(MORNING), expected_datetime=when(NOON)
    )
    assert (event.key, event.time) == ("riverton/r7", asked.time)


def test_a_level_may_promise_one_of_both_and_what_was_taken_back_promises_nothing() -> None:
    one = levels(level_set(close_hours=3), level_asked(at=MORNING)).data
    assert one == [ServiceRequestPromised(rule="level.promises_request", expected_datetime=when(NOON))]
    assert levels(level_set(close_hours=3), level_set(), level_asked()).data == []


def test_a_level_set_later_promises_nothing_for_what_was_opened_before() -> None:
    assert levels(level_asked(), level_set(close_hours=3)).data == []


def test_a_time_that_no_event_can_tell_is_not_promised() -> None:
    far = when("2199-06-01T00:00:00Z")
    told = levels(level_set(acknowledge_hours=1, close_hours=87_600), level_asked(opened_at=far))
    assert told.data == []


def test_an_answer_is_late_when_there_is_none_by_the_time_and_told_once() -> None:
    told = waiting(done=None)
    assert told.until("2026-04-01T11:59:59-04:00").data == []
    assert told.until(FAR).data == [unanswered()]
    assert told.told(acknowledged(at=EVENING), closed(at=EVENING), reopened(at=EVENING)).until(FAR).data == [
        unanswered()
    ]


@pytest.mark.parametrize(
    "answer",
    [
        acknowledged(at=MORNING),
        stage_changed(to="scheduled", label="Planned", at=MORNING),
        closed(at=MORNING),
        stage_changed(to="closed", label="Gone", actor_kind="reporter", at=MORNING),
        update_posted(author_kind="agency", at=MORNING),
    ],
    ids=["acknowledged", "moved", "closed", "withdrawn", "answered in public"],
)
def test_whatever_the_city_does_is_an_answer(answer: Event) -> None:
    assert waiting(done=None).told(answer).until(FAR).data == []
    before = requests(opened(at=MORNING), answer, promised(by=NOON, at=MORNING))
    assert before.due() == []


@pytest.mark.parametrize(
    "no_answer",
    [
        update_posted(author_kind="reporter"),
        update_posted(author_kind="agency", is_public=False),
        stage_changed(to="in_progress", label="x", actor_kind="system"),
    ],
    ids=["the reporter's", "not public", "a system's"],
)
def test_what_the_city_did_not_say_is_none(no_answer: Event) -> None:
    assert waiting(done=None).told(no_answer).until(FAR).data == [unanswered()]


def test_a_request_is_overdue_at_the_promised_time() -> None:
    told = waiting(by=None).until(FAR)
    assert told.data == [late()]
    assert told.published[0].time == when(EVENING)
    assert waiting(by=None).told(closed(at=NOON)).until(FAR).data == []


def test_a_time_that_the_city_names_itself_takes_the_place_of_the_promise() -> None:
    """Whether that is kept is the matter of `request_deadlines`."""
    for named in (EVENING, FAR):
        told = waiting(by=None).told(acknowledged(at=MORNING, expected_datetime=when(named)))
        assert told.due() == []
    before = requests(
        opened(at=MORNING), acknowledged(at=MORNING, expected_datetime=when(FAR)), promised(done=NOON)
    )
    assert before.due() == []
    assert before.state["expected_at"] is None


def test_reopened_before_the_promised_time_it_can_still_be_late_and_after_it_not() -> None:
    told = waiting(by=None).told(closed(at=MORNING), reopened(at=NOON))
    assert told.until(FAR).data == [late()]
    kept = waiting(by=None).told(closed(at=MORNING)).until(FAR).told(reopened(at="2030-01-02T00:00:00Z"))
    assert kept.until("2031-01-01T00:00:00Z").data == []


def test_what_the_log_says_already_is_not_told_again() -> None:
    assert waiting().told(acknowledgement_overdue(by=NOON), overdue(expected=EVENING)).until(FAR).data == []


def test_promises_that_come_again_or_before_the_opening_run_one_timer_each() -> None:
    told = requests(
        promised(by=NOON, done=EVENING, at=MORNING), opened(at=MORNING), promised(by=NOON, done=EVENING)
    )
    assert told.due() == [when(one).astimezone(told.now.tzinfo).isoformat() for one in (NOON, EVENING)]


def test_from_report_to_promise_to_what_was_not_kept_runs_one_thread() -> None:
    report = opened("r7", at=MORNING)
    asks = requests(report)
    answers = levels(level_set(acknowledge_hours=3, at=DAWN), *asks.published)
    asks.told(*answers.published).until(FAR)
    assert [event.type.split(".")[-2] for event in asks.published] == ["asked", "acknowledgement_overdue"]
    assert {event.correlationid for event in (*asks.published, *answers.published)} == {report.id}
    assert asks.published[1].causationid == answers.published[0].id
