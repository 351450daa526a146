"""Units are converted exactly, and rounded once."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.units import UNITS, NotComparable, converted, rounded, unit

NAMES = st.sampled_from([*UNITS, "trees"])


@pytest.mark.parametrize(
    ("quantity", "name", "to", "exactly"),
    [
        (1, "lb", "kg", "0.45359237"),
        (1, "ft", "m", "0.3048"),
        (1, "sq_ft", "sq_m", "0.09290304"),
        (1, "acre", "sq_m", "4046.8564224"),
        (1, "mi", "m", "1609.344"),
        (1, "us_ton", "lb", "2000"),
        (1, "us_gal", "l", "3.785411784"),
        (1, "oz", "g", "28.349523125"),
        (730_000, "sq_ft", "sq_m", "67819.2192"),
        (25, "trees", "trees", "25"),
    ],
)
def test_definitions_are_exact(quantity: int, name: str, to: str, exactly: str) -> None:
    assert converted(Fraction(quantity), name, to) == Fraction(exactly)


@given(quantity=st.integers(0, 10**12).map(lambda n: Fraction(n, 1000)), name=NAMES, to=NAMES)
def test_there_and_back_is_the_same(quantity: Fraction, name: str, to: str) -> None:
    if unit(name).canonical == unit(to).canonical:
        assert converted(converted(quantity, name, to), to, name) == quantity
    else:
        with pytest.raises(NotComparable, match=f"{name} cannot be told in {to}"):
            converted(quantity, name, to)


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [("0.0005", "0.000"), ("0.0015", "0.002"), ("0.00151", "0.002"), ("12", "12.000"), ("0.1", "0.100")],
)
def test_half_goes_to_the_even_digit(quantity: str, shown: str) -> None:
    assert str(rounded(Fraction(quantity))) == shown


def test_jacksonvilles_bags_are_its_pounds() -> None:
    """22,427 bags, each taken for 20 lb."""
    pounds = Fraction(22_427) * 20
    assert rounded(pounds, 0) == Decimal(448_540)
    assert rounded(converted(pounds, "lb", "kg")) == Decimal("203454.322")
