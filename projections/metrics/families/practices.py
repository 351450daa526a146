"""Where a city's practices go: how often other cities take them up, and after how long.

A practice that was taken up before it was published has wrong times: it is counted and left out of medians.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from projections.metrics.core import Ask, Inputs, Metric, Scope, Sums, Value
from projections.metrics.families.waiting import PARTS
from projections.metrics.numbers import nearest_rank, ratio, total

ADOPTIONS: Final = "adoptions"


def _asks(scope: Scope) -> Mapping[str, Ask]:
    return {ADOPTIONS: Sums("practice_adoption_days", scope.here, by=("days",))}


def _taken_up(inputs: Inputs, _: Scope) -> Value:
    count = total(inputs[ADOPTIONS], ADOPTIONS)
    return Value(value=count, numerator=count, inputs={ADOPTIONS: count}, completeness=Fraction(1))


def _days(rank: int) -> Callable[[Inputs, Scope], Value]:
    def compute(inputs: Inputs, _: Scope) -> Value:
        days, unknown, wrong = _known(inputs)
        every = days.total() + unknown + wrong
        return Value(
            value=nearest_rank(days, rank),
            denominator=days.total(),
            inputs={ADOPTIONS: every, "publishing_not_known": unknown, "taken_up_before_published": wrong},
            notes=(f"{wrong} taken up before they were published; left out",) if wrong else (),
            completeness=ratio(days.total(), every),
        )

    return compute


def _known(inputs: Inputs) -> tuple[Counter[int], int, int]:
    """Adoptions by their days, how many are not known, and how many are below zero."""
    days, unknown, wrong = Counter[int](), 0, 0
    for row in inputs[ADOPTIONS]:
        told, count = str(row.key["days"]), row.n[ADOPTIONS]
        if not told:
            unknown += count
        elif told.startswith("-"):
            wrong += count
        else:
            days[int(told)] += count
    return days, unknown, wrong


METRICS: Final = (
    Metric(
        code="practices.taken_up",
        version=1,
        title="Practices of the city that others took up",
        unit="adoptions",
        decimals=0,
        window="stock",
        numerator="other cities that took up a practice of this one, each practice counted",
        denominator=None,
        explanation="How far what worked here has gone. A city that takes a practice up twice counts "
        "once for it.",
        asks=_asks,
        compute=_taken_up,
    ),
    *(
        Metric(
            code=f"practices.days_to_adoption.p{rank}",
            version=1,
            title=f"Days until others take a practice up, for {part} adoptions",
            unit="days",
            decimals=0,
            window="stock",
            numerator=None,
            denominator="adoptions of practices whose publishing is known",
            explanation=f"Within this time after a practice was published {part} cities that took it "
            "up had done so.",
            asks=_asks,
            compute=_days(rank),
        )
        for rank, part in PARTS.items()
    ),
)
