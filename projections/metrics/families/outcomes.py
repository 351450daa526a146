"""What comes of what people say: accepted ideas that are acted on, and results that are completed."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from projections.counting import COUNT
from projections.metrics.core import Ask, Counts, Distinct, Inputs, Metric, Scope, Sums, Value
from projections.metrics.numbers import percent, total
from projections.read import Where


def _yield_asks(scope: Scope) -> Mapping[str, Ask]:
    return {"ideas": Sums("ideas_by_day", scope.here)}


def _yield(inputs: Inputs, _: Scope) -> Value:
    accepted, acted_on = (total(inputs["ideas"], name) for name in ("accepted", "acted_on"))
    return Value(
        value=percent(acted_on, accepted),
        numerator=acted_on,
        denominator=accepted,
        inputs={
            "ideas_submitted": total(inputs["ideas"], "submitted"),
            "accepted": accepted,
            "acted_on": acted_on,
        },
        people=accepted,
        completeness=Fraction(1) if accepted else None,
    )


def _completed_asks(scope: Scope) -> Mapping[str, Ask]:
    return {"results": Sums("result_progress", scope.here)}


def _completed(inputs: Inputs, _: Scope) -> Value:
    every, completed = (total(inputs["results"], name) for name in ("results", "completed"))
    return Value(
        value=percent(completed, every),
        numerator=completed,
        denominator=every,
        inputs={
            "results": every,
            "completed": completed,
            **{name: total(inputs["results"], name) for name in ("under_way", "not_begun")},
        },
        completeness=Fraction(1) if every else None,
    )


def _closed_asks(scope: Scope) -> Mapping[str, Ask]:
    """Of what was told in time, and of all that should have been told: suppressed and failed is not told."""
    outcomes: Where = {**scope.during("reason_at"), "kind": "outcome"}
    return {
        "contributions": Distinct("followups", outcomes, of="contribution"),
        "told": Distinct("followups", {**outcomes, "in_time": True}, of="contribution"),
        "people": Distinct("followups", outcomes, of="recipient"),
        "messages": Counts("followups", outcomes, by=("status",)),
    }


def _closed(inputs: Inputs, _: Scope) -> Value:
    every, told, people = (total(inputs[name], COUNT) for name in ("contributions", "told", "people"))
    by_status = {str(row.key["status"]): row.n[COUNT] for row in inputs["messages"]}
    return Value(
        value=percent(told, every),
        numerator=told,
        denominator=every,
        inputs={
            "contributions_with_an_outcome": every,
            "told_in_time": told,
            **{f"messages_{status}": by_status.get(status, 0) for status in _STATUSES},
        },
        people=people,
        completeness=Fraction(1) if every else None,
    )


_STATUSES: Final = ("sent", "failed", "suppressed", "queued")
METRICS: Final = (
    Metric(
        code="ideas.acted_on",
        version=1,
        title="Accepted ideas that were acted on",
        unit="percent",
        decimals=1,
        window="stock",
        numerator="of these, with a result that has begun",
        denominator="ideas that the city has accepted, without those taken back",
        explanation="How often something is done about an idea that the city has accepted: it has led to a "
        "result that is above 0 percent.",
        asks=_yield_asks,
        compute=_yield,
        better="higher",
    ),
    Metric(
        code="results.completed",
        version=1,
        title="Results that are completed",
        unit="percent",
        decimals=1,
        window="stock",
        numerator="of these, at 100 percent",
        denominator="results that the city has told of",
        explanation="How much of what the city set out to do, from ideas and problems or without them, is "
        "done.",
        asks=_completed_asks,
        compute=_completed,
        better="higher",
    ),
    Metric(
        code="loops.closed",
        version=1,
        title="People told what came of it",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, those of whom somebody who contributed was sent the outcome within 30 days",
        denominator="contributions of any kind that had an outcome on these days",
        explanation="How often people hear what came of what they reported, proposed or did. A message "
        "counts once it was sent: not while it waits, nor where they did not wish it or cannot be reached.",
        asks=_closed_asks,
        compute=_closed,
        better="higher",
    ),
)
