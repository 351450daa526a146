"""People who took part, beside how many live in the city: whoever works there counts in the first alone."""

from dataclasses import replace
from fractions import Fraction
from typing import Final

from projections.metrics.core import Scope, Value
from projections.metrics.numbers import per_thousand

UNKNOWN: Final = "the city has not told how many residents it has"


def beside_residents(people: Value, scope: Scope) -> Value:
    """A number of people per 1,000 residents; its numerator is how many there are."""
    residents = scope.residents
    if residents is None or people.numerator is None:
        return replace(people, value=None, notes=(*people.notes, UNKNOWN), completeness=Fraction(0))
    return replace(
        people,
        value=per_thousand(people.numerator, residents.count),
        denominator=residents.count,
        inputs={**people.inputs, "residents": residents.count, "residents_in_year": residents.year},
        completeness=Fraction(1),
    )
