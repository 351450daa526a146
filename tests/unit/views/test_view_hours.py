"""What counts of the hours that volunteers give, for which day, year and cause."""

from itertools import permutations
from typing import Any

from projections.views.hours import BY_CAUSE, BY_DAY, BY_VOLUNTEER, VIEW
from tests.support.build import ANN, BEN, when
from tests.support.builders.hours import logged, rejected, verified
from tests.support.spec import given, tallied

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-02T18:00:00-04:00"
RULE: dict[str, Any] = {"verifier_ref": None, "rule": "hours.seen_to_come_and_go"}
DAY = ("riverton", "2026", "2026-04-01", "")


def test_an_entry_stands_with_all_that_was_told() -> None:
    told = logged(
        at=EARLY,
        source="check_in",
        session_id="s1",
        attendance_id="att1",
        opportunity_id="opp-1",
        neighbourhood_id="north",
    )
    given(VIEW, told).then(
        {
            "city": "riverton",
            "entry_id": "hours-1",
            "participant": ANN,
            "minutes": 90,
            "worked_on": "2026-04-01",
            "month": "2026-04",
            "year": "2026",
            "source": "check_in",
            "auto_checked_out": False,
            "session_id": "s1",
            "attendance_id": "att1",
            "opportunity_id": "opp-1",
            "project_id": None,
            "group_id": None,
            "asset_id": None,
            "neighbourhood_id": "north",
            "status": "logged",
            "verified_minutes": 0,
            "decided_by": None,
            "verifier": None,
            "rule": None,
            "reject_reason": None,
            "reject_note": None,
            "decided_at": None,
            "logged_at": when(EARLY),
            "updated_at": when(EARLY),
        }
    )


def test_nothing_counts_before_it_is_verified() -> None:
    assert tallied(BY_DAY, logged()) == {DAY: {"entries": 1, "logged": 90}}


def test_so_much_counts_as_was_verified_last() -> None:
    history = [logged(), verified(minutes=90), verified(minutes=60, at=LATE)]
    given(VIEW, *history).shows(
        status="verified", verified_minutes=60, verifier=BEN, decided_by="person", decided_at=when(LATE)
    )
    assert tallied(BY_DAY, *history) == {DAY: {"entries": 1, "logged": 90, "verified": 60}}


def test_a_rejected_entry_does_not_count() -> None:
    history = [logged(), verified(), rejected(at=LATE, note="Was ill")]
    given(VIEW, *history).shows(status="rejected", verified_minutes=0, reject_reason="not_there", rule=None)
    assert tallied(BY_DAY, *history) == {DAY: {"entries": 1, "logged": 90, "rejected": 90}}
    given(VIEW, *history, verified()).shows(status="verified", reject_reason=None, reject_note=None)


def test_a_rule_does_not_outweigh_someone_s_word() -> None:
    by_rule = verified(minutes=180, **RULE)
    given(VIEW, logged(), by_rule).shows(verified_minutes=180, decided_by="rule", verifier=None)
    given(VIEW, logged(), by_rule, verified(minutes=60)).shows(verified_minutes=60, rule=None)
    given(VIEW, logged(), verified(minutes=60), by_rule).shows(verified_minutes=60, decided_by="person")
    given(VIEW, logged(), rejected(), by_rule).shows(status="rejected")


def test_verified_before_it_is_logged_it_counts_once_its_day_is_known() -> None:
    assert tallied(BY_DAY, verified()) == {}
    for history in permutations([logged(at=EARLY), verified(at=EARLY)]):
        assert tallied(BY_DAY, *history) == {DAY: {"entries": 1, "logged": 90, "verified": 90}}


def test_logged_again_it_is_corrected() -> None:
    moved = logged(minutes=30, worked_on="2025-12-31")
    assert tallied(BY_DAY, logged(), moved) == {
        ("riverton", "2025", "2025-12-31", ""): {"entries": 1, "logged": 30}
    }


def test_hours_count_for_the_year_of_the_work_and_not_for_that_of_the_telling() -> None:
    """The value of an hour is that of the year in which it was given."""
    new_year = logged(at="2026-01-01T00:10:00-05:00", worked_on="2025-12-31")
    assert tallied(BY_DAY, new_year, verified(minutes=90)) == {
        ("riverton", "2025", "2025-12-31", ""): {"entries": 1, "logged": 90, "verified": 90}
    }


def test_hours_count_for_what_they_were_given_for() -> None:
    history = [
        logged(project_id="p1", group_id="g1", opportunity_id="opp-1"),
        logged("hours-2", asset_id="drain-1", minutes=10),
        verified(),
    ]
    assert tallied(BY_CAUSE, *history) == {
        ("riverton", "p1", "g1", "opp-1", "", "2026"): {"entries": 1, "logged": 90, "verified": 90},
        ("riverton", "", "", "", "drain-1", "2026"): {"entries": 1, "logged": 10},
    }


def test_a_volunteer_s_hours_add_up_over_everything() -> None:
    history = [logged(), logged("hours-2", minutes=30), logged("hours-3", by=BEN), verified()]
    assert tallied(BY_VOLUNTEER, *history) == {
        ("riverton", ANN, "2026"): {"entries": 2, "logged": 120, "verified": 90},
        ("riverton", BEN, "2026"): {"entries": 1, "logged": 90},
    }


def test_hours_of_nobody_named_count_for_the_city_alone() -> None:
    entry = logged().model_copy(update={"participant": None})
    assert tallied(BY_VOLUNTEER, entry) == {}
    assert tallied(BY_DAY, entry) == {DAY: {"entries": 1, "logged": 90}}
