"""A thing that is free is offered to the first who waits, and when they do not take it, to the next."""

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from projections.views.tenure import WAITING_MOST
from tests.support.build import ANN, BEN, when
from tests.support.builders.stewardship import (
    adopted,
    registered,
    released,
    retired,
    updated,
    waits,
    waits_no_longer,
)
from tests.support.follow_ups import Story

DUTIES = next(one for one in FOLLOW_UPS if one.name == "steward_duties")
CLEO = "cleo-pseudonym-003"
START, FREE, NEXT_DAY, EXPIRES, THEN = (
    f"2026-{day}T12:00:00-04:00" for day in ("04-01", "04-10", "04-11", "04-17", "04-24")
)
LONG_AFTER = "2028-01-01T00:00:00Z"


def story(*events: Event) -> Story:
    return Story(DUTIES, when(START)).told(*events)


def wanted() -> Story:
    """Ann has the thing, and Ben and Cleo wait for it."""
    queue = [waits(entry="ben", by=BEN, at=START), waits(entry="cleo", by=CLEO, at=START)]
    return story(registered(at=START), adopted(at=START), *queue)


def freed() -> Story:
    return wanted().told(released(at=FREE))


def facts(told: Story) -> list[tuple[str, str, str | None]]:
    """The kind of each event told, whom or what it is about, and its reason."""
    return [_fact(event) for event in told.published]


def _fact(event: Event) -> tuple[str, str, str | None]:
    data = event.data.model_dump()
    about = data.get("entry_id") or data["adoption_id"]
    return event.type.split(".")[-2], about, data.get("reason")


def test_nobody_is_offered_what_somebody_has() -> None:
    assert facts(wanted()) == []


def test_a_free_thing_is_offered_to_the_first_who_waits() -> None:
    told = freed()
    (event,) = told.published
    assert _fact(event) == ("waitlist_offered", "ben", None)
    assert (event.participant, event.time.isoformat()) == (BEN, FREE)
    assert event.data.model_dump()["expires_at"] == when(EXPIRES)


def test_who_takes_the_offer_has_the_thing_and_waits_no_longer() -> None:
    told = freed().told(adopted(adoption="a2", by=BEN, entry_id="ben", at=NEXT_DAY))
    assert facts(told)[1:] == [("waitlist_left", "ben", "adopted")]
    assert told.state["adoption"]["steward"] == BEN
    assert facts(told.until(EXPIRES))[2:] == []


def test_the_same_person_needs_not_name_the_entry() -> None:
    told = freed().told(adopted(adoption="a2", by=BEN, at=NEXT_DAY))
    assert told.state["adoption"]["steward"] == BEN


def test_whoever_does_not_wait_first_is_refused() -> None:
    told = freed().told(adopted(adoption="a2", by=ANN, at=NEXT_DAY), adopted(adoption="a3", by=CLEO))
    assert facts(told)[1:] == [("refused", "a2", "others_wait"), ("refused", "a3", "others_wait")]


def test_an_offer_that_nobody_takes_expires_and_the_next_is_offered() -> None:
    told = freed().until(EXPIRES)
    assert facts(told)[1:] == [("waitlist_left", "ben", "offer_expired"), ("waitlist_offered", "cleo", None)]
    assert [event.participant for event in told.published[1:]] == [BEN, CLEO]
    assert facts(told.until(LONG_AFTER))[3:] == [("waitlist_left", "cleo", "offer_expired")]
    assert told.told(adopted(adoption="a2", by=ANN)).state["adoption"]["steward"] == ANN


def test_who_declines_makes_place_for_the_next() -> None:
    told = freed().told(waits_no_longer(entry="ben", reason="declined", at=NEXT_DAY))
    assert facts(told)[1:] == [("waitlist_offered", "cleo", None)]
    assert facts(told.until(EXPIRES))[2:] == []
    assert facts(told.until("2026-04-18T12:00:00-04:00"))[2:] == [("waitlist_left", "cleo", "offer_expired")]


def test_who_withdraws_before_it_is_free_is_not_offered_it() -> None:
    told = wanted().told(waits_no_longer(entry="ben", at=START), released(at=FREE))
    assert facts(told) == [("waitlist_offered", "cleo", None)]


def test_who_withdraws_from_the_end_changes_nothing_for_the_first() -> None:
    told = freed().told(waits_no_longer(entry="cleo", at=NEXT_DAY))
    assert facts(told) == [("waitlist_offered", "ben", None)]
    assert facts(told.until(LONG_AFTER))[1:] == [("waitlist_left", "ben", "offer_expired")]


def test_the_log_decides_between_taking_an_offer_and_its_end() -> None:
    took = adopted(adoption="a2", by=BEN, entry_id="ben", at="2026-04-17T11:59:59-04:00")
    ended = waits_no_longer(entry="ben", reason="offer_expired", rule="adoption.offer_expired", at=EXPIRES)
    assert freed().told(took, ended).state["adoption"]["steward"] == BEN
    late = freed().told(ended, took)
    assert late.state["adoption"] is None
    assert facts(late)[1:] == [("waitlist_offered", "cleo", None), ("refused", "a2", "others_wait")]


def test_who_waits_for_a_free_thing_is_offered_it_at_once() -> None:
    assert facts(story(registered(at=START), waits(at=START))) == [("waitlist_offered", "w1", None)]


def test_an_offer_rests_while_nobody_may_adopt_the_thing() -> None:
    told = freed().told(updated(not_adoptable_because="under_repair", at=NEXT_DAY))
    assert facts(told.until(THEN))[1:] == []
    told.told(updated(at=THEN))
    assert facts(told)[1:] == [("waitlist_offered", "ben", None)]
    assert told.due() == ["2026-05-01T16:00:00+00:00"]


def test_the_list_of_a_retired_thing_is_closed() -> None:
    told = freed().told(retired(at=NEXT_DAY))
    closed = [("waitlist_left", name, "asset_retired") for name in ("ben", "cleo")]
    assert facts(told)[1:] == closed
    assert facts(told.told(waits(entry="dan", at=THEN)))[3:] == [("waitlist_left", "dan", "asset_retired")]
    assert facts(told.until(LONG_AFTER))[4:] == []


def test_a_thing_that_is_back_can_be_waited_for_again() -> None:
    told = freed().told(retired(at=NEXT_DAY), registered(at=THEN), waits(entry="dan", at=THEN))
    assert facts(told)[-1] == ("waitlist_offered", "dan", None)


def test_a_list_is_full_some_day() -> None:
    queue = [waits(entry=f"w{n}", by=f"person-pseudonym-{n:03}", at=START) for n in range(WAITING_MOST + 2)]
    told = story(registered(at=START), adopted(at=START), *queue)
    assert facts(told) == [("waitlist_left", f"w{n}", "list_full") for n in (WAITING_MOST, WAITING_MOST + 1)]
    assert len(told.state["waiting"]) == WAITING_MOST


def test_an_entry_told_twice_or_after_it_left_waits_once() -> None:
    told = wanted().told(waits(entry="ben", by=BEN), waits_no_longer(entry="ben"), waits(entry="ben", by=BEN))
    assert [entry["entry_id"] for entry in told.state["waiting"]] == ["cleo"]
    assert facts(told) == []


def test_a_group_takes_its_offer_whoever_of_it_acts() -> None:
    told = story(registered(at=START), waits(entry="w1", group_id="g1", by=BEN, at=START))
    told.told(adopted(adoption="a2", by=ANN, group_id="g1", entry_id="w1", at=NEXT_DAY))
    assert told.state["adoption"]["group_id"] == "g1"
