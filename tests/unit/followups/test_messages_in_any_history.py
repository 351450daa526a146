"""Whatever is told in whatever order: states can be kept, messages written, and none has the id of another.

The story itself asks whether a state can be stored and whether a message has its words.
"""

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from tests.support.follow_ups import Story
from tests.support.histories_grants import GRANT_EVENT
from tests.support.histories_stewardship import STEWARDSHIP_EVENT
from tests.support.histories_volunteering import HOURS_EVENT, SESSION_EVENT

BY_NAME = {one.name: one for one in FOLLOW_UPS}
HISTORIES = {
    "session_messages": SESSION_EVENT,
    "hours_messages": HOURS_EVENT,
    "steward_messages": STEWARDSHIP_EVENT,
    "award_links": GRANT_EVENT,
    "application_messages": GRANT_EVENT,
}


@pytest.mark.parametrize("name", HISTORIES)
@for_any(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_history_can_be_told(name: str, data: st.DataObject) -> None:
    follow_up = BY_NAME[name]
    (manager,) = follow_up.documents
    history: list[Event] = data.draw(st.lists(HISTORIES[name], max_size=30))
    told = Story(follow_up).told(*(event for event in history if event.type in manager.handles))
    assert len({one.id for one in told.notices}) == len(told.notices)
    if name in {"session_messages", "steward_messages"}:
        assert all(one.recipient is not None for one in told.notices)
