"""What a result came from is told how far it is, on its own key: each idea and each problem once a step.

A step is another percentage or another milestone, by the latest time told: what is told late of an earlier
time is no news. What is named as a source later is told where the result stands then. A state names at most
1,000 ideas and 1,000 problems, which is what one `created` can.
"""

from collections.abc import Iterator
from typing import Final

from consumers.engine.effects import Emit, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.results import (
    IdeaResultProgressed,
    ProblemResultProgressed,
    ResultCreated,
    ResultProgressUpdated,
)
from projections.core import Document, types
from projections.views.results import move, sources

TO_IDEA, TO_PROBLEM = "result.reaches_idea", "result.reaches_problem"
FIELDS: Final = {
    "city": "the city's short name",
    "result_id": "id within the city",
    "idea_ids": "the ideas it came from, as the last creation in the log names them",
    "problem_ids": "the problems it came from",
    "percent": "how far it is, by the latest time told",
    "progressed_at": "the time of that",
    "milestone": "the milestone named last, by time",
    "milestone_at": "the time of that",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The result after this event, and who is to hear of it."""
    data = event.data
    if not isinstance(data, ResultCreated | ResultProgressUpdated):
        return state, ()
    before = _blank(event) if state is None else state
    after = dict(before)
    if isinstance(data, ResultCreated):
        after |= sources(data)
    move(after, event, data)
    return after, list(_told(before, after))


def _blank(event: Event) -> Document:
    named = {"city": event.city, "result_id": event.subject}
    return {**dict.fromkeys(FIELDS), **named, "idea_ids": [], "problem_ids": []}


def _told(before: Document, after: Document) -> Iterator[Emit]:
    stands = {name: after[name] for name in ("result_id", "percent", "milestone", "progressed_at")}
    for idea in _listeners(before, after, "idea_ids"):
        yield Emit(TO_IDEA, IdeaResultProgressed(rule=TO_IDEA, **stands), idea)
    for problem in _listeners(before, after, "problem_ids"):
        yield Emit(TO_PROBLEM, ProblemResultProgressed(rule=TO_PROBLEM, **stands), problem)


def _listeners(before: Document, after: Document, field: str) -> list[str]:
    moved = any(before[name] != after[name] for name in ("percent", "milestone"))
    told = frozenset() if moved else frozenset(before[field])
    return [one for one in after[field] if one not in told]


MANAGER: Final[ProcessManager] = process_manager(
    "result_links",
    "Tells ideas and problems of each step of the results that came of them",
    types("result.created", "result.progress_updated"),
    react,
    FIELDS,
)
