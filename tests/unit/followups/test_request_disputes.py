"""A closed request that somebody finds unsolved is open again: once for each closing, and told by a rule."""

from itertools import permutations
from typing import Literal

import pytest

from consumers.followups.registry import FOLLOW_UPS
from consumers.followups.request_disputes import REASON
from events.codec import Record, decode
from events.envelope import Event
from events.types.requests import ServiceRequestReopened
from projections.views import service_requests
from tests.support.build import ANN, BEN, acknowledged, closed, disputed, opened, original, reopened
from tests.support.build import stage_changed as moved
from tests.support.follow_ups import Logged, Story
from tests.support.spec import given

DISPUTES = next(one for one in FOLLOW_UPS if one.name == "request_disputes")


def by(person: str | None, event: Event) -> Event:
    return event.model_copy(update={"participant": person})


def story(*events: Event) -> Story:
    return Story(DISPUTES).told(*events)


def again(by: Literal["reporter", "other"] = "reporter") -> ServiceRequestReopened:
    return ServiceRequestReopened(reason=REASON, by=by, rule="dispute.reopens_request")


def test_a_dispute_reopens_what_the_city_had_closed() -> None:
    dispute = disputed()
    (event,) = story(opened(), closed(), dispute).published
    assert event.data == again()
    assert (event.key, event.time, event.participant) == (dispute.key, dispute.time, None)
    assert event.causationid == dispute.id


def test_others_than_the_reporter_can_find_it_too() -> None:
    asked = [by(ANN, opened()), closed()]
    assert story(*asked, by(ANN, disputed())).data == [again("reporter")]
    assert story(*asked, by(BEN, disputed())).data == [again("other")]
    assert story(opened(), closed(), by(BEN, disputed())).data == [again("other")]


def test_once_for_each_closing_however_many_find_it_still_there() -> None:
    told = story(opened(), closed(), disputed(), disputed())
    assert told.data == [again()]
    told.told(disputed(), closed(), disputed(), disputed())
    assert told.data == [again(), again()]
    assert len({event.id for event in told.published}) == 2


class Behind(Story):
    """What is published has not come back yet, as where several events are folded in one batch."""

    def _publish(self, record: Record) -> None:
        self.published.append(decode(record.key, record.value, record.headers).event)


def test_a_second_dispute_before_the_reopening_stands_in_the_log_adds_nothing() -> None:
    told = Behind(DISPUTES).told(opened(), closed(), disputed(), disputed())
    assert told.data == [again()]


def test_a_closing_is_one_whether_the_event_or_the_stage_says_so() -> None:
    assert story(opened(), moved(to="closed", label="Done"), disputed()).data == [again()]


@pytest.mark.parametrize(
    "open_again",
    [reopened(), acknowledged(), moved(to="in_progress", label="On it"), moved(to="reopened", label="x")],
    ids=lambda event: event.type.split(".")[-2],
)
def test_what_is_open_is_not_reopened(open_again: Event) -> None:
    assert story(opened(), disputed()).data == []
    assert story(opened(), closed(), open_again, disputed()).data == []


def test_what_was_brought_in_long_after_reopens_nothing() -> None:
    old = disputed().model_copy(update={"origin": "import"})
    assert story(opened(), closed(), old).data == []


def test_a_closing_as_a_duplicate_claims_nothing_until_the_original_is_closed() -> None:
    duplicate = closed(resolution_code="duplicate")
    assert story(opened(), duplicate, disputed()).data == []
    done = original(of="r2", stage="closed", resolution_code="fixed")
    assert story(opened(), duplicate, done, disputed(), disputed()).data == [again()]
    assert story(opened(), done, duplicate, disputed()).data == [again()]
    back = original(of="r2", stage="reopened")
    assert story(opened(), duplicate, done, back, disputed()).data == []
    assert story(opened(), done, disputed()).data == []


def test_the_same_events_again_reopen_nothing() -> None:
    events = [opened(), closed(), disputed()]
    assert len(story(*events, *events).published) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_any_order_it_is_reopened_just_when_the_log_has_it_closed(order: tuple[int, ...]) -> None:
    events = [opened(), closed(), disputed()]
    told = Logged(DISPUTES)
    told.told(*(events[place] for place in order))
    shown = given(service_requests.VIEW, *told.log).document
    closed_first = order.index(1) < order.index(2)
    assert shown["status"] == ("open" if closed_first else "closed")
    assert shown["reopened"] == len(told.published) == closed_first
