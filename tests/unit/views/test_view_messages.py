"""What became of messages to participants, and the numbers that were published."""

import itertools
from datetime import timedelta

import pytest

from events.envelope import Event
from events.types.metrics import ReadUpTo
from projections.views import messages, snapshots
from tests.support.build import ANN, AT, BEN, when
from tests.support.builders.city import snapshot
from tests.support.builders.participants import failed, queued, sent, suppressed
from tests.support.spec import given, tallied

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-02T18:00:00-04:00"
CLOSED = f"riverton/{ANN}/closed/r1"


def test_a_message_stands_with_what_it_is_about() -> None:
    after = given(messages.VIEW, queued())
    assert list(after.documents) == [CLOSED]
    after.then(
        {
            "city": "riverton",
            "recipient": ANN,
            "dedupe_key": "closed/r1",
            "reason_event_id": "e1",
            "reason_at": None,
            "about_kind": "service_request",
            "about_id": "r1",
            "contribution": "service_request/r1",
            "kind": "outcome",
            "template": "service_request.closed",
            "channel": "email",
            "lang": "en",
            "status": "queued",
            "queued_at": when(AT),
            "sent_at": None,
            "in_time": False,
            "failed_at": None,
            "suppressed_at": None,
            "attempts": 0,
            "error": None,
            "suppressed_because": None,
            "updated_at": when(AT),
        }
    )


def test_sent_stays_sent_in_whatever_order_it_is_told() -> None:
    told = [
        queued(at=EARLY),
        failed(attempts=2, final=False),
        suppressed(at=LATE),
        sent(at=LATE, attempts=3, channel="sms"),
    ]
    for history in itertools.permutations(told):
        given(messages.VIEW, *history).shows(
            status="sent", queued_at=when(EARLY), sent_at=when(LATE), failed_at=None, attempts=3
        )


def test_it_is_in_time_when_it_was_sent_at_most_30_days_after_what_led_to_it() -> None:
    reason = when("2026-03-02T18:00:00-05:00")
    last = (reason + timedelta(days=30)).isoformat()
    late = (reason + timedelta(days=30, milliseconds=1)).isoformat()
    given(messages.VIEW, sent(at=last, reason_at=reason)).shows(reason_at=reason, in_time=True)
    given(messages.VIEW, sent(at=late, reason_at=reason)).shows(in_time=False)
    given(messages.VIEW, sent(at=late, reason_at=reason), sent(at=last)).shows(in_time=True)
    given(messages.VIEW, queued(reason_at=reason)).shows(in_time=False)
    given(messages.VIEW, sent(at=last)).shows(reason_at=None, in_time=False)


def test_what_many_take_part_in_is_a_contribution_of_each() -> None:
    given(messages.VIEW, sent(about_kind="opportunity", about_id="o1")).shows(
        contribution=f"opportunity/o1/{ANN}"
    )


def test_a_failure_is_one_when_nobody_tries_again() -> None:
    given(messages.VIEW, queued(), failed(final=False)).shows(status="queued", error="provider_unreachable")
    given(messages.VIEW, queued(), failed(final=True)).shows(status="failed", failed_at=when(AT))


def test_a_message_that_is_not_sent_says_why() -> None:
    given(messages.VIEW, queued(), suppressed(reason="erased")).shows(
        status="suppressed", suppressed_because="erased", suppressed_at=when(AT)
    )


def test_messages_are_counted_by_what_became_of_them() -> None:
    history = [queued(), sent(), sent(), queued(BEN), queued(dedupe_key="closed/r2"), sent(channel="sms")]
    assert tallied(messages.BY_STATUS, *history) == {
        ("riverton", "outcome", "sms", "sent"): {"messages": 1},
        ("riverton", "outcome", "email", "queued"): {"messages": 2},
    }


def test_a_number_stands_with_all_that_it_was_computed_from() -> None:
    event = snapshot(as_of=(ReadUpTo(topic="townhall.requests", partition=0, next=7),))
    given(snapshots.VIEW, event).shows(
        city="riverton",
        metric_code=event.subject,
        as_of=[{"topic": "townhall.requests", "partition": 0, "next": 7}],
        told_at=when(AT),
        event_id=event.id,
        told=1,
    )


def test_the_newest_snapshot_counts_in_whatever_order_it_is_told() -> None:
    told = [snapshot(at=EARLY, value="1"), snapshot(at=LATE, value="2")]
    for history in (told, told[::-1]):
        given(snapshots.VIEW, *history).shows(value="2", told_at=when(LATE), told=2)


def test_of_the_same_moment_the_last_in_the_log_counts() -> None:
    given(snapshots.VIEW, snapshot(value="1"), snapshot(value="2")).shows(value="2", told=2)


@pytest.mark.parametrize(
    "other",
    [
        snapshot(definition_version=9),
        snapshot(first_day="2026-02-01"),
        snapshot(last_day="2026-04-30"),
        snapshot(neighbourhood_id="north"),
        snapshot("sla.on_time"),
    ],
)
def test_another_version_period_or_place_is_another_number(other: Event) -> None:
    assert len(given(snapshots.VIEW, snapshot(), other).documents) == 2
