"""Hypothesis strategies: random histories of results, groups, practices and moderated content."""

from hypothesis import strategies as st

from events.envelope import Event
from tests.support.build import when
from tests.support.builders import city, groups, practices, results
from tests.support.histories import IDEA_EVENT, PEOPLE, PROBLEM_EVENT, REQUEST_EVENT, TIMES

PERCENT = st.sampled_from([0, 50, 100])
MILESTONE = st.sampled_from([None, "Begun", "Built"])
SOURCES = st.sampled_from([(), ("i1",), ("i1", "i2"), ("i2", "i2")])

RESULT_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        results.created, at=TIMES, percent=PERCENT, milestone=MILESTONE, idea_ids=SOURCES, problem_ids=SOURCES
    ),
    st.builds(results.progressed, at=TIMES, percent=PERCENT, milestone=MILESTONE),
)
REACHED_EVENT: st.SearchStrategy[Event] = st.builds(
    lambda tell, result, percent, at, moved: tell(
        at=at, result_id=result, percent=percent, progressed_at=when(moved)
    ),
    st.sampled_from([results.reached_idea, results.reached_problem, results.reached_request]),
    st.sampled_from(["result-1", "result-2"]),
    PERCENT,
    TIMES,
    TIMES,
)
GROUP_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(groups.formed, leader=PEOPLE, at=TIMES, neighbourhood_id=st.sampled_from([None, "north"])),
    st.builds(groups.joined, by=PEOPLE, at=TIMES),
    st.builds(groups.left, by=PEOPLE, at=TIMES),
    st.builds(groups.led_by, leader=PEOPLE, at=TIMES),
)
PRACTICE_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(practices.published, at=TIMES),
    st.builds(practices.adopted, practice=st.just("practice-1"), at=TIMES),
    st.builds(practices.adopted_elsewhere, at=TIMES, by_city=st.sampled_from(["lakeside", "hillview"])),
    st.builds(practices.outcome, at=TIMES),
)
CONTENT_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(city.flagged, at=TIMES),
    st.builds(city.moderated, action=st.sampled_from(["hide", "restore", "redact"]), at=TIMES),
)
SOURCE_EVENT: st.SearchStrategy[Event] = st.one_of(REACHED_EVENT, IDEA_EVENT, PROBLEM_EVENT, REQUEST_EVENT)
KINDS = (RESULT_EVENT, SOURCE_EVENT, GROUP_EVENT, PRACTICE_EVENT, CONTENT_EVENT)
