"""How long requests had to wait, and which of them were overdue."""

from projections.views.service_requests import BY_NEIGHBOURHOOD, BY_SERVICE, VIEW
from tests.support.build import closed, opened, overdue, stage_changed, when
from tests.support.spec import given, tallied

DAWN, MORNING, NOON, EVENING = (f"2026-04-01T{hour}:00:00-04:00" for hour in ("06", "09", "12", "18"))
HOUR = 3600


def test_the_time_in_which_it_had_to_wait_is_added_up() -> None:
    told = [
        opened(at=DAWN),
        stage_changed(to="on_hold", label="No paint", at=MORNING),
        stage_changed(to="awaiting_reporter", label="Where is it?", at=NOON),
        stage_changed(to="in_progress", label="On it", at=EVENING),
    ]
    given(VIEW, *told[:3]).shows(paused_seconds=0, paused_at=when(MORNING))
    given(VIEW, *told).shows(paused_seconds=9 * HOUR, paused_at=None)
    again = [stage_changed(to="on_hold", label="Rain", at=MORNING), closed(at=NOON)]
    given(VIEW, *told, *again).shows(paused_seconds=12 * HOUR)


def test_a_pause_that_ends_before_it_began_takes_no_time() -> None:
    told = [stage_changed(to="on_hold", label="Rain", at=NOON), closed(at=MORNING)]
    given(VIEW, *told).shows(paused_seconds=0, paused_at=None)


def test_the_latest_time_that_was_missed_is_kept_in_any_order() -> None:
    given(VIEW, overdue(expected=EVENING), overdue(expected=NOON)).shows(overdue_at=when(EVENING))


def test_requests_that_were_overdue_are_counted_by_service_and_neighbourhood() -> None:
    told = [
        opened("r1", neighbourhood_id="north"),
        overdue("r1", expected=NOON),
        overdue("r1", expected=EVENING),
        opened("r2"),
        closed("r1", at=EVENING),
    ]
    assert tallied(BY_SERVICE, *told) == {("riverton", "pothole"): {"open": 1, "total": 2, "overdue": 1}}
    assert tallied(BY_NEIGHBOURHOOD, *told)["riverton", "north"] == {"total": 1, "overdue": 1}
