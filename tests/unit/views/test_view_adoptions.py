"""What dashboards learn about adoptions, whether stewards come when they are expected, and waiting lists."""

from datetime import timedelta

import pytest

from events.envelope import Event
from projections.views import waitlist
from projections.views.adoptions import BY_MONTH, BY_STATE, MISSES_KEPT, VIEW
from projections.views.cadence import grace
from tests.support.build import ANN, BEN, when
from tests.support.builders.stewardship import (
    adopted,
    due,
    lapsed,
    looked_after,
    offered,
    overdue,
    refused,
    released,
    transferred,
    waits,
    waits_no_longer,
)
from tests.support.spec import given, tallied


def on(day: str) -> str:
    return f"2026-{day}T12:00:00-04:00"


START, DUE, GRACE_ENDS = on("04-01"), on("05-01"), on("05-08")


def missed(due_at: str = DUE, n: int = 1) -> Event:
    """Told at the end of the grace."""
    at = (when(due_at) + timedelta(days=7)).isoformat()
    return overdue(at=at, due_at=when(due_at), missed=n)


def counted(*history: Event) -> dict[str, dict[str, int]]:
    return {key[1]: sums for key, sums in tallied(BY_MONTH, *history).items()}


def test_an_adoption_stands_with_all_that_was_told() -> None:
    told = adopted(at=START, nickname="Drainy", group_id="g1", obligations=("leaves",), entry_id="w1")
    after = given(VIEW, told)
    assert list(after.documents) == ["riverton/drain-1/a1"]
    after.then(
        {
            "city": "riverton",
            "asset_id": "drain-1",
            "adoption_id": "a1",
            "state": "active",
            "steward": ANN,
            "group_id": "g1",
            "nickname": "Drainy",
            "cadence_days": 30,
            "obligations": ["leaves"],
            "entry_id": "w1",
            "started_at": when(START),
            "started_on": "2026-04-01",
            "transferred": 0,
            "ended_at": None,
            "ended_on": None,
            "ended_by": None,
            "retired_because": None,
            "cared_at": when(START),
            "check_ins": 0,
            "minutes": 0,
            "due_told": 0,
            "overdue_told": 0,
            "counts_from": when(START),
            "misses": [],
            "missed_in_a_row": 0,
            "months": {},
            "updated_at": when(START),
        }
    )


@pytest.mark.parametrize(("cadence", "expected"), [(1, 1), (7, 1), (8, 2), (14, 3), (28, 7), (365, 7)])
def test_the_grace_is_a_quarter_of_the_cadence_of_one_to_seven_days(cadence: int, expected: int) -> None:
    assert grace(cadence) == timedelta(days=expected)


@pytest.mark.parametrize("day", ["04-24", "05-01", "05-08"])
def test_a_check_in_from_a_grace_before_its_due_date_to_a_grace_after_is_kept(day: str) -> None:
    history = [adopted(at=START), looked_after(at=on(day), minutes=20)]
    given(VIEW, *history).shows(check_ins=1, minutes=20, counts_from=when(on(day)))
    assert counted(*history)[f"2026-{day[:2]}"]["kept"] == 1


def test_more_visits_make_nobody_more_reliable() -> None:
    days = ("04-02", "04-03", "04-30", "05-01", "05-02", "05-30")
    history = [adopted(at=START), *(looked_after(at=on(day)) for day in days)]
    assert counted(*history) == {
        "2026-04": {"started": 1, "check_ins": 3, "kept": 1},
        "2026-05": {"check_ins": 3, "kept": 1},
    }


def test_what_is_told_as_overdue_is_missed_in_the_month_in_which_the_grace_ends() -> None:
    history = [adopted(at=START), due(at=DUE), missed()]
    given(VIEW, *history).shows(due_told=1, overdue_told=1, missed_in_a_row=1)
    assert counted(*history) == {"2026-04": {"started": 1}, "2026-05": {"missed": 1}}
    assert counted(adopted(at=START, days=27), missed(on("04-28")))["2026-05"] == {"missed": 1}


def test_the_same_due_date_is_missed_once() -> None:
    assert counted(adopted(at=START), missed(), missed())["2026-05"] == {"missed": 1}


def test_a_check_in_after_the_grace_does_not_keep_what_was_missed() -> None:
    history = [adopted(at=START), missed(), looked_after(at=on("05-09"))]
    given(VIEW, *history).shows(missed_in_a_row=0, counts_from=when(DUE))
    assert counted(*history)["2026-05"] == {"check_ins": 1, "missed": 1}


@pytest.mark.parametrize("day", ["04-20", "05-01", "05-08"])
def test_a_check_in_that_was_in_time_is_kept_though_it_is_told_after_the_miss(day: str) -> None:
    history = [adopted(at=START), missed(), looked_after(at=on(day))]
    given(VIEW, *history).shows(overdue_told=1, misses=[], missed_in_a_row=0)
    sums = counted(*history)
    assert sum(month.get("missed", 0) for month in sums.values()) == 0
    assert sum(month.get("kept", 0) for month in sums.values()) == 1


def test_one_late_check_in_excuses_one_miss() -> None:
    history = [adopted(at=START), missed(), missed(on("05-31"), 2), looked_after(at=on("05-05"))]
    given(VIEW, *history).shows(missed_in_a_row=0)
    assert [one["due_at"] for one in given(VIEW, *history).document["misses"]] == [when(on("05-31"))]


def test_an_overdue_that_meets_the_check_in_on_its_way_misses_nothing() -> None:
    history = [adopted(at=START), looked_after(at=on("05-02")), missed()]
    given(VIEW, *history).shows(overdue_told=1, misses=[])
    assert counted(*history)["2026-05"] == {"check_ins": 1, "kept": 1}


def test_a_lapse_ends_it_after_three_in_a_row() -> None:
    dues = [on("05-01"), on("05-31"), on("06-30")]
    history = [adopted(at=START), *(missed(one, n) for n, one in enumerate(dues, 1)), lapsed(at=on("07-07"))]
    given(VIEW, *history).shows(
        state="lapsed",
        ended_by="lapsed",
        ended_at=when(on("07-07")),
        ended_on="2026-07-07",
        missed_in_a_row=3,
    )
    assert counted(*history)["2026-07"] == {"missed": 1, "ended": 1, "lapsed": 1}
    assert tallied(BY_STATE, *history) == {("riverton", "lapsed"): {"adoptions": 1}}


def test_the_first_end_counts_and_a_late_check_in_does_not_undo_it() -> None:
    history = [adopted(at=START), missed(), lapsed(at=on("07-07")), released(), looked_after(at=on("05-02"))]
    given(VIEW, *history).shows(state="lapsed", ended_by="lapsed", check_ins=1, misses=[])


def test_nothing_is_due_after_the_end() -> None:
    history = [adopted(at=START), released(at=on("04-20")), looked_after(at=on("05-01")), missed()]
    assert counted(*history) == {"2026-04": {"started": 1, "ended": 1}, "2026-05": {"check_ins": 1}}
    given(VIEW, *history).shows(overdue_told=1, misses=[])


def test_a_refused_adoption_counts_nowhere_but_as_refused() -> None:
    history = [adopted(adoption="a2", at=START), refused(adoption="a2")]
    given(VIEW, *history).shows(state="refused", ended_by="refused")
    assert (counted(*history), tallied(BY_STATE, *history)) == (
        {},
        {("riverton", "refused"): {"adoptions": 1}},
    )


def test_a_release_with_the_thing_says_why() -> None:
    gone = released(at=on("05-01"), reason="asset_retired", retired_because="removed")
    given(VIEW, adopted(at=START), gone).shows(
        state="released", ended_by="asset_retired", retired_because="removed"
    )


def test_a_new_steward_begins_with_nothing_missed_and_a_whole_cadence() -> None:
    history = [adopted(at=START), missed(), transferred(at=on("05-20"))]
    given(VIEW, *history).shows(
        state="active", steward=BEN, transferred=1, missed_in_a_row=0, counts_from=when(on("05-20"))
    )
    assert "kept" not in counted(*history, looked_after(at=on("06-01"))).get("2026-06", {})
    assert counted(*history, looked_after(at=on("06-19")))["2026-06"]["kept"] == 1
    given(VIEW, adopted(), transferred(to_ref=None, to_group_id="g1")).shows(steward=None, group_id="g1")


def test_events_of_an_adoption_whose_start_is_not_told_leave_their_trace() -> None:
    early = [looked_after(at=on("04-02")), due(), missed(), transferred()]
    given(VIEW, *early).shows(state="unknown", check_ins=1, due_told=1, overdue_told=1, steward=BEN)
    assert counted(*early) == {}
    given(VIEW, looked_after(at=on("04-20")), adopted(at=START)).shows(
        state="active", cared_at=when(on("04-20")), counts_from=when(START)
    )
    given(VIEW, released(), adopted(at=START)).shows(state="released", started_at=when(START))


def test_the_first_start_counts() -> None:
    given(VIEW, adopted(days=30), adopted(days=7, by=BEN)).shows(cadence_days=30, steward=ANN)


def test_the_misses_remembered_are_bounded() -> None:
    dues = [(when(START) + timedelta(days=30 * n)).isoformat() for n in range(1, MISSES_KEPT + 2)]
    history = [adopted(at=START), *(missed(one) for one in dues)]
    assert len(given(VIEW, *history).document["misses"]) == MISSES_KEPT
    assert sum(month.get("missed", 0) for month in counted(*history).values()) == MISSES_KEPT + 1


def test_an_entry_waits_is_offered_the_thing_and_leaves() -> None:
    history = [waits(at=START), offered(at=on("05-01"), expires=on("05-08"))]
    given(waitlist.VIEW, *history).then(
        {
            "city": "riverton",
            "asset_id": "drain-1",
            "entry_id": "w1",
            "participant": BEN,
            "group_id": None,
            "state": "offered",
            "joined_at": when(START),
            "offered_at": when(on("05-01")),
            "expires_at": when(on("05-08")),
            "left_at": None,
            "left_because": None,
            "updated_at": when(on("05-01")),
        }
    )
    gone = waits_no_longer(reason="offer_expired", at=on("05-08"))
    given(waitlist.VIEW, *history, gone, waits_no_longer()).shows(state="left", left_because="offer_expired")


def test_an_entry_that_left_before_it_is_told_to_wait_has_left() -> None:
    given(waitlist.VIEW, waits_no_longer(), waits()).shows(state="left", participant=BEN)
