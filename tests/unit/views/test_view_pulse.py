"""What the pulse counts."""

import pytest

from events.envelope import Derived, Event
from events.registry import EVENT_TYPES
from events.topics import FOLLOWUPS, METRICS, PARTICIPANTS
from projections.registry import BY_NAME
from projections.views.pulse import PULSE
from tests.support.build import opened, overdue, submitted
from tests.support.builders import city, participants, results, stewardship
from tests.support.spec import tallied

OURS = {"source": "urn:townhall:riverton:follow-ups"}


def test_events_count_on_the_city_s_own_day_and_by_short_type() -> None:
    last_minute = "2026-04-01T23:59:00-04:00"  # already 2 April in UTC
    assert tallied(PULSE, opened("r1", at=last_minute), opened("r2", at=last_minute), submitted()) == {
        ("riverton", "2026-04-01", "service_request.opened"): {"events": 2},
        ("riverton", "2026-04-01", "idea.submitted"): {"events": 1},
    }


@pytest.mark.parametrize(
    "event",
    [
        stewardship.lapsed(),
        results.reached_idea(),
        participants.acted(),
        participants.erasure_requested(),
        participants.queued(),
        city.snapshot(),
        overdue(expected="2026-04-01T09:00:00-04:00").model_copy(update=OURS),
        stewardship.released().model_copy(update=OURS),
    ],
    ids=lambda event: str(event.type),
)
def test_what_nobody_did_or_concerns_nobody_else_does_not_count(event: Event) -> None:
    assert tallied(PULSE, event) == {}


def test_what_a_city_tells_itself_counts_also_where_a_rule_could_have_told_it() -> None:
    expected = ("riverton", "2026-04-01", "service_request.overdue")
    assert tallied(PULSE, overdue(expected="2026-04-01T09:00:00-04:00")) == {expected: {"events": 1}}


def test_everything_else_counts() -> None:
    """So a new family is on the pulse by itself."""
    left_out = {FOLLOWUPS, METRICS, PARTICIPANTS}
    for entry in EVENT_TYPES:
        expected = not issubclass(entry.payload, Derived) and entry.topic not in left_out
        assert (entry.type in (PULSE.handles or ())) == expected, entry.name
        assert not expected or entry.topic in BY_NAME["pulse"].topics
