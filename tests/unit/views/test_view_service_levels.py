"""What a city promises for a service, as it was set last, and how often it was asked for."""

import pytest
from pydantic import ValidationError

from events.types.service_levels import level_of
from projections.views.service_levels import VIEW
from tests.support.build import event, level_asked, level_set, when
from tests.support.spec import given

MORNING, NOON = (f"2026-04-01T{hour}:00:00-04:00" for hour in ("09", "12"))


def test_the_hours_set_last_are_shown_and_none_when_they_were_taken_back() -> None:
    told = level_set(acknowledge_hours=48, close_hours=240, at=MORNING)
    given(VIEW, told).then(
        {
            "city": "riverton",
            "level_id": "pothole",
            "service_code": "pothole",
            "acknowledge_hours": 48,
            "close_hours": 240,
            "set_at": when(MORNING),
            "asked": 0,
        }
    )
    given(VIEW, told, level_set(at=NOON)).shows(acknowledge_hours=None, close_hours=None, set_at=when(NOON))


def test_requests_without_a_time_named_are_counted_whether_anything_is_promised_or_not() -> None:
    given(VIEW, level_asked(request="r1"), level_set(close_hours=1), level_asked(request="r2")).shows(
        asked=2, close_hours=1
    )
    given(VIEW, level_asked(request="r1")).shows(asked=1, service_code="pothole", set_at=None)


@pytest.mark.parametrize("code", ["0042", "pothole", "Street:light.1", "A" * 128])
def test_a_code_that_is_an_id_is_the_id_of_its_level(code: str) -> None:
    assert level_of(code) == code


@pytest.mark.parametrize("code", ["Street light – out", "street/light", "_x", " ", "pothole\n", "\ud800"])
def test_any_other_code_has_an_id_of_its_own_that_can_be_stored(code: str) -> None:
    assert level_of(code) != level_of(f"{code} ")
    assert event(level_of(code), level_set("pothole").data.model_copy(update={"service_code": code}))


def test_a_level_told_of_another_subject_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(ValidationError, match=f"these data belong to subject '{level_of('a b')}'"):
        event("a-b", level_set("a b").data)
