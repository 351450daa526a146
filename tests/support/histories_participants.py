"""Hypothesis strategies: random histories of a participant, who may be erased at any moment."""

from hypothesis import strategies as st

from events.envelope import Event
from tests.support.builders import participants
from tests.support.histories import PEOPLE, TIMES

ACTED_EVENT: st.SearchStrategy[Event] = st.builds(
    participants.acted,
    PEOPLE,
    at=st.one_of(TIMES, st.sampled_from(["2026-01-05T10:00:00-05:00", "2026-06-30T20:00:00-04:00"])),
    action=st.sampled_from(
        ["service_request.opened", "idea.supported", "signup.registered", "never.heard_of"]
    ),
    neighbourhood_id=st.sampled_from([None, "north", "south"]),
)
PARTICIPANT_EVENT: st.SearchStrategy[Event] = st.one_of(
    ACTED_EVENT,
    ACTED_EVENT,
    st.builds(
        participants.consent,
        PEOPLE,
        at=TIMES,
        granted=st.booleans(),
        purpose=st.sampled_from(["research", "follow_ups.email"]),
    ),
    st.builds(participants.language, PEOPLE, at=TIMES, lang=st.sampled_from(["en", "es"])),
    st.builds(participants.erasure_requested, PEOPLE, at=TIMES, due=TIMES),
    st.builds(participants.erased, PEOPLE, at=TIMES),
)
