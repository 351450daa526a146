"""Whether a city keeps its word on requests: done on time, done for good, and alike everywhere.

All numbers are about the requests reported in the period, as they stand now.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

from projections.counting import COUNT, Row
from projections.cursors import Scalar
from projections.metrics.core import NEIGHBOURHOOD, Ask, Counts, Inputs, Metric, Scope, Spans, Value
from projections.metrics.families.requests import VIEW
from projections.metrics.numbers import minutes_of, nearest_rank, percent, ratio, total
from projections.metrics.suppression import SUPPRESS_BELOW
from projections.read import EVER, Between, Where


def _on_time_asks(scope: Scope) -> Mapping[str, Ask]:
    reported = scope.during("opened_at")
    promised: Where = {**reported, "expected_at": Between(EVER, None)}
    never_late: Where = {**promised, "overdue_at": None}
    once_late: Where = {**promised, "overdue_at": Between(EVER, None)}
    past_due: Where = {**reported, "expected_at": Between(EVER, scope.now), "overdue_at": None}
    return {
        "reported": Counts(VIEW, reported),
        "promised": Counts(VIEW, promised),
        "left": Spans(VIEW, {**never_late, "status": "closed"}, since="closed_at", until="expected_at"),
        "overdue": Counts(VIEW, once_late, by=("status",)),
        "past_due": Counts(VIEW, {**past_due, "status": "open"}),
    }


def _on_time(inputs: Inputs, _: Scope) -> Value:
    kept, _unknown, late = minutes_of(inputs["left"])
    overdue = {row.key["status"]: row.n[COUNT] for row in inputs["overdue"]}
    late += overdue.get("closed", 0)
    missed = overdue.get("open", 0) + total(inputs["past_due"])
    due = kept.total() + late + missed
    promised, reported = total(inputs["promised"]), total(inputs["reported"])
    return Value(
        value=percent(kept.total(), due),
        numerator=kept.total(),
        denominator=due,
        inputs={
            "requests_reported": reported,
            "with_a_date_named": promised,
            "closed_on_time": kept.total(),
            "closed_late": late,
            "open_and_past_due": missed,
        },
        people=due,
        completeness=ratio(promised, reported),
    )


def _reopened_asks(scope: Scope) -> Mapping[str, Ask]:
    by = ("status", "reopened", "disputed")
    return {"requests": Counts(VIEW, scope.during("opened_at"), by=by)}


def _reopened(inputs: Inputs, _: Scope) -> Value:
    closed = [row for row in inputs["requests"] if row.key["status"] == "closed" or row.key["reopened"]]
    again = [row for row in closed if row.key["reopened"]]
    disputed = [row for row in closed if row.key["disputed"] and not row.key["reopened"]]
    return Value(
        value=percent(total(again) + total(disputed), total(closed)),
        numerator=total(again) + total(disputed),
        denominator=total(closed),
        inputs={
            "requests_reported": total(inputs["requests"]),
            "closed_at_least_once": total(closed),
            "reopened": total(again),
            "disputed_only": total(disputed),
        },
        people=total(closed),
        completeness=Fraction(1) if closed else None,
    )


def _equity_asks(scope: Scope) -> Mapping[str, Ask]:
    by = ("service_code", NEIGHBOURHOOD)
    reported = scope.during("opened_at")
    return {"spans": Spans(VIEW, reported, since="opened_at", until="acknowledged_at", by=by)}


def _equity(inputs: Inputs, _: Scope) -> Value:
    rows = inputs["spans"]
    placed = [row for row in rows if row.key[NEIGHBOURHOOD]]
    ratios = Counter(
        Fraction(max(medians), max(min(medians), 1))
        for medians in _medians(placed).values()
        if len(medians) > 1
    )
    return Value(
        value=nearest_rank(ratios, 50),
        denominator=ratios.total(),
        inputs={
            "requests_reported": total(rows),
            "with_a_neighbourhood": total(placed),
            "services_compared": ratios.total(),
            "largest_ratio": max(ratios, default=0),
        },
        people=total(placed),
        completeness=ratio(total(placed), total(rows)),
    )


def _medians(rows: Iterable[Row]) -> dict[Scalar, list[int]]:
    """The median minutes in each neighbourhood with enough requests, by service."""
    places: dict[tuple[Scalar, Scalar], list[Row]] = defaultdict(list)
    for row in rows:
        places[row.key["service_code"], row.key[NEIGHBOURHOOD]].append(row)
    medians: dict[Scalar, list[int]] = defaultdict(list)
    for (service, _), found in places.items():
        known, waiting, _negative = minutes_of(found)
        median = nearest_rank(known, 50, beyond=waiting)
        if median is not None and known.total() + waiting >= SUPPRESS_BELOW:
            medians[service].append(median)
    return medians


METRICS: Final = (
    Metric(
        code="sla.on_time",
        version=1,
        title="Requests closed on time",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, closed by the date that the city had named",
        denominator="requests reported in the period that are closed, or open and past that date",
        explanation="How often the city kept the date that it named for a request. A date that passed while "
        "the request was open stays missed, whenever it is closed and whatever date was named after it. "
        "Requests without a date are left out; completeness is the share of requests that have one.",
        asks=_on_time_asks,
        compute=_on_time,
        neighbourhoods=True,
        better="higher",
    ),
    Metric(
        code="reopen_rate",
        version=1,
        title="Requests that were not solved the first time",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, reopened, or found still there by a participant who looked",
        denominator="requests reported in the period that were closed at least once",
        explanation="How often a request that the city had closed turned out not to be solved, however much "
        "later.",
        asks=_reopened_asks,
        compute=_reopened,
        neighbourhoods=True,
        better="lower",
    ),
    Metric(
        code="response_equity",
        version=1,
        title="First response, slowest against fastest neighbourhood",
        unit="ratio",
        decimals=2,
        window="days",
        numerator=None,
        denominator="services with at least two neighbourhoods to compare",
        explanation="For each service, the median time to first response of the slowest neighbourhood, "
        "divided by that of the fastest (at least one minute); of these ratios the median. 1 means that "
        "every neighbourhood is served alike. Compared within a service, since some take longer everywhere. "
        f"A neighbourhood counts from {SUPPRESS_BELOW} requests for the service on, once half of them are "
        "answered. Few requests do not mean little need.",
        asks=_equity_asks,
        compute=_equity,
        better="lower",
    ),
)
