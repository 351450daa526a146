"""What volunteers' time is worth, and what it comes to beside the grants that were paid.

Hours come first: only verified ones count, each at the rate of the year in which the work was done. Where no
rate is known for a year, its hours have no value and say so.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from projections.metrics.core import Ask, Counts, Distinct, Inputs, Metric, Scope, Sums, Value
from projections.metrics.numbers import HOUR, ratio, total
from projections.read import Between, OneOf, Where
from projections.volunteer_value import Worth, worth

THOUSANDTHS: Final = 1_000
CURRENCIES: Final = ("USD", "GBP")
"""Those of the rates that are known: a number has one unit, or cities could not be compared by it."""


def hours_asks(scope: Scope) -> Mapping[str, Ask]:
    """Verified minutes by year of work, and who worked them."""
    days = Between(scope.first.isoformat(), scope.last.isoformat())
    done: Where = {**scope.here, "status": "verified", "worked_on": days}
    return {
        "minutes": Sums("hours_by_day", scope.days(), by=("year",)),
        "volunteers": Distinct("hours", {**done, "participant": Between("", None)}, of="participant"),
        "unnamed": Counts("hours", {**done, "participant": OneOf((None,))}),
    }


def worth_of(inputs: Inputs, scope: Scope) -> Worth:
    """The years of work with their rates."""
    minutes = {int(str(row.key["year"])): row.n["verified"] for row in inputs["minutes"]}
    return worth(minutes, scope.city.country, scope.city.region)


def people(inputs: Inputs) -> int:
    """Volunteers who worked; each entry that names nobody may be somebody else's."""
    return total(inputs["volunteers"]) + total(inputs["unnamed"])


def _value(currency: str) -> Callable[[Inputs, Scope], Value]:
    def compute(inputs: Inputs, scope: Scope) -> Value:
        found = worth_of(inputs, scope)
        here = found.currency == currency
        return Value(
            value=found.exact if here else None,
            numerator=_hours(found.minutes_valued if here else 0),
            inputs={
                "verified_hours": _hours(found.minutes),
                "volunteers": people(inputs),
                **_rates(found),
            },
            notes=tuple(_notes(found)),
            people=people(inputs),
            completeness=ratio(found.minutes_valued, found.minutes) if here else None,
        )

    return compute


def _hours(minutes: int) -> Fraction:
    return Fraction(minutes, HOUR)


def _rates(found: Worth) -> dict[str, Fraction]:
    return {f"rate_{one.year}": Fraction(one.rate.rate) for one in found.years if one.rate}


def _notes(found: Worth) -> list[str]:
    rated = [
        f"{one.year}: {one.rate.currency} {one.rate.rate} an hour in {one.rate.place} ({one.rate.source})"
        for one in found.years
        if one.rate
    ]
    without = ", ".join(map(str, found.without_rate))
    return [*rated, *([f"no rate is known for {without}: these hours have no value here"] if without else [])]


def _leverage_asks(scope: Scope) -> Mapping[str, Ask]:
    return {**hours_asks(scope), "paid": Sums("grants_disbursed", scope.months(), by=("currency",))}


def _leverage(inputs: Inputs, scope: Scope) -> Value:
    found = worth_of(inputs, scope)
    paid = {row.key["currency"]: Fraction(row.n["disbursed"], THOUSANDTHS) for row in inputs["paid"]}
    spent = paid.get(found.currency, Fraction(0))
    others = sorted(str(one) for one in paid if one != found.currency)
    return Value(
        value=ratio(found.exact, spent) if found.currency else None,
        numerator=found.exact if found.currency else None,
        denominator=spent,
        inputs={
            "verified_hours": _hours(found.minutes),
            "hours_valued": _hours(found.minutes_valued),
        },
        notes=(
            *_notes(found),
            *((f"grants paid in {', '.join(others)} are left out",) if others else ()),
            "what was given in kind is not recorded, and left out",
        ),
        people=people(inputs),
        completeness=ratio(found.minutes_valued, found.minutes),
    )


METRICS: Final = (
    *(
        Metric(
            code=f"volunteer_value.{currency.lower()}",
            version=1,
            title=f"What volunteers' time would have cost, in {currency}",
            unit=currency.lower(),
            decimals=2,
            window="months",
            numerator="verified hours of the period for whose year a rate is known",
            denominator=None,
            explanation="Verified hours, each at the rate that is published for the place and the year in "
            "which the work was done. The rates and their sources stand beside it. A wage that nobody paid "
            "says how much time was given and not how good the work was; hours are the number to look at "
            "first. Years without a rate have no value, and completeness is the share of the hours that "
            f"have one. Cities that do not pay in {currency} have none.",
            asks=hours_asks,
            compute=_value(currency),
        )
        for currency in CURRENCIES
    ),
    Metric(
        code="cost_leverage",
        version=1,
        title="Volunteers' time for each unit of grant money",
        unit="ratio",
        decimals=2,
        window="months",
        numerator="what the verified hours of the period would have cost",
        denominator="grant money that the city paid out in the period, in the same currency",
        explanation="What volunteers' time would have cost, for each dollar (or other unit) of grants that "
        "the city paid out in the same months. The money may have led to work in other months: look at long "
        "periods.",
        asks=_leverage_asks,
        compute=_leverage,
    ),
)
