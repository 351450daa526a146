"""Hypothesis strategies: random histories of one thing, its adoptions and its waiting list."""

from hypothesis import strategies as st

from events.envelope import Event
from tests.support.build import when
from tests.support.builders import stewardship
from tests.support.histories import NOWHERE, PEOPLE

# Days apart, and some a cadence of a day or a month apart, so that check-ins meet their due dates.
TIMES = st.sampled_from(
    [f"2026-{day}T12:00:00-04:00" for day in ("04-01", "04-02", "04-03", "04-30", "05-01", "05-31", "06-30")]
)
ADOPTIONS = st.sampled_from(["a1", "a2"])
ENTRIES = st.sampled_from(["w1", "w2"])
GROUPS = st.sampled_from([None, "g1"])
PLACES = st.sampled_from([NOWHERE, {"lat": 40.7, "long": -74.0}])
FACTS = {
    "at": TIMES,
    "priority": st.booleans(),
    "neighbourhood_id": st.sampled_from([None, "north"]),
    "not_adoptable_because": st.sampled_from([None, "under_repair"]),
}
OF_ADOPTION = {"adoption": ADOPTIONS, "at": TIMES}

STEWARDSHIP_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(lambda place, **facts: stewardship.registered(**place, **facts), PLACES, **FACTS),
    st.builds(lambda place, **facts: stewardship.updated(**place, **facts), PLACES, **FACTS),
    st.builds(stewardship.retired, at=TIMES),
    st.builds(
        stewardship.adopted,
        **OF_ADOPTION,
        by=PEOPLE,
        days=st.sampled_from([1, 29, 30]),
        group_id=GROUPS,
        entry_id=st.one_of(st.none(), ENTRIES),
    ),
    st.builds(stewardship.refused, **OF_ADOPTION, by=PEOPLE),
    st.builds(
        lambda needs, **rest: stewardship.looked_after(
            needs=needs, condition="attention" if needs else "good", **rest
        ),
        st.sampled_from([(), ("broken_grate",), ("leaves", "leaves")]),
        **OF_ADOPTION,
        by=PEOPLE,
        minutes=st.sampled_from([None, 20]),
    ),
    st.builds(stewardship.due, **OF_ADOPTION),
    st.builds(
        lambda due, **rest: stewardship.overdue(due_at=when(due), **rest),
        TIMES,
        **OF_ADOPTION,
        missed=st.integers(1, 3),
    ),
    st.builds(stewardship.lapsed, **OF_ADOPTION),
    st.builds(stewardship.released, **OF_ADOPTION, reason=st.sampled_from(["by_steward", "by_city"])),
    st.builds(stewardship.transferred, **OF_ADOPTION),
    st.builds(stewardship.waits, entry=ENTRIES, by=PEOPLE, at=TIMES, group_id=GROUPS),
    st.builds(stewardship.waits_no_longer, entry=ENTRIES, at=TIMES),
    st.builds(stewardship.offered, entry=ENTRIES, at=TIMES),
)
