"""What they are told who took part in defining a problem: that it stands, and each step of what came of it.

A city that defines one itself names nobody, and nobody is told. Who defines it again hears from then on.
"""

from collections.abc import Iterator
from typing import Final

from consumers.engine.effects import (
    Announce,
    Effect,
    Join,
    Notify,
    ProcessManager,
    Reaction,
    process_manager,
)
from events.envelope import Event
from events.types.ideas import ProblemDefined
from events.types.results import ProblemResultProgressed
from projections.core import Document, types
from projections.views.progress import is_step, progressed

RECEIVED, MOVED = "problem.received", "problem.result_moved"
RESULTS_KEPT: Final = 10
FIELDS: Final = {
    "city": "the city's short name",
    "problem_id": "id within the city",
    "results": "result_id, percent, milestone and progressed_at of those that moved last",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The problem after this event, and who is told."""
    problem = _blank(event) if state is None else state
    match event.data:
        case ProblemDefined() if event.participant is not None:
            return problem, [
                Join(event.participant),
                Notify(RECEIVED, event.participant, "problem_received"),
            ]
        case ProblemResultProgressed() as data if is_step(problem["results"], data):
            after = {**problem, "results": progressed(problem["results"], data, kept=RESULTS_KEPT)}
            return after, list(_told(data))
    return problem, ()


def _blank(event: Event) -> Document:
    return {"city": event.city, "problem_id": event.subject, "results": []}


def _told(data: ProblemResultProgressed) -> Iterator[Effect]:
    template = "problem_result_completed" if data.percent == 100 else "problem_result_progressed"
    yield Announce(MOVED, template, {"result_id": data.result_id, "percent": str(data.percent)})


MANAGER: Final[ProcessManager] = process_manager(
    "problem_messages",
    "Tells those who defined a problem what came of it",
    types("problem.defined", "problem.result_progressed"),
    react,
    FIELDS,
)
