"""Who was at a session, from when to when, and who said so."""

from projections.views.attendance import BY_DAY, BY_SESSION, BY_VOLUNTEER, VIEW
from tests.support.build import ANN, BEN, when
from tests.support.builders.volunteering import ENDS, STARTS, checked_in, checked_out
from tests.support.spec import given, tallied

LEFT, AFTER = "2026-04-11T11:20:59-04:00", "2026-04-11T12:15:00-04:00"
AUTO = {"method": "auto", "rule": "session.check_out_after_end"}
SESSION, DAY = ("riverton", "s1"), ("riverton", "2026-04-11")


def test_an_attendance_stands_in_a_document_of_its_own() -> None:
    after = given(VIEW, checked_in(at=STARTS), checked_out(at=LEFT, method="leader", checked_out_at=LEFT))
    assert list(after.documents) == ["riverton/s1/att1"]
    after.then(
        {
            "city": "riverton",
            "session_id": "s1",
            "attendance_id": "att1",
            "signup_id": "su1",
            "walk_in": False,
            "participant": ANN,
            "checked_in_at": when(STARTS),
            "checked_in_by": "qr",
            "day": "2026-04-11",
            "checked_out_at": when(LEFT),
            "checked_out_by": "leader",
            "minutes": 140,
            "updated_at": when(LEFT),
        }
    )


def test_a_check_out_before_its_check_in_is_kept_and_filled_in() -> None:
    given(VIEW, checked_out(by=None)).shows(checked_in_at=None, minutes=None, participant=None)
    given(VIEW, checked_out(by=None), checked_in()).shows(minutes=180, participant=ANN)
    assert tallied(BY_SESSION, checked_out()) == tallied(BY_DAY, checked_out()) == {}


def test_what_somebody_said_counts_before_what_a_rule_assumed() -> None:
    assumed, said = checked_out(at=AFTER, **AUTO), checked_out(at=AFTER, checked_out_at=LEFT)
    given(VIEW, checked_in(), assumed).shows(checked_out_by="auto", checked_out_at=when(ENDS), minutes=180)
    for history in ([assumed, said], [said, assumed]):
        given(VIEW, checked_in(), *history).shows(checked_out_by="qr", checked_out_at=when(LEFT), minutes=140)


def test_a_correction_takes_the_place_of_what_was_told_before() -> None:
    corrected = checked_in(checked_in_at="2026-04-11T09:30:00-04:00", by=BEN)
    given(VIEW, checked_in(), checked_out(), corrected).shows(minutes=150, participant=BEN)


def test_an_end_before_the_beginning_has_no_minutes_and_is_seen() -> None:
    history = [checked_in(), checked_out(checked_out_at="2026-04-11T08:00:00-04:00")]
    given(VIEW, *history).shows(minutes=None)
    assert tallied(BY_DAY, *history) == {DAY: {"checked_in": 1, "checked_out": 1, "backwards": 1}}


def test_who_just_came_counts_as_who_had_signed_up() -> None:
    history = [
        checked_in(),
        checked_in(attendance="att2", signup_id=None, walk_in=True, by=None),
        checked_out(attendance="att2", by=None, **AUTO),
    ]
    assert tallied(BY_SESSION, *history) == {
        SESSION: {"attended": 2, "walk_ins": 1, "there": 1, "minutes": 180}
    }
    assert tallied(BY_DAY, *history) == {
        DAY: {"checked_in": 2, "walk_ins": 1, "checked_out": 1, "auto_checked_out": 1}
    }
    assert tallied(BY_VOLUNTEER, *history) == {("riverton", ANN): {"attended": 1}}


def test_attendance_counts_on_the_city_s_own_day() -> None:
    evening = checked_in(at="2026-04-11T23:00:00-04:00", checked_in_at="2026-04-12T03:00:00Z")
    given(VIEW, evening).shows(day="2026-04-11")
