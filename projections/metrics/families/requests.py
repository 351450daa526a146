"""How quickly a city responds to what is reported to it, and closes it.

Numbers are about the requests reported in the period, whenever they were answered. What is not
answered yet counts as longer than everything that is, else a city would look the quicker the more
it leaves undone. Requests do not tell who reported them: each counts as one participant.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from projections.counting import MINUTES, Row
from projections.metrics.core import Ask, Inputs, Metric, Scope, Spans, Value
from projections.metrics.numbers import hours, minutes_of, nearest_rank, ratio

VIEW: Final = "service_requests"
_PARTS: Final = {50: "half", 90: "nine of ten"}


def _responses(scope: Scope) -> Mapping[str, Ask]:
    return {"spans": Spans(VIEW, scope.during("opened_at"), since="opened_at", until="acknowledged_at")}


def _closings(scope: Scope) -> Mapping[str, Ask]:
    reported = scope.during("opened_at")
    return {"spans": Spans(VIEW, reported, since="opened_at", until="closed_at", by=("status",))}


def _first_response(rank: int) -> Callable[[Inputs, Scope], Value]:
    return lambda inputs, _: _waited(inputs["spans"], rank, "answered")


def _close(rank: int) -> Callable[[Inputs, Scope], Value]:
    return lambda inputs, _: _waited(map(_as_it_stands, inputs["spans"]), rank, "closed")


def _as_it_stands(row: Row) -> Row:
    """What is open waits, whatever it says of an earlier closing."""
    return row if row.key["status"] == "closed" else Row({**row.key, MINUTES: None}, row.n)


def _waited(rows: Iterable[Row], rank: int, done: str) -> Value:
    known, waiting, negative = minutes_of(rows)
    usable = known.total() + waiting
    return Value(
        value=hours(nearest_rank(known, rank, beyond=waiting)),
        denominator=usable,
        inputs={
            "requests_reported": usable + negative,
            done: known.total(),
            f"not_yet_{done}": waiting,
            f"{done}_before_reported": negative,
        },
        notes=(f"{negative} {done} before they were reported; left out",) if negative else (),
        people=usable,
        completeness=ratio(usable, usable + negative),
    )


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
        )
        for rank, part in _PARTS.items()
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
        )
        for rank, part in _PARTS.items()
    ),
)
