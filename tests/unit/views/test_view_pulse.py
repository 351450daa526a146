"""What the pulse counts."""

from projections.views.pulse import PULSE
from tests.support.build import opened, submitted
from tests.support.spec import tallied


def test_events_count_on_the_city_s_own_day_and_by_short_type() -> None:
    last_minute = "2026-04-01T23:59:00-04:00"  # already 2 April in UTC
    assert tallied(PULSE, opened("r1", at=last_minute), opened("r2", at=last_minute), submitted()) == {
        ("riverton", "2026-04-01", "service_request.opened"): {"events": 2},
        ("riverton", "2026-04-01", "idea.submitted"): {"events": 1},
    }
