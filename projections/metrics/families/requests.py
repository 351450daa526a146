"""How quickly a city responds to what is reported to it, and closes it.

Numbers are about the requests reported in the period, whenever they were answered. Requests do not
tell who reported them: each counts as one participant.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from projections.counting import MINUTES, Row
from projections.metrics.core import Ask, Inputs, Metric, Scope, Spans, Value
from projections.metrics.families.waiting import PARTS, waited
from projections.metrics.numbers import HOUR

VIEW: Final = "service_requests"


def _responses(scope: Scope) -> Mapping[str, Ask]:
    return {"spans": Spans(VIEW, scope.during("opened_at"), since="opened_at", until="acknowledged_at")}


def _closings(scope: Scope, *, less: str | None = None) -> Mapping[str, Ask]:
    reported = scope.during("opened_at")
    spans = Spans(VIEW, reported, since="opened_at", until="closed_at", by=("status",), less=less)
    return {"spans": spans}


def _net_closings(scope: Scope) -> Mapping[str, Ask]:
    return _closings(scope, less="paused_seconds")


def _first_response(rank: int) -> Callable[[Inputs, Scope], Value]:
    return lambda inputs, _: waited(inputs["spans"], rank, "requests_reported", "answered", unit=HOUR)


def _close(rank: int) -> Callable[[Inputs, Scope], Value]:
    return lambda inputs, _: waited(
        map(_as_it_stands, inputs["spans"]), rank, "requests_reported", "closed", unit=HOUR
    )


def _as_it_stands(row: Row) -> Row:
    """What is open waits, whatever it says of an earlier closing."""
    return row if row.key["status"] == "closed" else Row({**row.key, MINUTES: None}, row.n)


def _of_both_ranks(
    code: str,
    title: str,
    explanation: str,
    asks: Callable[[Scope], Mapping[str, Ask]],
    compute: Callable[[int], Callable[[Inputs, Scope], Value]],
) -> Iterator[Metric]:
    """The median, and the time of nine of ten: `explanation` goes on from within which time how many ..."""
    for rank, part in PARTS.items():
        yield Metric(
            code=f"{code}.p{rank}",
            version=1,
            title=f"{title}, for {part} requests",
            unit="hours",
            decimals=1,
            window="days",
            numerator=None,
            denominator="requests reported in the period",
            explanation=f"Within this time {part} requests reported in the period {explanation}",
            asks=asks,
            compute=compute(rank),
            neighbourhoods=True,
            better="lower",
        )


METRICS: Final = (
    *_of_both_ranks(
        "time_to_first_response",
        "Time to first response",
        "had an answer: the city took the request on, moved it on, answered in public or closed it. Requests "
        "that still wait count as longer than all others, so while too many wait there is no number.",
        _responses,
        _first_response,
    ),
    *_of_both_ranks(
        "time_to_close",
        "Time to close",
        "were closed, by their last closing. Open requests count as longer than all others, so while too "
        "many are open there is no number.",
        _closings,
        _close,
    ),
    *_of_both_ranks(
        "time_to_close.net",
        "Time to close without pauses",
        "were closed, not counting the time in which the city waited for the reporter or could not go on. "
        "Open requests count as longer than all others, so while too many are open there is no number.",
        _net_closings,
        _close,
    ),
)
