"""What sessions, attendance and hours must say before they count."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from events.types.volunteering import AttendanceCheckedIn, Role, SignupPromoted, SignupRegistered
from tests.support.build import told
from tests.support.builders import hours, volunteering


def test_a_session_ends_after_it_starts() -> None:
    with pytest.raises(ValidationError, match="ends_at must come after starts_at"):
        volunteering.scheduled(ends_at=volunteering.STARTS)
    with pytest.raises(ValidationError, match="ends_at must come after starts_at"):
        volunteering.changed(ends_at="2026-04-11T06:00:00-07:00")


def test_a_session_stands_at_a_whole_point() -> None:
    with pytest.raises(ValidationError, match="lat and long come together"):
        volunteering.scheduled(lat=40.7)


@pytest.mark.parametrize("capacity", [0, -1, 1.5])
def test_a_capacity_is_at_least_one(capacity: float) -> None:
    with pytest.raises(ValidationError, match="capacity"):
        volunteering.scheduled(capacity=capacity)


def test_an_opportunity_names_each_role_once() -> None:
    roles = (Role(role_id="crew", title="Crew"),) * 2
    with pytest.raises(ValidationError, match="a role is named twice"):
        volunteering.published(roles=roles)


def test_nobody_signs_up_without_a_pseudonym() -> None:
    with pytest.raises(ValidationError, match="participant"):
        told(SignupRegistered, "s1", {}, signup_id="su1")


def test_who_is_checked_in_had_signed_up_or_walked_in() -> None:
    walked_in = volunteering.checked_in(signup_id=None, walk_in=True, by=None).data
    assert isinstance(walked_in, AttendanceCheckedIn)
    assert walked_in.signup_id is None
    for wrong in ({"signup_id": None}, {"walk_in": True}):
        with pytest.raises(ValidationError, match="exactly one is needed of signup_id and walk_in"):
            volunteering.checked_in(**wrong)


def test_a_check_out_that_a_rule_assumed_is_marked_and_no_other_is() -> None:
    assert volunteering.checked_out(method="auto", rule="session.check_out_after_end")
    for wrong in ({"method": "auto"}, {"method": "self", "rule": "session.check_out_after_end"}):
        with pytest.raises(ValidationError, match="needed when method is auto, and only then"):
            volunteering.checked_out(**wrong)


def test_a_promotion_is_by_rule_or_by_choice() -> None:
    chosen = volunteering.promoted().data
    assert isinstance(chosen, SignupPromoted)
    assert chosen.rule is None
    assert volunteering.promoted(rule="session.first_who_waits")


@given(st.integers())
def test_an_entry_of_hours_fits_into_its_day(minutes: int) -> None:
    if 1 <= minutes <= 24 * 60:
        assert hours.logged(minutes=minutes)
    else:
        with pytest.raises(ValidationError, match="minutes"):
            hours.logged(minutes=minutes)


def test_hours_from_a_check_in_name_their_attendance() -> None:
    attended: dict[str, Any] = {"source": "check_in", "session_id": "s1", "attendance_id": "att1"}
    assert hours.logged(**attended, auto_checked_out=True)
    for missing in ("session_id", "attendance_id"):
        with pytest.raises(ValidationError, match="name session_id and attendance_id"):
            hours.logged(**{**attended, missing: None})
    with pytest.raises(ValidationError, match="only hours from a check-in can be"):
        hours.logged(source="manual", auto_checked_out=True)


def test_someone_or_a_rule_answers_for_verified_hours() -> None:
    assert hours.verified(verifier_ref=None, rule="hours.leader_checked_in")
    for wrong in ({"verifier_ref": None}, {"rule": "hours.leader_checked_in"}):
        with pytest.raises(ValidationError, match="exactly one is needed of verifier_ref and rule"):
            hours.verified(**wrong)
