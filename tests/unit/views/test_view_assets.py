"""What dashboards learn about things of the city, who takes care of them, and how they are."""

from datetime import UTC

import pytest

from events.envelope import Event
from projections.views.assets import ADOPTIONS_KEPT, CHECK_INS_KEPT, COVERAGE, NEEDS, READOPTIONS, VIEW
from projections.views.tenure import GONE_KEPT, WAITING_MOST
from tests.support.build import ANN, AT, BEN, when
from tests.support.builders.stewardship import (
    adopted,
    lapsed,
    looked_after,
    refused,
    registered,
    released,
    retired,
    transferred,
    updated,
    waits,
    waits_no_longer,
)
from tests.support.spec import given, tallied

EARLY, LATE = "2026-03-01T08:00:00-05:00", "2026-06-01T18:00:00-04:00"
NORTH = ("riverton", "storm_drain", "north")
NOWHERE = ("riverton", "storm_drain", "")


def has(adoption: str = "a1", by: str | None = ANN, group: str | None = None) -> dict[str, object]:
    return {
        "adoption_id": adoption,
        "steward": by,
        "group_id": group,
        "cadence_days": 30,
        "since": when(AT).astimezone(UTC),
    }


def test_a_registered_thing_stands_with_all_that_was_told() -> None:
    facts = {"name": "Gowanus 114", "feed": "basins", "external_id": "0114", "neighbourhood_id": "north"}
    given(VIEW, registered(at=EARLY, lat=40.7, long=-74.0, priority=True, **facts)).then(
        {
            "city": "riverton",
            "asset_id": "drain-1",
            "asset_type": "storm_drain",
            **facts,
            "point": {"type": "Point", "coordinates": [-74.0, 40.7]},
            "priority": True,
            "revision": 1,
            "registered_at": when(EARLY),
            "retired_at": None,
            "retired_because": None,
            "state": "free",
            "retired": False,
            "not_adoptable_because": None,
            "adoption": None,
            "waiting": [],
            "gone": [],
            "nickname": None,
            "free_since": None,
            "adoptions": [],
            "adoptions_total": 0,
            "readoptions": {},
            "condition": None,
            "needs": [],
            "checked_in_at": None,
            "check_ins": [],
            "check_ins_total": 0,
            "updated_at": when(EARLY),
        }
    )


def test_an_update_tells_all_facts_anew() -> None:
    after = given(VIEW, registered(name="A drain", lat=40.7, long=-74.0), updated(at=LATE, priority=True))
    after.shows(name=None, point=None, priority=True, registered_at=when(AT), updated_at=when(LATE))


def test_what_is_only_updated_is_known_though_it_was_never_registered() -> None:
    given(VIEW, updated()).shows(state="free", registered_at=None)
    assert tallied(COVERAGE, updated()) == {NOWHERE: {"assets": 1, "adoptable": 1}}


def test_a_retired_thing_is_back_when_it_is_registered_again() -> None:
    history = [registered(at=EARLY), retired(at=AT, reason="missing_from_feed")]
    given(VIEW, *history).shows(state="retired", retired_at=when(AT), retired_because="missing_from_feed")
    assert tallied(COVERAGE, *history) == {NOWHERE: {"retired": 1}}
    given(VIEW, *history, updated()).shows(state="retired")
    given(VIEW, *history, registered(at=LATE)).shows(
        state="free", retired_at=None, retired_because=None, registered_at=when(LATE)
    )


def test_the_first_who_adopts_has_it_and_another_adoption_does_not_replace_it() -> None:
    first = adopted(adoption="a1", nickname="Drainy McDrainface")
    after = given(VIEW, registered(), first, adopted(adoption="a2", by=BEN))
    after.shows(state="adopted", adoption=has(), nickname="Drainy McDrainface", adoptions_total=1)
    given(VIEW, registered(), first, adopted(adoption="a2", by=BEN), refused(adoption="a2")).shows(
        adoption=has(), adoptions_total=1
    )


def test_the_same_adoption_told_twice_is_as_it_was_told_first() -> None:
    given(VIEW, registered(), adopted(days=30), adopted(days=7, by=BEN)).shows(adoption=has())


def test_nobody_adopts_what_is_retired_or_may_not_be_adopted() -> None:
    given(VIEW, registered(), retired(), adopted()).shows(state="retired", adoption=None)
    barred = registered(not_adoptable_because="under_repair")
    given(VIEW, barred, adopted()).shows(state="not_adoptable", adoption=None)
    assert tallied(COVERAGE, barred) == {NOWHERE: {"assets": 1}}


def test_a_thing_that_may_no_longer_be_adopted_keeps_its_steward_and_leaves_the_coverage() -> None:
    history = [registered(), adopted(), updated(not_adoptable_because="under_repair")]
    given(VIEW, *history).shows(state="adopted", adoption=has())
    assert tallied(COVERAGE, *history) == {NOWHERE: {"assets": 1}}


@pytest.mark.parametrize(
    ("end", "by"),
    [
        (lapsed(at=LATE), "lapsed"),
        (released(at=LATE), "by_steward"),
        (released(at=LATE, reason="by_city"), "by_city"),
        (refused(adoption="a1", at=LATE), "refused"),
    ],
    ids=["lapsed", "by_steward", "by_city", "refused"],
)
def test_an_adoption_that_ended_leaves_the_thing_free_and_its_trace(end: Event, by: str) -> None:
    after = given(VIEW, registered(), adopted(nickname="Drainy"), end)
    after.shows(state="free", adoption=None, nickname=None, free_since=when(LATE), gone=["a1"])
    (told,) = after.document["adoptions"]
    assert told == {
        "adoption_id": "a1",
        "started_at": when(AT),
        "ended_at": when(LATE),
        "ended_by": by,
    }


def test_how_many_whole_days_a_thing_was_free_counts_in_the_month_of_the_next_adoption() -> None:
    ended, again = "2026-04-29T12:00:00-04:00", "2026-05-02T11:59:59-04:00"
    history = [registered(), adopted(), released(at=ended), adopted(adoption="a2", at=again)]
    given(VIEW, *history).shows(state="adopted", free_since=None, adoptions_total=2)
    assert tallied(READOPTIONS, *history) == {("riverton", "2026-05", "2"): {"readoptions": 1}}
    assert tallied(READOPTIONS, registered(), adopted()) == {}


def test_a_thing_that_was_gone_meanwhile_has_waited_for_nobody() -> None:
    history = [registered(), adopted(), released(at=AT), retired(at=LATE), registered(at=LATE)]
    given(VIEW, *history).shows(state="free", free_since=None)
    assert tallied(READOPTIONS, *history, adopted(adoption="a2", at=LATE)) == {}


def test_a_time_told_late_makes_no_gap_below_zero() -> None:
    history = [adopted(), released(at=LATE), adopted(adoption="a2", at=EARLY)]
    assert tallied(READOPTIONS, *history) == {("riverton", "2026-03", "0"): {"readoptions": 1}}


def test_what_the_city_had_given_up_was_not_waiting_for_a_steward() -> None:
    history = [registered(), adopted(), retired(), registered(), adopted(adoption="a2", at=LATE)]
    assert tallied(READOPTIONS, *history) == {}


def test_a_retired_thing_has_no_steward_and_nobody_waits_for_it() -> None:
    after = given(VIEW, registered(), adopted(), waits(), retired(at=LATE))
    after.shows(adoption=None, waiting=[], free_since=None, gone=["a1", "w1"])
    assert after.document["adoptions"][0]["ended_by"] == "asset_retired"
    given(VIEW, registered(), adopted(), retired(), released(reason="by_city")).shows(gone=["a1"])


def test_what_ended_before_it_was_told_to_begin_does_not_begin() -> None:
    given(VIEW, registered(), released(), adopted()).shows(state="free", adoption=None, adoptions_total=0)
    given(VIEW, waits_no_longer(), waits()).shows(waiting=[])


def test_a_transfer_keeps_the_adoption_and_names_another_steward() -> None:
    given(VIEW, registered(), adopted(), transferred(at=LATE)).shows(adoption=has(by=BEN), adoptions_total=1)
    to_group = transferred(to_ref=None, to_group_id="g1")
    given(VIEW, registered(), adopted(), to_group).shows(adoption=has(by=None, group="g1"))
    given(VIEW, registered(), adopted(), transferred(adoption="a9")).shows(adoption=has())


def test_who_waits_first_may_adopt_and_leaves_the_list() -> None:
    def entry(name: str, by: str) -> dict[str, object]:
        return {"entry_id": name, "participant": by, "group_id": None}

    history = [
        registered(),
        adopted(),
        waits(entry="w1", by=BEN),
        waits(entry="w2", by=ANN),
        waits(entry="w1"),
    ]
    given(VIEW, *history).shows(waiting=[entry("w1", BEN), entry("w2", ANN)])
    assert tallied(COVERAGE, *history)[NOWHERE] == {
        "assets": 1,
        "adoptable": 1,
        "adopted": 1,
        "wanted": 1,
        "waiting": 2,
    }
    freed = [*history, lapsed()]
    given(VIEW, *freed, adopted(adoption="a2", by=ANN)).shows(state="free", adoption=None)
    given(VIEW, *freed, adopted(adoption="a2", by=BEN)).shows(
        adoption=has("a2", BEN), waiting=[entry("w2", ANN)]
    )
    by_entry = adopted(adoption="a2", by=ANN, entry_id="w1", group_id="g1")
    given(VIEW, *freed, by_entry).shows(adoption=has("a2", ANN, "g1"), waiting=[entry("w2", ANN)])
    given(VIEW, *freed, waits_no_longer(entry="w1"), adopted(adoption="a2", by=ANN)).shows(
        adoption=has("a2", ANN), waiting=[]
    )


def test_the_last_visit_says_how_the_thing_is() -> None:
    poor = looked_after(at=LATE, condition="urgent", needs=("broken_grate",))
    after = given(VIEW, registered(), adopted(), poor, looked_after(at=AT, tasks_done=("leaves",)))
    after.shows(condition="urgent", needs=["broken_grate"], checked_in_at=when(LATE), check_ins_total=2)
    assert after.document["check_ins"][-1] == {
        "at": when(AT),
        "adoption_id": "a1",
        "tasks_done": ["leaves"],
        "condition": "good",
        "needs": [],
    }


def test_attention_and_needs_are_counted_until_a_visit_finds_the_thing_good() -> None:
    poor = looked_after(at=AT, condition="attention", needs=("broken_grate", "broken_grate"))
    history = [registered(neighbourhood_id="north"), poor]
    assert tallied(NEEDS, *history) == {("riverton", "broken_grate"): {"assets": 1}}
    assert tallied(COVERAGE, *history) == {NORTH: {"assets": 1, "adoptable": 1, "attention": 1}}
    assert tallied(NEEDS, *history, looked_after(at=LATE)) == {}
    assert tallied(NEEDS, *history, retired()) == {}
    given(VIEW, *history, retired(), poor).shows(condition=None, check_ins_total=2)


def test_coverage_counts_adopted_things_and_those_the_city_asks_for_first() -> None:
    history = [
        registered("d1", priority=True, neighbourhood_id="north"),
        registered("d2", neighbourhood_id="north"),
        registered("d3", priority=True, neighbourhood_id="north"),
        adopted("d1", adoption="a1"),
        adopted("d2", adoption="a2"),
        lapsed("d2", adoption="a2"),
    ]
    assert tallied(COVERAGE, *history) == {
        NORTH: {"assets": 3, "adoptable": 3, "adopted": 1, "priority_adoptable": 2, "priority_adopted": 1}
    }


def test_a_thing_of_which_only_an_adoption_is_told_counts_once_its_facts_are() -> None:
    given(VIEW, adopted()).shows(state="adopted", asset_type=None)
    given(VIEW, looked_after()).shows(state="unknown", condition="good")
    assert tallied(COVERAGE, adopted()) == {}
    assert tallied(COVERAGE, adopted(), registered()) == {
        NOWHERE: {"assets": 1, "adoptable": 1, "adopted": 1}
    }


def test_what_a_document_remembers_is_bounded() -> None:
    visits = [looked_after() for _ in range(CHECK_INS_KEPT + 1)]
    queue = [waits(entry=f"w{n}") for n in range(WAITING_MOST + 1)]
    turns = [
        one for n in range(GONE_KEPT + 1) for one in (adopted(adoption=f"x{n}"), released(adoption=f"x{n}"))
    ]
    after = given(VIEW, *visits, *turns, *queue).document
    assert (len(after["check_ins"]), after["check_ins_total"]) == (CHECK_INS_KEPT, CHECK_INS_KEPT + 1)
    assert (len(after["adoptions"]), after["adoptions_total"]) == (ADOPTIONS_KEPT, GONE_KEPT + 1)
    assert (len(after["waiting"]), len(after["gone"])) == (WAITING_MOST, GONE_KEPT)
