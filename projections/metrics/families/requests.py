"""How quickly a city responds to what is reported to it, and closes it.

Numbers are about the requests reported in the period, whenever they were answered. Requests do not
tell who reported them: each counts as one participant.
"""

from collections.abc import Callable, Mapping
from typing import Final

from projections.counting import MINUTES, Row
from projections.metrics.core import Ask, Inputs, Metric, Scope, Spans, Value
from projections.metrics.families.waiting import PARTS, waited
from projections.metrics.numbers import HOUR

VIEW: Final = "service_requests"


def _responses(scope: Scope) -> Mapping[str, Ask]:
    return {"spans": Spans(VIEW, scope.during("opened_at"), since="opened_at", until="acknowledged_at")}


def _closings(scope: Scope) -> Mapping[str, Ask]:
    reported = scope.during("opened_at")
    return {"spans": Spans(VIEW, reported, since="opened_at", until="closed_at", by=("status",))}


def _first_response(rank: int) -> Callable[[Inputs, Scope], Value]:
    return lambda inputs, _: waited(inputs["spans"], rank, "requests_reported", "answered", unit=HOUR)


def _close(rank: int) -> Callable[[Inputs, Scope], Value]:
    return lambda inputs, _: waited(
        map(_as_it_stands, inputs["spans"]), rank, "requests_reported", "closed", unit=HOUR
    )


def _as_it_stands(row: Row) -> Row:
    """What is open waits, whatever it says of an earlier closing."""
    return row if row.key["status"] == "closed" else Row({**row.key, MINUTES: None}, row.n)


METRICS: Final = (
    *(
        Metric(
            code=f"time_to_first_response.p{rank}",
            version=1,
            title=f"Time to first response, for {part} of the requests",
            unit="hours",
            decimals=1,
            window="days",
            numerator=None,
            denominator="requests reported in the period",
            explanation=f"Within this time the city responded to {part} of the requests reported in the "
            "period: it took the request on, moved it on, answered in public or closed it. Requests that "
            "still wait count as longer than all others, so while too many wait there is no number.",
            asks=_responses,
            compute=_first_response(rank),
            neighbourhoods=True,
            better="lower",
        )
        for rank, part in PARTS.items()
    ),
    *(
        Metric(
            code=f"time_to_close.p{rank}",
            version=1,
            title=f"Time to close, for {part} of the requests",
            unit="hours",
            decimals=1,
            window="days",
            numerator=None,
            denominator="requests reported in the period",
            explanation=f"Within this time {part} of the requests reported in the period were closed, by "
            "their last closing. Open requests count as longer than all others, so while too many are open "
            "there is no number. Time spent waiting for the reporter is included.",
            asks=_closings,
            compute=_close(rank),
            neighbourhoods=True,
            better="lower",
        )
        for rank, part in PARTS.items()
    ),
)
