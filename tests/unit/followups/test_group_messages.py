"""What a group's founder, leader and members hear."""

import pytest

from consumers.followups.group_messages import MEMBERS_KEPT
from consumers.followups.registry import FOLLOW_UPS
from tests.support.build import ANN, BEN
from tests.support.builders.groups import formed, joined, led_by, left
from tests.support.follow_ups import Story

MESSAGES = next(one for one in FOLLOW_UPS if one.name == "group_messages")
CAT = "cat-pseudonym-0003"


def story() -> Story:
    """A group that Ann formed and leads."""
    return Story(MESSAGES).told(formed(leader=ANN))


def heard(told: Story) -> list[tuple[str | None, str]]:
    return [(one.recipient, one.template) for one in told.notices]


def test_who_forms_a_group_gets_a_receipt_once() -> None:
    assert heard(story().told(formed(leader=ANN))) == [(ANN, "group_formed")]


def test_a_leader_who_did_not_send_it_hears_that_they_lead() -> None:
    told = Story(MESSAGES).told(formed(leader=BEN).model_copy(update={"participant": ANN}))
    assert heard(told) == [(ANN, "group_formed"), (BEN, "group_led")]
    assert heard(Story(MESSAGES).told(formed(leader=BEN).model_copy(update={"participant": None}))) == [
        (BEN, "group_formed")
    ]


def test_the_leader_hears_of_each_new_member_once() -> None:
    told = story().told(joined(by=BEN), joined(by=BEN), joined(by=CAT))
    assert heard(told)[1:] == [(ANN, "group_member_joined")] * 2


def test_who_left_and_comes_back_is_new_again() -> None:
    told = story().told(joined(by=BEN), left(by=BEN), joined(by=BEN))
    assert heard(told)[1:] == [(ANN, "group_member_joined")] * 2


def test_a_leader_who_joins_hears_nothing_of_it() -> None:
    assert heard(story().told(joined(by=ANN))) == [(ANN, "group_formed")]


def test_a_new_leader_is_told_and_so_are_all_who_belong() -> None:
    told = story().told(joined(by=BEN), joined(by=CAT), led_by(leader=BEN), led_by(leader=BEN))
    assert heard(told)[3:] == [(BEN, "group_led")]
    (to_all,) = told.announcements
    assert to_all.notice.template == "group_has_new_leader"
    assert to_all.to(BEN).id == told.notices[-1].id  # not told twice
    assert [(one.member, one.joins) for one in told.memberships] == [(BEN, True), (CAT, True)]
    assert heard(told.told(joined(by="dan-pseudonym-0004")))[-1] == (BEN, "group_member_joined")


def test_before_anybody_leads_it_nobody_hears_who_comes() -> None:
    told = Story(MESSAGES).told(joined(by=BEN))
    assert told.notices == []


@pytest.mark.parametrize("late", [ANN, BEN])
def test_a_leader_who_was_named_before_the_forming_is_told_stays(late: str) -> None:
    told = Story(MESSAGES).told(led_by(leader=BEN), formed(leader=late), joined(by=CAT))
    assert heard(told) == [(BEN, "group_led"), (late, "group_formed"), (BEN, "group_member_joined")]


def test_events_that_come_again_tell_nobody() -> None:
    events = [formed(leader=ANN), joined(by=BEN), led_by(leader=BEN), left(by=BEN)]
    told = Story(MESSAGES).told(*events, *events)
    assert (len(told.notices), len(told.announcements)) == (3, 1)


def test_of_a_large_group_the_last_who_joined_are_known() -> None:
    many = [joined(by=f"person-{n:010}") for n in range(MEMBERS_KEPT + 5)]
    told = story().told(*many)
    assert len(told.state["members"]) == MEMBERS_KEPT
    before = len(told.notices)
    told.told(joined(by="person-0000000005"))
    assert len(told.notices) == before
    told.told(joined(by="person-0000000004"))
    assert len(told.notices) == before + 1
