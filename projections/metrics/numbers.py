"""Exact arithmetic of published numbers: ratios, nearest ranks, and rounding once, at the end."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeVar

from projections.counting import COUNT, MINUTES, Row
from projections.metrics.core import Exact

HOUR: Final = 60
DAY: Final = 24 * HOUR
"""Minutes."""
_Number = TypeVar("_Number", int, Fraction)


def ratio(part: Exact, whole: Exact, *, times: int = 1) -> Fraction | None:
    """`part / whole * times`; None where there is no whole."""
    return Fraction(part) * times / Fraction(whole) if whole else None


def percent(part: Exact, whole: Exact) -> Fraction | None:
    """`part` of `whole` in percent; None where there is no whole."""
    return ratio(part, whole, times=100)


def per_thousand(part: Exact, residents: int) -> Fraction | None:
    """`part` per 1,000 residents."""
    return ratio(part, residents, times=1000)


def nearest_rank(counts: Mapping[_Number, int], rank: int, *, beyond: int = 0) -> _Number | None:
    """The value at this percent of the ordered values: the least that `rank` percent do not exceed.

    `beyond` more values are not known but larger than all others, as of what is still waited for:
    None where the rank falls among them, or where there is no value.
    """
    place = -(-rank * (sum(counts.values()) + beyond) // 100)  # rounded up
    passed = 0
    for value in sorted(counts):
        passed += counts[value]
        if passed >= place:
            return value
    return None


def total(rows: Iterable[Row], measure: str = COUNT) -> int:
    """The sum of one measure."""
    return sum(row.n[measure] for row in rows)


def in_units(minutes: int | None, of: int) -> Fraction | None:
    """Whole minutes in units of so many minutes."""
    return None if minutes is None else Fraction(minutes, of)


def minutes_of(rows: Iterable[Row]) -> tuple[Counter[int], int, int]:
    """The spans that are known by their minutes, how many are not known, and how many are negative.

    Negative spans are defects of the data: they are counted and left out.
    """
    known, unknown, negative = Counter[int](), 0, 0
    for row in rows:
        minutes, count = row.key[MINUTES], row.n[COUNT]
        if minutes is None:
            unknown += count
        elif not isinstance(minutes, int) or minutes < 0:
            negative += count
        else:
            known[minutes] += count
    return known, unknown, negative


def shown(number: Exact, decimals: int) -> Decimal:
    """Rounded half to even, to this many decimals, which are all written: `84.60`."""
    return Decimal(round(Fraction(number) * 10**decimals)).scaleb(-decimals)


def plain(number: Exact) -> Decimal:
    """A part of a ratio as it is shown: whole where it is whole, else with up to three decimals."""
    exact = shown(number, 3)
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()


def text(number: Decimal | None) -> str | None:
    """As it is told everywhere: decimal text without an exponent."""
    return None if number is None else f"{number:f}"
