"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from consumers.webhooks.schedule import DELAYS, LONGEST, next_attempt, pause_of

NOW = datetime(2026, 4, 1, 13, 30, tzinfo=UTC)


def test_ten_attempts_in_three_days_and_no_more() -> None:
    assert DELAYS == (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
    assert timedelta(days=3) < timedelta(seconds=sum(DELAYS)) < timedelta(days=3, hours=4)
    assert next_attempt(10, NOW, lambda: 0.0) is None
    assert next_attempt(11, NOW, lambda: 0.0) is None


@pytest.mark.parametrize("done", range(1, 10))
def test_a_delay_is_longer_by_chance_and_never_shorter(done: int) -> None:
    least, most = (next_attempt(done, NOW, lambda chance=chance: chance) for chance in (0.0, 0.999))  # type: ignore[misc]
    assert least == NOW + timedelta(seconds=DELAYS[done])
    assert least is not None
    assert most is not None
    assert least < most < NOW + timedelta(seconds=1.1 * DELAYS[done])


def test_a_receiver_can_ask_for_more_time_and_not_for_less() -> None:
    assert next_attempt(1, NOW, lambda: 0.0, timedelta(minutes=2)) == NOW + timedelta(minutes=2)
    assert next_attempt(3, NOW, lambda: 0.0, timedelta(minutes=2)) == NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("status", "told", "seconds"),
    [
        (429, "120", 120),
        (503, " 7 ", 7),
        (503, "Wed, 01 Apr 2026 13:31:00 GMT", 60),
        (503, "Wed, 01 Apr 2026 13:29:00 GMT", 0),
        (503, "Wed, 01 Apr 2099 13:29:00 GMT", LONGEST.total_seconds()),
        (429, "999999999999999999999", LONGEST.total_seconds()),
        (429, "-5", 0),
        (429, "1.5", 0),
        (429, "soon", 0),
        (429, "١٢", 0),
        (429, "", 0),
        (429, None, 0),
        (500, "120", 0),
        (200, "120", 0),
        (None, "120", 0),
    ],
)
def test_retry_after_within_bounds(status: int | None, told: str | None, seconds: float) -> None:
    assert pause_of(status, told, NOW) == timedelta(seconds=seconds)
