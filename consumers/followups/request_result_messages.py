"""What came of a request, told to its reporter: each step of a result of the problem it belongs to, once.

Where two problems lead from one result to the request, the same step comes twice, and is told once. What
comes before the opening is told with it: where each result stands then. A state keeps those that moved last.
"""

from collections.abc import Iterable
from typing import Any, Final

from consumers.engine.effects import Effect, Notify, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.requests import ServiceRequestOpened
from events.types.results import ServiceRequestResultProgressed
from projections.core import Document, types
from projections.views.progress import is_step, progressed

RULE: Final = "request.result_moved"
RESULTS_KEPT: Final = 10
FIELDS: Final = {
    "city": "the city's short name",
    "request_id": "id within the city",
    "opened": "whether its opening was told",
    "reporter": "who reported it, by pseudonym, or None",
    "results": "result_id, percent, milestone and progressed_at of those that moved last",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The request after this event, and what its reporter is told of results."""
    request = _blank(event) if state is None else state
    match event.data:
        case ServiceRequestOpened() if not request["opened"]:
            after = {**request, "opened": True, "reporter": event.participant}
            return after, _told(after, request["results"])
        case ServiceRequestResultProgressed() as data if is_step(request["results"], data):
            after = {**request, "results": progressed(request["results"], data, kept=RESULTS_KEPT)}
            return after, _told(after, progressed([], data)) if after["opened"] else ()
    return request, ()


def _blank(event: Event) -> Document:
    start: dict[str, Any] = {"opened": False, "reporter": None, "results": []}
    return {"city": event.city, "request_id": event.subject, **start}


def _told(request: Document, results: Iterable[dict[str, Any]]) -> list[Effect]:
    return [
        Notify(
            f"{RULE}/{one['result_id']}",
            request["reporter"],
            "request_result_completed" if one["percent"] == 100 else "request_result_progressed",
            {"result_id": one["result_id"], "percent": str(one["percent"])},
        )
        for one in results
    ]


MANAGER: Final[ProcessManager] = process_manager(
    "request_result_messages",
    "Tells reporters what came of their requests",
    types("service_request.opened", "service_request.result_progressed"),
    react,
    FIELDS,
)
