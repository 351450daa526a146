"""When a result has taken another step, to those who hear of it on a key of their own."""

from collections.abc import Iterable, Mapping
from typing import Any

from events.types.results import ProblemResultProgressed, ServiceRequestResultProgressed

Progressed = ProblemResultProgressed | ServiceRequestResultProgressed


def is_news(results: Iterable[Mapping[str, Any]], data: Progressed) -> bool:
    """Whether this is another step of the result than the one known, and not an earlier one."""
    for known in results:
        if known["result_id"] == data.result_id:
            same = (known["percent"], known["milestone"]) == (data.percent, data.milestone)
            return bool(known["progressed_at"] <= data.progressed_at) and not same
    return True
