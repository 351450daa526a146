"""Whether the things of a city are taken care of, and whether those who do come when they are expected.

An adoption is one steward's, so behind a number stand at most as many people as adoptions.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from projections.metrics.core import Ask, Inputs, Metric, Scope, Sums, Value
from projections.metrics.numbers import nearest_rank, percent, total
from projections.read import Between, Where

BY_MONTH: Final = "stewardship_by_month"


def _things(scope: Scope) -> Mapping[str, Ask]:
    return {"things": Sums("asset_coverage", scope.here)}


def _coverage(inputs: Inputs, _: Scope) -> Value:
    adopted, adoptable = (total(inputs["things"], one) for one in ("adopted", "adoptable"))
    return Value(
        value=percent(adopted, adoptable),
        numerator=adopted,
        denominator=adoptable,
        inputs={"things": total(inputs["things"], "assets"), "waited_for": total(inputs["things"], "wanted")},
    )


def _priority_coverage(inputs: Inputs, _: Scope) -> Value:
    adopted, adoptable = (total(inputs["things"], f"priority_{one}") for one in ("adopted", "adoptable"))
    return Value(value=percent(adopted, adoptable), numerator=adopted, denominator=adoptable)


def _months(scope: Scope) -> Mapping[str, Ask]:
    before = scope.first.replace(day=1) - timedelta(days=1)
    earlier: Where = {"city": scope.city.id, "month": Between("", f"{before:%Y-%m}")}
    return {"months": Sums(BY_MONTH, scope.months()), "earlier": Sums(BY_MONTH, earlier)}


def _stood(inputs: Inputs) -> int:
    """How many adoptions stood at the start of the first month."""
    return total(inputs["earlier"], "started") - total(inputs["earlier"], "ended")


def _kept(inputs: Inputs, _: Scope) -> Value:
    kept, missed = (total(inputs["months"], one) for one in ("kept", "missed"))
    return Value(
        value=percent(kept, kept + missed),
        numerator=kept,
        denominator=kept + missed,
        inputs={"missed": missed, "check_ins": total(inputs["months"], "check_ins")},
        people=_stood(inputs) + total(inputs["months"], "started"),
    )


def _lapsed(inputs: Inputs, _: Scope) -> Value:
    stood, lapsed, started = _stood(inputs), *(total(inputs["months"], one) for one in ("lapsed", "started"))
    return Value(
        value=percent(lapsed, stood),
        numerator=lapsed,
        denominator=stood,
        inputs={"started": started, "ended": total(inputs["months"], "ended")},
        people=stood + started,
    )


def _gaps(scope: Scope) -> Mapping[str, Ask]:
    return {"gaps": Sums("asset_readoptions", scope.months(), by=("days",))}


def _readoption(inputs: Inputs, _: Scope) -> Value:
    days = Counter[int]()
    for row in inputs["gaps"]:
        days[int(str(row.key["days"]))] += row.n["readoptions"]
    return Value(value=nearest_rank(days, 50), denominator=days.total(), people=days.total())


METRICS: Final = (
    Metric(
        code="stewardship.coverage",
        version=1,
        title="Things that somebody takes care of",
        unit="percent",
        decimals=1,
        window="stock",
        numerator="of these, with an adoption that stands",
        denominator="things that the city has and anyone may adopt",
        explanation="How many of the things that can be adopted are. An adoption that lapsed, because nobody "
        "came when they were expected, no longer counts.",
        asks=_things,
        compute=_coverage,
        neighbourhoods=True,
        better="higher",
    ),
    Metric(
        code="stewardship.priority_coverage",
        version=1,
        title="Things that somebody takes care of, of those the city asks for first",
        unit="percent",
        decimals=1,
        window="stock",
        numerator="of these, with an adoption that stands",
        denominator="things that anyone may adopt and for which the city asks before others",
        explanation="The same as the coverage, of the things that matter most to the city.",
        asks=_things,
        compute=_priority_coverage,
        neighbourhoods=True,
        better="higher",
    ),
    Metric(
        code="stewardship.check_ins_kept",
        version=1,
        title="Check-ins that came when they were due",
        unit="percent",
        decimals=1,
        window="months",
        numerator="of these, made in time: from a grace before the due date to a grace after it",
        denominator="check-ins due in the period: those, and those that had not come when the grace ended",
        explanation="How reliably stewards come. The grace is a quarter of the time between two check-ins, "
        "one to seven days. Who comes more often than agreed counts once for each time that was due. "
        "A check-in that is told late counts by the time at which it was made.",
        asks=_months,
        compute=_kept,
        better="higher",
    ),
    Metric(
        code="stewardship.lapse_rate",
        version=1,
        title="Adoptions that lapsed",
        unit="percent",
        decimals=1,
        window="months",
        numerator="adoptions that ended in the period because three check-ins in a row were missed",
        denominator="adoptions that stood at the start of the period",
        explanation="How many stewards are lost without a word. Adoptions that began in the period and "
        "lapsed in it count as well.",
        asks=_months,
        compute=_lapsed,
        better="lower",
    ),
    Metric(
        code="stewardship.readoption_days.p50",
        version=1,
        title="Days until a thing finds another steward, median",
        unit="days",
        decimals=0,
        window="months",
        numerator=None,
        denominator="adoptions begun in the period of things that had a steward before",
        explanation="The median of the whole days between the end of one adoption and the start of the next. "
        "Things that still wait for somebody are not in it.",
        asks=_gaps,
        compute=_readoption,
        better="lower",
    ),
)
