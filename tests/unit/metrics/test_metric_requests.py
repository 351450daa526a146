"""How a city answers requests: each number by a history whose answer can be counted by hand."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Event
from tests.support import build
from tests.support.metrics import number, numbers, scope, shows

MORNING = "2026-04-01T09:00:00-04:00"


def _after(**delta: float) -> str:
    return (build.when(MORNING) + timedelta(**delta)).isoformat()


def _answered(hours: Iterable[float | None], prefix: str = "r", **data: str) -> list[Event]:
    """Requests reported in the morning and taken on after so many hours; None: they wait."""
    told = []
    for place, one in enumerate(hours):
        told.append(build.opened(f"{prefix}{place}", at=MORNING, **data))
        if one is not None:
            told.append(build.acknowledged(f"{prefix}{place}", at=_after(hours=one)))
    return told


def test_median_and_nine_of_ten_are_by_nearest_rank() -> None:
    history = _answered([1, 2, 3, 4, 5, 6, 7, 8, 9, 100])
    assert number("time_to_first_response.p50", *history).value == Decimal("5.0")
    assert number("time_to_first_response.p90", *history).value == Decimal("9.0")


def test_what_waits_counts_as_longer_than_all_that_does_not() -> None:
    """Six answered quickly and five not at all: the median is the slowest of the six."""
    quick = [0.1, 0.2, 0.3, 0.4, 0.5, 3]
    shown = number("time_to_first_response.p50", *_answered([*quick, *[None] * 5]))
    assert shown.value == Decimal("3.0")
    assert shown.inputs["not_yet_answered"] == 5
    shown = number("time_to_first_response.p50", *_answered([*quick, *[None] * 7]))
    shows(shown, None, denominator=13)
    assert shown.notes == ("fewer than 50 % are answered, so it is not known yet",)


def test_an_answer_before_the_report_is_shown_as_a_defect_and_left_out() -> None:
    shown = number("time_to_first_response.p50", *_answered([-5, 1, 2, 3, 4, 5]))
    assert shown.value == Decimal("3.0")
    assert shown.inputs["answered_before_reported"] == 1
    assert shown.notes == ("1 answered before they were reported; left out",)
    assert shown.completeness == 83


def test_requests_belong_to_the_day_on_which_they_were_reported_in_the_city() -> None:
    """The last minute of April in New York is May in UTC."""
    night = [build.opened(f"n{one}", at="2026-04-30T23:59:59.999-04:00") for one in range(5)]
    morning = [build.opened(f"m{one}", at="2026-05-01T00:00:00-04:00") for one in range(7)]
    history = [*night, *morning]
    assert number("time_to_close.p50", *history).inputs["requests_reported"] == 5
    may = number("time_to_close.p50", *history, about=scope("2026-05-01", "2026-05-31"))
    assert may.inputs["requests_reported"] == 7


def test_a_request_that_is_open_again_waits_to_be_closed() -> None:
    history = _answered([None] * 5)
    closed = [build.closed(f"r{one}", at=_after(days=one + 1)) for one in range(5)]
    assert number("time_to_close.p50", *history, *closed).value == Decimal("72.0")
    again = build.stage_changed("r0", to="in_progress", label="Again", at=_after(days=9))
    shown = number("time_to_close.p50", *history, *closed, again)
    shows(shown, "96.0")
    assert shown.inputs["not_yet_closed"] == 1


def test_pauses_are_taken_off_where_the_number_says_so() -> None:
    history = _answered([None] * 5)
    for one in range(5):
        history += [
            build.stage_changed(f"r{one}", to="awaiting_reporter", label="Where?", at=_after(hours=10)),
            build.stage_changed(f"r{one}", to="in_progress", label="Now", at=_after(hours=30 + one)),
            build.closed(f"r{one}", at=_after(hours=50)),
        ]
    shows(number("time_to_close.p50", *history), "50.0")
    shows(number("time_to_close.net.p50", *history), "28.0")


def test_a_date_that_passed_stays_missed_whatever_is_named_after_it() -> None:
    first, second = build.when(_after(days=2)), build.when(_after(days=9))
    history = [build.opened(f"r{one}", at=MORNING, expected_datetime=first) for one in range(5)]
    history += [build.overdue(f"r{one}", expected=_after(days=2)) for one in range(3)]
    history += [
        build.acknowledged(f"r{one}", at=_after(days=1), expected_datetime=second) for one in range(5)
    ]
    history += [build.closed(f"r{one}", at=_after(days=3)) for one in range(1, 5)]
    shown = number("sla.on_time", *history)
    shows(shown, "40.0", numerator=2, denominator=5)
    assert shown.inputs["closed_late"] == 2
    assert shown.inputs["open_and_past_due"] == 1


def test_on_time_counts_open_requests_past_their_date_as_missed() -> None:
    promised: dict[str, Any] = {"expected_datetime": build.when(_after(days=2))}
    history = [build.opened(f"r{one}", at=MORNING, **promised) for one in range(6)]
    history += [build.closed(f"r{one}", at=_after(days=1)) for one in range(2)]
    history += [build.closed("r2", at=_after(days=2)), build.closed("r3", at=_after(days=2, milliseconds=1))]
    history.append(build.opened("without", at=MORNING))
    shown = number("sla.on_time", *history)
    shows(shown, "50.0", numerator=3, denominator=6)
    assert shown.completeness == 85
    early = scope(now=build.when(_after(days=1)))
    assert number("sla.on_time", *history, about=early).suppressed, "four closed, two not yet due"


def test_reopened_or_disputed_requests_were_not_solved() -> None:
    history = [
        event
        for one in range(10)
        for event in (build.opened(f"r{one}", at=MORNING), build.closed(f"r{one}", at=_after(days=1)))
    ]
    history += [build.reopened("r0"), build.disputed("r0"), build.disputed("r1"), build.opened("r99")]
    shown = number("reopen_rate", *history)
    shows(shown, "20.0", numerator=2, denominator=10)


def test_neighbourhoods_are_compared_within_a_service() -> None:
    """All potholes lie in the north, so that a mean over services would blame the north."""
    history = [
        *_answered([2] * 5, "a", service_code="light", neighbourhood_id="north"),
        *_answered([3] * 5, "b", service_code="light", neighbourhood_id="south"),
        *_answered([90] * 9, "c", service_code="pothole", neighbourhood_id="north"),
        *_answered([900] * 4, "d", service_code="pothole", neighbourhood_id="south"),
    ]
    shown = number("response_equity", *history)
    shows(shown, "1.50", denominator=1)


def test_from_fewer_than_five_requests_nothing_is_shown() -> None:
    shown = number("time_to_first_response.p50", *_answered([1, 2, 3, 4]))
    assert shown.suppressed
    assert (shown.value, shown.denominator, shown.inputs) == (None, None, {})
    assert not number("time_to_first_response.p50").suppressed, "nothing tells about nobody"


def test_a_neighbourhood_is_hidden_with_another_or_it_could_be_computed() -> None:
    history = [
        *_answered([1] * 3, "a", neighbourhood_id="small"),
        *_answered([1] * 6, "b", neighbourhood_id="middle"),
        *_answered([1] * 9, "c", neighbourhood_id="large"),
        *_answered([1] * 7, "d"),
    ]
    shown = numbers("time_to_first_response.p50", *history)
    assert [name for name, one in shown.items() if one.suppressed] == ["middle", "small"]
    assert shown[""].denominator == 7


@given(st.permutations(_answered([1, 2, None, 4, 5, 300])))
def test_late_events_change_nothing_but_when_a_number_is_known(history: list[Event]) -> None:
    shown = number("time_to_first_response.p50", *history)
    assert shown.value == Decimal("4.0")
