"""Units of one dimension, and exact conversion between them; pure.

International definitions: 1 lb is 0.45359237 kg and 1 ft is 0.3048 m, exactly. Quantities are whole numbers
or fractions of them until they are shown, so nothing is rounded before the end.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

DECIMALS: Final = 3
"""Decimals of a quantity that is shown, as of one that is told."""

_LB: Final = Fraction(45_359_237, 100_000_000)
_FT: Final = Fraction(3_048, 10_000)


class Unit(NamedTuple):
    """What one of it is in the canonical unit of its dimension."""

    canonical: str
    worth: Fraction


UNITS: Final = {
    "kg": Unit("kg", Fraction(1)),
    "g": Unit("kg", Fraction(1, 1_000)),
    "t": Unit("kg", Fraction(1_000)),
    "lb": Unit("kg", _LB),
    "oz": Unit("kg", _LB / 16),
    "us_ton": Unit("kg", _LB * 2_000),
    "m": Unit("m", Fraction(1)),
    "km": Unit("m", Fraction(1_000)),
    "ft": Unit("m", _FT),
    "yd": Unit("m", _FT * 3),
    "mi": Unit("m", _FT * 5_280),
    "sq_m": Unit("sq_m", Fraction(1)),
    "ha": Unit("sq_m", Fraction(10_000)),
    "sq_ft": Unit("sq_m", _FT**2),
    "sq_yd": Unit("sq_m", (_FT * 3) ** 2),
    "acre": Unit("sq_m", _FT**2 * 43_560),
    "l": Unit("l", Fraction(1)),
    "us_gal": Unit("l", Fraction(3_785_411_784, 1_000_000_000)),
}


class NotComparable(ValueError):
    """Two units of different dimensions."""


def unit(name: str) -> Unit:
    """The unit of this name; one that is not known, as `trees`, is a dimension of its own."""
    return UNITS.get(name, Unit(name, Fraction(1)))


def converted(quantity: Fraction, name: str, to: str) -> Fraction:
    """The same quantity in another unit; raises NotComparable."""
    given, wanted = unit(name), unit(to)
    if given.canonical != wanted.canonical:
        raise NotComparable(f"{name} cannot be told in {to}")
    return quantity * given.worth / wanted.worth


def rounded(quantity: Fraction, decimals: int = DECIMALS) -> Decimal:
    """Half-even, and the only place where anything is rounded."""
    return Decimal(round(quantity * 10**decimals)).scaleb(-decimals)
