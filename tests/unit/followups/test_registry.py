"""The follow-ups, and what their names must not be."""

from consumers.followups.registry import BY_GROUP, FOLLOW_UPS
from projections.registry import PROJECTIONS, VIEWS


def test_stored_names_are_permanent() -> None:
    """Renaming one of these abandons its states and timers, and gives every event it derives another id."""
    assert list(BY_GROUP) == ["townhall.request_deadlines.v1", "townhall.steward_duties.v1"]


def test_no_follow_up_shares_checkpoints_or_collections_with_a_read_model() -> None:
    names = [one.name for one in (*PROJECTIONS, *FOLLOW_UPS)]
    assert len(set(names)) == len(names)
    assert set(VIEWS).isdisjoint(one.name for one in FOLLOW_UPS)
