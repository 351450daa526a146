"""Hypothesis strategies: random histories of projects and of what was done."""

from hypothesis import strategies as st

from events.envelope import Event
from events.types.awards import AwardRef
from events.types.impact import Each, OutOf
from tests.support.builders import impact
from tests.support.histories import TIMES

_AWARDS = st.sampled_from(
    [None, AwardRef(city="riverton", award_id="a1"), AwardRef(city="coalition", award_id="a1")]
)
_AREAS = st.sampled_from([None, "north"])
_QUANTITIES = st.sampled_from(["0", "0.001", "20", "448.5", "999999999.999"])

PROJECT_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(impact.started, at=TIMES, award=_AWARDS, neighbourhood_id=_AREAS),
    st.builds(impact.ended, at=TIMES, outcome=st.sampled_from(["completed", "abandoned"])),
)
IMPACT_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        impact.recorded,
        st.sampled_from(["impact-1", "impact-2"]),
        at=TIMES,
        quantity=_QUANTITIES,
        unit=st.sampled_from(["lb", "kg", "bags"]),
        method=st.sampled_from(["counted", "weighed", "estimated"]),
        neighbourhood_id=_AREAS,
        project_id=st.sampled_from([None, "project-1"]),
        asset_id=st.sampled_from([None, "lot-1"]),
        award=_AWARDS,
        each=st.sampled_from([None, Each(quantity="20", unit="oz")]),
        out_of=st.sampled_from([None, OutOf(record_id="impact-0", quantity="999999999.999")]),
    ),
    st.builds(impact.voided, st.sampled_from(["impact-1", "impact-2"]), at=TIMES),
)
