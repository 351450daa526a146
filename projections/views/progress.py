"""Which results came of a thing, and how far they are: what ideas, problems and requests keep of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from events.envelope import Event
from events.types.results import IdeaResultProgressed, ProblemResultProgressed, ServiceRequestResultProgressed

RESULTS_KEPT: Final = 100
"""Results a document keeps, those that moved last; all of them are found by what they name."""

Progressed = IdeaResultProgressed | ProblemResultProgressed | ServiceRequestResultProgressed


def progressed(
    results: Sequence[Mapping[str, Any]], data: Progressed, *, kept: int = RESULTS_KEPT
) -> list[dict[str, Any]]:
    """The results in the order in which they moved; what is told of an earlier moment changes nothing."""
    known = {one["result_id"]: dict(one) for one in results}
    before = known.get(data.result_id)
    if before is None or before["progressed_at"] <= data.progressed_at:
        names = ("result_id", "percent", "milestone", "progressed_at")
        known[data.result_id] = {name: getattr(data, name) for name in names}
    return sorted(known.values(), key=lambda one: (one["progressed_at"], one["result_id"]))[-kept:]


def is_step(results: Sequence[Mapping[str, Any]], data: Progressed) -> bool:
    """Whether this is another step of the result, and not an earlier one than is known."""
    known = next((one for one in results if one["result_id"] == data.result_id), None)
    if known is None:
        return True
    moved = (known["percent"], known["milestone"]) != (data.percent, data.milestone)
    return moved and known["progressed_at"] <= data.progressed_at


def take_up(document: dict[str, Any], event: Event) -> None:
    """Keep in `document["results"]` what the event tells of a result, if it does."""
    if isinstance(event.data, Progressed):
        document["results"] = progressed(document["results"], event.data)
