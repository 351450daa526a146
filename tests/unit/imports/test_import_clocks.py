"""Times on the city's own clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from events.scalars import LocalTime
from producers.imports import clocks

LOCAL: TypeAdapter[datetime] = TypeAdapter(LocalTime)
ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Africa/Monrovia", "America/Havana")


@given(st.dates(date(1901, 1, 1), date(2199, 12, 31)), st.sampled_from(ZONES))
def test_midnight_of_any_day_is_a_time_that_the_contract_can_write_and_read(day: date, name: str) -> None:
    moment = clocks.at_midnight(day, ZoneInfo(name))
    assert LOCAL.validate_python(moment.isoformat()) == moment
    assert moment.date() == day


def test_where_the_clock_skips_midnight_the_day_begins_an_hour_later() -> None:
    begin = clocks.at_midnight(date(2024, 3, 10), ZoneInfo("America/Havana"))
    assert begin.isoformat() == "2024-03-10T01:00:00-04:00"


@pytest.mark.parametrize(
    "text", ["13:00 PM", "01/01/2018 13:00:00 PM", "02/30/2018", "01/01/0001", "", "9999-12-31"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert clocks.us_stamp(text, UTC) is None


@given(st.text(alphabet="0123456789./- :APM", max_size=30))
def test_no_text_crashes_the_reading_of_times(text: str) -> None:
    for clock in (UTC, ZoneInfo("America/New_York")):
        found = clocks.us_stamp(text, clock)
        assert found is None or LOCAL.validate_python(found.isoformat()) == found
    assert all(1900 < day.year < 2200 for day in clocks.dates_in(text))
