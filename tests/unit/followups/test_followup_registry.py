"""Follow-ups and read models share one database: what each stores has a name of its own."""

from collections import Counter

from consumers.followups.registry import FOLLOW_UPS
from projections.registry import PROJECTIONS


def test_stored_names_are_permanent() -> None:
    """Renaming one of these abandons its states, and its timers with them."""
    assert [one.group for one in FOLLOW_UPS] == [
        "townhall.request_deadlines.v1",
        "townhall.session_watch.v1",
        "townhall.opportunity_sessions.v1",
        "townhall.attendance_hours.v1",
    ]


def test_nothing_is_stored_in_the_same_place_as_something_else() -> None:
    everyone = (*PROJECTIONS, *FOLLOW_UPS)
    names = Counter(name for one in everyone for name in one.collections)
    assert [name for name, times in names.items() if times > 1] == []
    assert len({one.group for one in everyone}) == len(everyone)
