"""Stewards are told when they are expected; what is missed is told once, in whatever order events come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.stewardship import (
    AdoptionCheckInDue,
    AdoptionCheckInOverdue,
    AdoptionLapsed,
    AdoptionReleased,
)
from projections.views import assets, tenure
from tests.support.build import ANN, BEN, when
from tests.support.builders.stewardship import (
    adopted,
    due,
    lapsed,
    looked_after,
    overdue,
    registered,
    released,
    retired,
    transferred,
)
from tests.support.follow_ups import Logged, Story
from tests.support.histories_stewardship import STEWARDSHIP_EVENT
from tests.support.spec import given

DUTIES = next(one for one in FOLLOW_UPS if one.name == "steward_duties")


def on(day: str, clock: str = "12:00:00") -> str:
    """A time of 2026 by month and day."""
    return f"2026-{day}T{clock}-04:00"


START, D1, G1, D2, G2, D3, G3 = (
    on(day) for day in ("04-01", "05-01", "05-08", "05-31", "06-07", "06-30", "07-07")
)
LONG_AFTER = "2028-01-01T00:00:00Z"


def story(*events: Event) -> Story:
    return Story(DUTIES, when(START)).told(*events)


def adopting(**data: object) -> Story:
    return story(registered(at=START), adopted(at=START, **data))  # type: ignore[arg-type]


def facts(told: Story) -> list[tuple[str, str]]:
    """What was told, in short, with the day of 2026 that it is about."""
    return [_fact(event) for event in told.published]


def _fact(event: Event) -> tuple[str, str]:
    name = event.type.removeprefix("org.citiesofservice.").removesuffix(".v1")
    about: datetime = getattr(event.data, "due_at", event.time)
    return name, f"{about.astimezone(event.time.tzinfo):%m-%d}"


def a_due(day: str) -> tuple[str, str]:
    return "adoption.check_in_due", day


def a_miss(day: str) -> tuple[str, str]:
    return "adoption.check_in_overdue", day


def a_lapse(day: str) -> tuple[str, str]:
    return "adoption.lapsed", day


def test_a_check_in_is_due_one_cadence_after_the_start_and_not_before() -> None:
    told = adopting().until(on("05-01", "11:59:59"))
    assert told.data == []
    assert told.until(D1).data == [
        AdoptionCheckInDue(rule="adoption.check_in_due", adoption_id="a1", due_at=when(D1))
    ]
    (event,) = told.published
    assert (event.time.isoformat(), event.participant, event.key) == (D1, ANN, "riverton/drain-1")


def test_it_is_overdue_when_the_grace_ends() -> None:
    told = adopting().until(on("05-08", "11:59:59"))
    assert facts(told) == [a_due("05-01")]
    assert told.until(G1).data[1:] == [
        AdoptionCheckInOverdue(rule="adoption.check_in_overdue", adoption_id="a1", due_at=when(D1), missed=1)
    ]
    assert told.published[-1].time.isoformat() == G1


def test_three_missed_in_a_row_end_the_adoption_once() -> None:
    told = adopting().until(LONG_AFTER)
    assert facts(told) == [
        *(a_due("05-01"), a_miss("05-01")),
        *(a_due("05-31"), a_miss("05-31")),
        *(a_due("06-30"), a_miss("06-30")),
        a_lapse("06-30"),
    ]
    assert told.data[-1] == AdoptionLapsed(
        rule="adoption.lapsed_after_missed", adoption_id="a1", due_at=when(D3), missed=3
    )
    assert told.published[-1].time.isoformat() == G3
    assert told.due() == []
    assert told.state["adoption"] is None


def test_a_steward_of_every_day_has_a_day_of_grace() -> None:
    assert facts(adopting(days=1).until(on("04-03"))) == [a_due("04-02"), a_miss("04-02"), a_due("04-03")]


def test_a_check_in_moves_the_due_date_and_the_old_one_never_comes() -> None:
    told = adopting().told(looked_after(at=on("04-20")))
    assert facts(told.until(on("05-19"))) == []
    assert facts(told.until(on("05-20"))) == [a_due("05-20")]


def test_a_check_in_that_is_told_when_it_was_due_already_is_in_time() -> None:
    told = adopting().until(on("05-05")).told(looked_after(at=on("04-30")))
    assert facts(told.until(on("05-29"))) == [a_due("05-01")]
    assert facts(told.until(on("05-30"))) == [a_due("05-01"), a_due("05-30")]


@pytest.mark.parametrize("day", ["04-30", "05-01", "05-08"])
def test_a_check_in_that_was_in_time_breaks_the_row_though_its_miss_was_told(day: str) -> None:
    """The miss stays told; the adoption does not lapse by it."""
    told = adopting().until(on("05-10")).told(looked_after(at=on(day)))
    assert told.state["missed"] == []
    again = when(on(day)) + timedelta(days=30)
    assert told.due() == [again.astimezone(UTC).isoformat()]
    assert a_lapse("06-30") not in facts(told.until(G3))


def test_a_check_in_told_late_leaves_what_was_missed_since() -> None:
    told = adopting().until(on("06-10")).told(looked_after(at=on("04-30")))
    assert told.state["missed"] == [when(D2)]
    assert facts(told.until(LONG_AFTER))[-3:] == [a_due("07-30"), a_miss("07-30"), a_lapse("07-30")]


def test_a_check_in_older_than_the_last_changes_nothing() -> None:
    told = adopting().told(looked_after(at=on("04-20")), looked_after(at=on("04-10")))
    assert facts(told.until(on("05-20"))) == [a_due("05-20")]


def test_who_comes_after_the_grace_has_missed_it_though_nobody_had_told_it_yet() -> None:
    """The sweeper was late: time counts, not the order in which things came to be known."""
    told = adopting().until(D1).told(looked_after(at=on("05-09")))
    assert facts(told.until(on("05-09"))) == [a_due("05-01"), a_miss("05-01")]
    assert told.state["missed"] == []
    assert facts(told.until(on("06-08"))) == [a_due("05-01"), a_miss("05-01"), a_due("06-08")]


def test_who_comes_after_two_periods_that_nobody_swept_has_missed_both_and_stays() -> None:
    told = adopting().told(looked_after(at=on("06-10")))
    assert facts(told.until(on("06-10"))) == [a_miss("05-01"), a_miss("05-31")]
    assert [one.missed for one in told.data if isinstance(one, AdoptionCheckInOverdue)] == [1, 2]
    assert facts(told.until(on("07-10")))[2:] == [a_due("07-10")]


def test_a_check_in_that_meets_the_overdue_on_its_way_breaks_the_row() -> None:
    """It had fired, and stands in the log behind the check-in."""
    met = overdue(at=G1, due_at=when(D1))
    told = adopting().told(looked_after(at=on("05-08")), met)
    assert told.state["missed"] == []
    assert facts(told.until(on("06-07"))) == [a_due("06-07")]


def test_due_and_check_in_in_either_order_wait_for_the_same() -> None:
    pair = [due(at=D1), looked_after(at=on("05-02"))]
    for first, second in (pair, pair[::-1]):
        told = adopting().told(first, second)
        assert told.due() == ["2026-06-01T16:00:00+00:00"]


def test_a_check_in_told_after_the_lapse_does_not_undo_it() -> None:
    told = adopting().until(G3).told(looked_after(at=on("06-29")))
    assert told.state["adoption"] is None
    assert facts(told.until(LONG_AFTER))[-1] == a_lapse("06-30")


def test_a_check_in_between_the_third_miss_and_the_lapse_breaks_the_row_until_the_lapse_is_told() -> None:
    """A lapse that is on its way cannot be called back."""
    misses = [overdue(at=end, due_at=when(day)) for day, end in ((D1, G1), (D2, G2))]
    told = adopting().told(*misses, looked_after(at=on("06-29")), lapsed(at=G3, due_at=when(D3)))
    assert (told.state["adoption"], told.due()) == (None, [])


@pytest.mark.parametrize(
    "end", [released(at=on("04-20")), released(at=on("04-20"), reason="by_city"), lapsed(at=on("04-20"))]
)
def test_nothing_is_due_after_the_end(end: Event) -> None:
    assert facts(adopting().told(end).until(LONG_AFTER)) == []


def test_a_release_told_late_ends_what_is_due() -> None:
    told = adopting().until(on("05-02")).told(released(at=on("04-20")))
    assert facts(told.until(LONG_AFTER)) == [a_due("05-01")]


def test_an_adoption_that_was_ended_first_does_not_begin() -> None:
    assert story(released(at=START), adopted(at=START)).until(LONG_AFTER).data == []


def test_a_check_in_told_before_the_start_counts() -> None:
    told = story(looked_after(at=on("04-20")), adopted(at=START))
    assert facts(told.until(on("05-20"))) == [a_due("05-20")]
    assert told.state["early"] == {}


def test_check_ins_of_adoptions_that_never_begin_are_forgotten_in_the_end() -> None:
    told = story(*(looked_after(adoption=f"x{n}", at=START) for n in range(30)))
    assert len(told.state["early"]) == 20


def test_a_transfer_keeps_the_adoption_and_gives_the_new_steward_a_whole_cadence() -> None:
    told = adopting().until(on("06-10")).told(transferred(at=on("06-10")))
    assert told.state["missed"] == []
    assert told.state["adoption"]["adoption_id"] == "a1"
    assert told.state["adoption"]["cadence_days"] == 30
    told.until(on("07-10"))
    assert facts(told)[4:] == [a_due("07-10")]
    assert [event.participant for event in told.published] == [ANN] * 4 + [BEN]


def test_a_transfer_that_is_told_late_still_names_the_new_steward() -> None:
    told = adopting().told(looked_after(at=on("04-20")), transferred(at=on("04-10")))
    (event,) = told.until(on("05-20")).published
    assert (event.participant, _fact(event)) == (BEN, a_due("05-20"))


def test_a_group_that_takes_over_is_reminded_under_no_name() -> None:
    told = adopting().told(transferred(at=START, to_ref=None, to_group_id="g1"))
    assert [event.participant for event in told.until(D1).published] == [None]


def test_a_second_adoption_is_refused_and_the_first_goes_on() -> None:
    told = adopting().told(adopted(adoption="a2", by=BEN, at=on("04-10"), days=7))
    (event,) = told.published
    assert (event.participant, event.data.model_dump()) == (
        BEN,
        {"rule": "adoption.refused", "adoption_id": "a2", "reason": "taken"},
    )
    assert facts(told.until(D1))[1:] == [a_due("05-01")]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (registered(not_adoptable_because="under_repair"), "not_adoptable"),
        (retired(), "asset_retired"),
    ],
    ids=["not_adoptable", "retired"],
)
def test_what_nobody_may_adopt_is_refused_with_the_reason(before: Event, reason: str) -> None:
    told = story(before, adopted(at=START))
    assert [one.model_dump()["reason"] for one in told.data] == [reason]
    assert told.until(LONG_AFTER).state["adoption"] is None


def test_an_adoption_refused_once_does_not_begin_later() -> None:
    told = adopting().told(adopted(adoption="a2", by=BEN), released(at=START), adopted(adoption="a2", by=BEN))
    assert told.state["adoption"] is None
    assert [_fact(event)[0] for event in told.published] == ["adoption.refused"]


def test_a_thing_that_is_retired_releases_its_steward_and_says_why() -> None:
    told = adopting().told(retired(at=on("04-20"), reason="removed"))
    assert told.data == [
        AdoptionReleased(
            adoption_id="a1", reason="asset_retired", retired_because="removed", rule="adoption.asset_retired"
        )
    ]
    assert told.published[0].participant == ANN
    assert told.until(LONG_AFTER).due() == []


def test_the_same_event_again_changes_nothing() -> None:
    events = [registered(at=START), adopted(at=START), looked_after(at=on("04-20")), retired(at=on("04-25"))]
    assert facts(story(*events, *events)) == facts(story(*events))


def test_the_same_history_makes_the_same_ids() -> None:
    """So that whoever repeats it repeats what is known."""
    events = [registered(at=START), adopted(at=START), adopted(adoption="a2", by=BEN, at=START)]
    first, second = (story(*events).until(LONG_AFTER) for _ in range(2))
    assert [event.id for event in first.published] == [event.id for event in second.published]
    assert len({event.id for event in first.published}) == 8


def test_one_big_step_tells_what_many_small_ones_tell() -> None:
    small = adopting(days=9)
    for day in range(120):
        small.until((when(START) + timedelta(days=day)).isoformat())
    assert facts(small) == facts(adopting(days=9).until(small.now.isoformat()))


@for_any(history=st.lists(STEWARDSHIP_EVENT, max_size=20))
@settings(max_examples=150, deadline=None)
def test_the_read_model_and_the_follow_up_agree_on_who_has_the_thing(history: list[Event]) -> None:
    """Whatever happens, and with all that follows from it in between."""
    told = Logged(DUTIES, when(START))
    told.told(registered(at=START), *history).until(LONG_AFTER)
    thing = given(assets.VIEW, *told.log).document
    assert {name: thing[name] for name in tenure.FIELDS} == {name: told.state[name] for name in tenure.FIELDS}


@for_any(history=st.lists(STEWARDSHIP_EVENT, max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_history_comes_to_rest_and_asks_for_nothing_twice(history: list[Event]) -> None:
    told = story(*history).until("2040-01-01T00:00:00Z")
    assert told.due() == []
    ids = [event.id for event in told.published]
    assert len(set(ids)) == len(ids)
