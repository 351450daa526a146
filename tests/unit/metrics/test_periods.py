"""Which days a number is about."""

from dataclasses import replace
from datetime import date

import pytest

from projections.metrics.core import Metric
from projections.metrics.periods import BadPeriod, chosen, month_before, month_of, months_until
from projections.metrics.registry import BY_CODE
from projections.read import Between
from tests.support.metrics import RIVERTON, scope

TODAY = date(2026, 3, 31)
DAYS = BY_CODE["sla.on_time"]
MONTHS, MONTH, STOCK = (replace(DAYS, window=window) for window in ("months", "month", "stock"))


def test_months_are_those_of_the_calendar() -> None:
    assert month_of(date(2028, 2, 10)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert month_of(date(2026, 12, 31)) == (date(2026, 12, 1), date(2026, 12, 31))
    assert month_before(date(2026, 1, 31)) == (date(2025, 12, 1), date(2025, 12, 31))


def test_months_run_up_to_that_of_the_day() -> None:
    assert [one.first for one in months_until(date(2026, 1, 31), 3)] == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
    ]


def test_unasked_it_is_the_last_thirty_days_the_last_month_or_today() -> None:
    assert chosen(DAYS, TODAY, None, None) == (date(2026, 3, 2), TODAY)
    assert chosen(MONTHS, TODAY, None, None) == (date(2026, 2, 1), date(2026, 2, 28))
    assert chosen(MONTH, TODAY, None, None) == (date(2026, 2, 1), date(2026, 2, 28))
    assert chosen(STOCK, TODAY, None, None) == (TODAY, TODAY)


@pytest.mark.parametrize(
    ("metric", "first", "last"),
    [
        (STOCK, TODAY, TODAY),
        (DAYS, TODAY, None),
        (DAYS, date(2026, 3, 2), date(2026, 3, 1)),
        (DAYS, date(2025, 1, 1), date(2026, 1, 2)),
        (MONTHS, date(2026, 3, 1), date(2026, 3, 30)),
        (MONTHS, date(2026, 3, 2), date(2026, 3, 31)),
        (MONTH, date(2026, 2, 1), date(2026, 3, 31)),
        (MONTH, date(2026, 3, 1), date(2026, 3, 30)),
    ],
)
def test_other_days_are_refused(metric: Metric, first: date, last: date | None) -> None:
    with pytest.raises(BadPeriod):
        chosen(metric, TODAY, first, last)


def test_whole_months_are_taken_as_they_are_asked_for() -> None:
    march, spring = (date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 3, 1), date(2026, 5, 31))
    assert chosen(MONTH, TODAY, *march) == chosen(MONTHS, TODAY, *march) == march
    assert chosen(MONTHS, TODAY, *spring) == spring


def test_days_begin_and_end_at_the_citys_own_midnight() -> None:
    """Also on the days that have 23 or 25 hours."""
    spring, autumn = (scope(day, day, city=RIVERTON) for day in ("2026-03-08", "2026-11-01"))
    hours = [
        (bounds.high - bounds.low).total_seconds() / 3600  # type: ignore[union-attr, operator]
        for bounds in (spring.during("at")["at"], autumn.during("at")["at"])
    ]
    assert [round(one, 3) for one in hours] == [23.0, 25.0]
    assert spring.days() == {"city": "riverton", "day": Between("2026-03-08", "2026-03-08")}
    assert autumn.months() == {"city": "riverton", "month": Between("2026-11", "2026-11")}
