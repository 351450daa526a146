"""Hypothesis strategies: random histories of messages to participants, and of published numbers."""

from hypothesis import strategies as st

from events.envelope import Event
from tests.support.builders import city, participants
from tests.support.histories import PEOPLE, TIMES

MESSAGE_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(participants.queued, PEOPLE, at=TIMES),
    st.builds(participants.sent, PEOPLE, at=TIMES, attempts=st.integers(1, 3)),
    st.builds(participants.failed, PEOPLE, at=TIMES, final=st.booleans(), attempts=st.integers(1, 3)),
    st.builds(participants.suppressed, PEOPLE, at=TIMES),
)
SNAPSHOT_EVENT: st.SearchStrategy[Event] = st.builds(
    city.snapshot,
    at=TIMES,
    definition_version=st.integers(1, 2),
    neighbourhood_id=st.sampled_from([None, "north"]),
    value=st.sampled_from([None, "0", "84.615"]),
)
