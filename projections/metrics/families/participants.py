"""How many people take part, whether they come back, and how far they go.

A participant is a pseudonym of the city with at least one action that counts (`projections/ladder.py`).
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from projections.ladder import RUNGS, Rung
from projections.metrics.core import Ask, Counts, Inputs, Metric, Scope, Sums, Value
from projections.metrics.families.residents import beside_residents
from projections.metrics.numbers import percent, total
from projections.metrics.periods import month_of
from projections.read import Between, OneOf, Where
from projections.views.participant_counts import RETURN_DAYS

VIEW: Final = "participants"
_DID: Final = {
    "support": "supported or submitted an idea, or voted",
    "volunteer": "volunteered",
    "steward": "took care of something",
    "lead": "led a group or applied for a grant",
}


def months(first: date, last: date) -> tuple[str, ...]:
    """The months from one day to another, as in `2026-04`."""
    found, day = list[str](), first.replace(day=1)
    while day <= last:
        found.append(f"{day:%Y-%m}")
        day = month_of(day).last + timedelta(days=1)
    return tuple(found)


def _by_month(scope: Scope) -> Where:
    return {**scope.here, "span": "month", "period": Between(f"{scope.first:%Y-%m}", f"{scope.last:%Y-%m}")}


def _asks(scope: Scope) -> Mapping[str, Ask]:
    active = OneOf(months(scope.first, scope.last))
    return {
        "participants": Counts(VIEW, {**scope.here, "months.month": active}),
        "new": Sums("participants_by_period", _by_month(scope)),
    }


def _participants(inputs: Inputs, _: Scope) -> Value:
    found = total(inputs["participants"])
    return Value(value=found, numerator=found, people=found, completeness=Fraction(1))


def _per_thousand(inputs: Inputs, scope: Scope) -> Value:
    return beside_residents(_participants(inputs, scope), scope)


def _repeat(inputs: Inputs, _: Scope) -> Value:
    found, new = total(inputs["participants"]), total(inputs["new"], "first_time")
    return Value(
        value=percent(found - new, found),
        numerator=found - new,
        denominator=found,
        inputs={"for_the_first_time": new},
        people=_least(new, found - new),
        completeness=Fraction(1) if found else None,
    )


def _return_asks(scope: Scope) -> Mapping[str, Ask]:
    return {"months": Sums("participants_by_period", _by_month(scope), by=("period",))}


def _returned(inputs: Inputs, scope: Scope) -> Value:
    today = scope.now.astimezone(scope.city.zone).date()
    over = [row for row in inputs["months"] if _is_over(str(row.key["period"]), today)]
    new, returned = total(over, "first_time"), total(over, "returned")
    waiting = total(inputs["months"], "first_time") - new
    return Value(
        value=percent(returned, new),
        numerator=returned,
        denominator=new,
        notes=(f"months that are not {RETURN_DAYS} days over are left out",) if waiting else (),
        people=_least(returned, new - returned),
        completeness=Fraction(new, new + waiting) if new + waiting else None,
    )


def _is_over(month: str, today: date) -> bool:
    return month_of(date.fromisoformat(f"{month}-01")).last + timedelta(days=RETURN_DAYS) < today


def _least(*parts: int) -> int:
    """How many people a number tells about: those of its smallest part, as the rest could be told from it."""
    return min((part for part in parts if part), default=0)


def _ladder_asks(scope: Scope) -> Mapping[str, Ask]:
    return {"ladder": Sums("ladder", scope.months(), by=("rung",))}


def _climbed(rung: Rung) -> Callable[[Inputs, Scope], Value]:
    def compute(inputs: Inputs, _: Scope) -> Value:
        here = {row.key["rung"]: row.n["participants"] for row in inputs["ladder"]}
        begun, came = here.get("feedback", 0), here.get(rung, 0)
        return Value(
            value=percent(came, begun),
            numerator=came,
            denominator=begun,
            people=_least(came, begun - came),
            completeness=Fraction(1) if begun else None,
        )

    return compute


METRICS: Final = (
    Metric(
        code="participants",
        version=1,
        title="Participants",
        unit="participants",
        decimals=0,
        window="months",
        numerator="people who did at least one thing that counts in these months",
        denominator=None,
        explanation="Everyone who told the city something, submitted or supported an idea, voted, "
        "volunteered, took care of something or led a group counts once, however much they did. Who is "
        "known by no pseudonym is not counted, as in most requests that were imported; who was erased "
        "counts no more.",
        asks=_asks,
        compute=_participants,
    ),
    Metric(
        code="participants.per_thousand",
        version=1,
        title="Participants per 1,000 residents",
        unit="per_thousand",
        decimals=1,
        window="months",
        numerator="people who did at least one thing that counts in these months",
        denominator="residents of the city",
        explanation="How many people took part, beside how many live in the city this year, or in the last "
        "year for which that is known: it is among the inputs. Whoever works there may take part as well.",
        asks=_asks,
        compute=_per_thousand,
        better="higher",
    ),
    Metric(
        code="repeat_participants",
        version=1,
        title="Participants who had taken part before",
        unit="percent",
        decimals=1,
        window="months",
        numerator="of these, who had taken part in an earlier month than these",
        denominator="people who took part in these months",
        explanation="How many of the participants of these months had done something that counts before. "
        "The others took part for the first time.",
        asks=_asks,
        compute=_repeat,
    ),
    Metric(
        code="return_90_days",
        version=1,
        title=f"First-timers who came back within {RETURN_DAYS} days",
        unit="percent",
        decimals=1,
        window="months",
        numerator=f"of these, who took part again on another day within {RETURN_DAYS} days",
        denominator="people who took part for the first time in these months",
        explanation="How many of those who took part for the first time came back. What somebody does on "
        f"the same day is one visit. Months that are not {RETURN_DAYS} days over are left out, since "
        "their first-timers may still come back; completeness is the share of first-timers that count.",
        asks=_return_asks,
        compute=_returned,
        better="higher",
    ),
    *(
        Metric(
            code=f"ladder.{rung}",
            version=1,
            title=f"Feedback-givers who later {_DID[rung]}",
            unit="percent",
            decimals=1,
            window="months",
            numerator=f"of these, who {_DID[rung]} after their first feedback, however much later",
            denominator="people who gave the city feedback for the first time in these months",
            explanation=f"How many of those who first told the city something in these months {_DID[rung]} "
            "afterwards. The newer the months, the less time there was.",
            asks=_ladder_asks,
            compute=_climbed(rung),
            better="higher",
        )
        for rung in RUNGS
        if rung != "feedback"
    ),
)
