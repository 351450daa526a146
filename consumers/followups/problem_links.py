"""The requests that a problem was defined from are told of its results, each on its own key.

A request that joins the problem is told where the results stand then. Where two problems lead from one result
to one request, both tell it, and the request's readers keep it once. A state names at most 1,000 requests,
which is what one `defined` can, and the 10 results that moved last; one that has not moved among these is
told to those who are there, and not to those who join.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from consumers.engine.effects import Emit, ProcessManager, Reaction, process_manager
from consumers.followups.result_steps import is_news
from events.envelope import Event
from events.types.ideas import ProblemDefined
from events.types.results import ProblemResultProgressed, ServiceRequestResultProgressed
from projections.core import Document, types
from projections.views.progress import progressed

TO_REQUEST: Final = "problem.reaches_request"
RESULTS_KEPT: Final = 10
FIELDS: Final = {
    "city": "the city's short name",
    "problem_id": "id within the city",
    "request_ids": "the requests that belong to it, as the last definition in the log names them",
    "results": "result_id, percent, milestone and progressed_at of those that moved last",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The problem after this event, and which requests are to hear of which results."""
    before = _blank(event) if state is None else state
    match event.data:
        case ProblemDefined() as data:
            requests = list(dict.fromkeys(data.request_ids))
            after = {**before, "request_ids": requests}
            known = frozenset(before["request_ids"])
            joined = [request for request in requests if request not in known]
            return after, list(_told(after, joined, after["results"]))
        case ProblemResultProgressed() as data:
            after = {**before, "results": progressed(before["results"], data, kept=RESULTS_KEPT)}
            news = progressed([], data) if is_news(before["results"], data) else []
            return after, list(_told(after, after["request_ids"], news))
    return state, ()


def _blank(event: Event) -> Document:
    return {"city": event.city, "problem_id": event.subject, "request_ids": [], "results": []}


def _told(problem: Document, requests: Iterable[str], results: Iterable[Document]) -> Iterator[Emit]:
    results = list(results)
    for request in requests:
        for result in results:
            told = ServiceRequestResultProgressed(rule=TO_REQUEST, problem_id=problem["problem_id"], **result)
            yield Emit(f"{TO_REQUEST}/{result['result_id']}", told, request)


MANAGER: Final[ProcessManager] = process_manager(
    "problem_links",
    "Tells requests of the results that came of the problems they belong to",
    types("problem.defined", "problem.result_progressed"),
    react,
    FIELDS,
)
