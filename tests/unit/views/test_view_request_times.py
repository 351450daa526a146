"""How long requests took, and whether the city kept to the time it had named."""

from projections.views.service_requests import BY_NEIGHBOURHOOD, BY_SERVICE, VIEW
from tests.support.build import acknowledged, closed, opened, overdue, reopened, stage_changed, when
from tests.support.spec import given, tallied

DAWN, MORNING, NOON, EVENING = (f"2026-04-01T{hour}:00:00-04:00" for hour in ("06", "09", "12", "18"))
HOUR = 3600


def test_the_time_to_respond_and_to_close_stand_in_seconds() -> None:
    told = [opened(at=DAWN), acknowledged(at=MORNING), closed(at=EVENING)]
    given(VIEW, *told[:2]).shows(response_seconds=3 * HOUR, close_seconds=None)
    given(VIEW, *told).shows(response_seconds=3 * HOUR, close_seconds=12 * HOUR)


def test_reopened_it_takes_until_it_is_closed_again() -> None:
    told = [opened(at=DAWN), closed(at=MORNING), reopened(at=NOON)]
    given(VIEW, *told).shows(close_seconds=None)
    given(VIEW, *told, closed(at=EVENING)).shows(close_seconds=12 * HOUR)


def test_wrong_times_show_below_zero() -> None:
    given(VIEW, closed(at=MORNING), opened(at=NOON)).shows(
        response_seconds=-3 * HOUR, close_seconds=-3 * HOUR
    )


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


def test_it_was_on_time_when_it_was_closed_by_the_time_that_was_named() -> None:
    promised = opened(at=DAWN, expected_datetime=when(NOON))
    given(VIEW, promised).shows(on_time=None)
    given(VIEW, promised, closed(at=NOON)).shows(on_time=True)
    given(VIEW, promised, closed(at=EVENING)).shows(on_time=False)
    given(VIEW, opened(at=DAWN), closed(at=NOON)).shows(on_time=None)


def test_open_and_overdue_it_is_not_on_time() -> None:
    promised = opened(at=DAWN, expected_datetime=when(NOON))
    late = overdue(expected=NOON)
    given(VIEW, promised, late).shows(overdue_at=when(NOON), on_time=False)
    given(VIEW, promised, late, closed(at=EVENING)).shows(on_time=False)


def test_an_extension_does_not_make_up_for_what_was_missed() -> None:
    extended = acknowledged(at=NOON, expected_datetime=when(EVENING))
    told = [opened(at=DAWN, expected_datetime=when(MORNING)), overdue(expected=MORNING), extended]
    given(VIEW, *told, closed(at=EVENING)).shows(overdue_at=when(MORNING), on_time=False)


def test_a_closing_in_time_that_is_told_after_the_overdue_event_was_on_time() -> None:
    """The clock did not know of it; what was told stays told."""
    promised = opened(at=DAWN, expected_datetime=when(NOON))
    given(VIEW, promised, overdue(expected=NOON), closed(at=MORNING)).shows(
        overdue_at=when(NOON), on_time=True
    )


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
