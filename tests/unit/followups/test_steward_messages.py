"""Stewards and those who wait hear what concerns them, each once, in whatever order events come."""

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.stewardship import AdoptionReleased
from tests.support.build import ANN, BEN, event
from tests.support.builders.stewardship import (
    adopted,
    due,
    lapsed,
    looked_after,
    offered,
    overdue,
    refused,
    registered,
    released,
    retired,
    transferred,
    updated,
    waits,
    waits_no_longer,
)
from tests.support.follow_ups import Story

MESSAGES = next(one for one in FOLLOW_UPS if one.name == "steward_messages")
CAT = "cat-pseudonym-0003"
D1, D1_UTC = "2026-05-01T09:30:00-04:00", "2026-05-01T13:30:00+00:00"


def story(*events: Event) -> Story:
    return Story(MESSAGES).told(*events)


def heard(told: Story) -> list[tuple[str | None, str]]:
    return [(one.recipient, one.template) for one in told.notices]


def adopting(*events: Event) -> Story:
    """Ann has adopted it and was told so; what she and others hear after that."""
    told = story(registered(), adopted())
    told.notices.clear()
    return told.told(*events)


def fields(told: Story) -> dict[str, str]:
    return dict(told.notices[-1].fields)


# --- adoptions ----------------------------------------------------------------------------------------


def test_who_adopts_is_thanked_once_and_told_how_often_they_are_expected() -> None:
    told = story(registered(), adopted(), adopted())
    assert heard(told) == [(ANN, "adoption_started")]
    assert fields(told) == {"cadence_days": "30"}
    assert told.notices[0].about == "drain-1"


def test_an_adoption_that_did_not_begin_is_answered_by_its_refusal_alone() -> None:
    told = adopting(adopted(adoption="a2", by=BEN), refused())
    assert heard(told) == [(BEN, "adoption_refused")]
    assert fields(told) == {"reason": "taken"}


def test_who_adopts_for_a_group_is_told_as_the_steward() -> None:
    told = story(registered(), adopted(group_id="g1"), due())
    assert heard(told) == [(ANN, "adoption_started"), (ANN, "check_in_due")]


def test_a_new_steward_is_told_and_expected_from_then_on() -> None:
    told = adopting(transferred(), transferred(), due())
    assert heard(told) == [(BEN, "adoption_transferred"), (BEN, "check_in_due")]
    assert told.notices[0].fields == {"cadence_days": "30"}


def test_a_group_that_it_was_passed_on_to_has_no_person_to_tell() -> None:
    to_group = transferred(to_ref=None, to_group_id="g1")
    assert heard(adopting(to_group, due(), overdue(), lapsed(), released(), retired())) == []


def test_what_is_passed_on_after_it_ended_is_told_to_nobody() -> None:
    assert heard(adopting(lapsed(), transferred())) == [(ANN, "adoption_lapsed")]


# --- check-ins ----------------------------------------------------------------------------------------


def test_a_check_in_that_is_due_is_told_until_the_grace_ends() -> None:
    told = adopting(due(at=D1))
    assert heard(told) == [(ANN, "check_in_due")]
    assert fields(told) == {"due_at": D1_UTC, "until_at": "2026-05-08T13:30:00+00:00"}


def test_one_that_was_missed_says_how_many_are_left_until_the_next_grace_ends() -> None:
    told = adopting(overdue(at=D1, missed=1))
    assert heard(told) == [(ANN, "check_in_overdue")]
    assert fields(told) == {"due_at": D1_UTC, "left": "2", "until_at": "2026-06-07T13:30:00+00:00"}


def test_the_last_miss_is_told_as_the_lapse_alone() -> None:
    told = adopting(overdue(missed=3), lapsed(), lapsed(), due())
    assert heard(told) == [(ANN, "adoption_lapsed")]
    assert fields(told) == {"missed": "3"}


def test_what_is_due_of_an_adoption_that_does_not_stand_is_told_to_nobody() -> None:
    assert heard(adopting(due(adoption="a0"), overdue(adoption="a0"), lapsed(adoption="a0"))) == []
    assert heard(story(registered(), due(), overdue(), lapsed())) == []


def test_a_visit_is_no_news_to_the_steward() -> None:
    assert heard(adopting(looked_after(), updated())) == []


# --- the end ------------------------------------------------------------------------------------------


def test_who_gives_it_back_is_thanked_once() -> None:
    assert heard(adopting(released(), released())) == [(ANN, "adoption_given_back")]


def test_what_the_city_ends_is_told_with_the_reason() -> None:
    told = adopting(event("drain-1", AdoptionReleased(adoption_id="a1", reason="by_city")))
    assert heard(told) == [(ANN, "adoption_ended")]
    assert fields(told) == {"reason": "by_city"}


def test_a_thing_that_is_retired_ends_the_adoption_with_its_reason_once() -> None:
    so = AdoptionReleased(adoption_id="a1", reason="asset_retired", retired_because="replaced", rule="x")
    told = adopting(retired(reason="replaced"), event("drain-1", so, participant=ANN), retired())
    assert heard(told) == [(ANN, "adoption_ended")]
    assert fields(told) == {"reason": "replaced"}


# --- waiting ------------------------------------------------------------------------------------------


def test_who_waits_is_told_their_place_and_then_that_it_is_theirs_to_take() -> None:
    told = adopting(waits(), waits(), waits(entry="w2", by=CAT))
    assert heard(told) == [(BEN, "adoption_waiting"), (CAT, "adoption_waiting")]
    assert [one.fields["position"] for one in told.notices] == ["1", "2"]
    told.told(released(), offered(expires=D1))
    assert heard(told)[-1] == (BEN, "adoption_offered")
    assert fields(told) == {"expires_at": D1_UTC, "until_at": D1_UTC}


def test_an_offer_to_one_who_has_left_is_told_to_nobody() -> None:
    told = adopting(waits(), waits_no_longer(), offered())
    assert heard(told) == [(BEN, "adoption_waiting")]


def test_an_offer_that_expired_is_told_and_what_they_did_themselves_is_not() -> None:
    left = [waits_no_longer(reason=reason) for reason in ("withdrawn", "declined", "adopted")]
    for one in left:
        assert heard(adopting(waits(), one)) == [(BEN, "adoption_waiting")]
    told = adopting(waits(), waits_no_longer(reason="offer_expired"), waits_no_longer(reason="offer_expired"))
    assert heard(told) == [(BEN, "adoption_waiting"), (BEN, "adoption_waiting_ended")]


def test_who_waits_for_a_thing_that_is_gone_is_told_by_the_rule_that_says_so() -> None:
    told = adopting(
        waits(), retired(), waits_no_longer(reason="asset_retired", rule="adoption.asset_retired")
    )
    assert heard(told)[1:] == [(ANN, "adoption_ended"), (BEN, "adoption_waiting_ended")]


def test_who_finds_no_place_on_the_list_is_told_that_and_no_place() -> None:
    told = adopting(*(waits(entry=f"w{n}", by=f"wait-pseudonym-{n:04}") for n in range(50)))
    told.notices.clear()
    told.told(waits(entry="late"), waits_no_longer(entry="late", reason="list_full", rule="adoption.full"))
    assert heard(told) == [(BEN, "adoption_waiting_ended")]


@pytest.mark.parametrize("one", [registered(), updated(), looked_after(), retired(), offered(), overdue()])
def test_nobody_is_told_of_what_nobody_has(one: Event) -> None:
    assert heard(story(one)) == []
