"""Every follow-up: a process manager by permanent name and version, one line each.

Each has checkpoints, states and timers of its own. A higher version begins again at the start of the
log, and is silent up to where the one before it stood.
"""

from typing import Final

from consumers.engine.effects import ProcessManager
from consumers.followups import participation, request_deadlines
from events.topics import GRANTS, GROUPS, IDEAS, REQUESTS, STEWARDSHIP, VOLUNTEERING, Topic
from projections.core import Projection


def _follow_up(manager: ProcessManager, version: int, *topics: Topic) -> Projection:
    return Projection(manager.name, version, topics, documents=(manager,))


FOLLOW_UPS: Final[tuple[Projection, ...]] = (
    _follow_up(request_deadlines.MANAGER, 1, REQUESTS),
    _follow_up(participation.MANAGER, 1, REQUESTS, IDEAS, VOLUNTEERING, STEWARDSHIP, GROUPS, GRANTS),
)
BY_GROUP: Final[dict[str, Projection]] = {one.group: one for one in FOLLOW_UPS}
