"""What dashboards learn about community groups and who belongs to them."""

from projections.views.groups import BY_NEIGHBOURHOOD, MEMBERS, MEMBERSHIPS, VIEW
from tests.support.build import ANN, BEN, when
from tests.support.builders.groups import formed, joined, led_by, left
from tests.support.spec import given, tallied

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-02T18:00:00-04:00"
CAT = "cat-pseudonym-0003"


def test_a_formed_group_stands_with_all_that_was_told() -> None:
    event = formed("g7", at=EARLY, purpose="A clean bank", neighbourhood_id="north")
    given(VIEW, event).then(
        {
            "city": "riverton",
            "group_id": "g7",
            "name": "Bank walkers",
            "purpose": "A clean bank",
            "neighbourhood_id": "north",
            "leader_ref": ANN,
            "leaders": 1,
            "formed_at": when(EARLY),
            "updated_at": when(EARLY),
        }
    )


def test_the_leader_named_last_leads() -> None:
    after = given(VIEW, formed(at=EARLY), led_by(leader=BEN, at=LATE), led_by(leader=CAT, at=EARLY))
    after.shows(leader_ref=CAT, leaders=3, updated_at=when(LATE))


def test_a_leader_named_before_the_forming_is_told_stays() -> None:
    given(VIEW, led_by(leader=BEN)).shows(leader_ref=BEN, name=None, formed_at=None)
    given(VIEW, led_by(leader=BEN), formed(leader=ANN)).shows(leader_ref=BEN, name="Bank walkers")


def test_a_membership_stands_in_a_document_of_its_own() -> None:
    after = given(MEMBERSHIPS, joined("g1", by=BEN, at=EARLY))
    assert list(after.documents) == [f"riverton/g1/{BEN}"]
    after.then(
        {
            "city": "riverton",
            "group": "g1",
            "participant": BEN,
            "active": True,
            "since": when(EARLY),
            "left_by": None,
        }
    )


def test_joined_twice_is_once_and_since_the_first_time() -> None:
    told = [joined(at=EARLY), joined(at=LATE)]
    given(MEMBERSHIPS, *told).shows(since=when(EARLY))
    assert tallied(MEMBERS, *told) == {("riverton", "g1"): {"joined": 1}}


def test_left_and_joined_again_counts_once() -> None:
    told = [joined(at=EARLY), left(at=EARLY, ended_by="city"), joined(at=LATE)]
    given(MEMBERSHIPS, *told[:2]).shows(active=False, left_by="city")
    given(MEMBERSHIPS, *told).shows(active=True, since=when(LATE), left_by=None)
    assert tallied(MEMBERS, *told) == {("riverton", "g1"): {"joined": 1}}


def test_who_left_without_having_joined_does_not_count() -> None:
    assert tallied(MEMBERS, left()) == {}
    assert tallied(MEMBERS, joined(by=BEN), joined(by=CAT), left(by=BEN)) == {
        ("riverton", "g1"): {"joined": 1}
    }


def test_groups_are_counted_by_neighbourhood_once_their_forming_is_told() -> None:
    told = [formed("g1", neighbourhood_id="north"), formed("g2"), led_by("g3"), joined("g1")]
    assert tallied(BY_NEIGHBOURHOOD, *told) == {
        ("riverton", "north"): {"groups": 1},
        ("riverton", ""): {"groups": 1},
    }
