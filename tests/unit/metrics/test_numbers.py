"""Exact arithmetic: ranks against a definition spelled out, and rounding once, half to even."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.counting import COUNT, MINUTES, Row
from projections.metrics.numbers import in_units, minutes_of, nearest_rank, percent, plain, ratio, shown


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 100))
def test_a_nearest_rank_is_a_value_that_so_many_percent_do_not_exceed(values: list[int], rank: int) -> None:
    found = nearest_rank(Counter(values), rank)
    assert found in values
    assert 100 * sum(one <= found for one in values) >= rank * len(values)
    assert 100 * sum(one < found for one in values) < rank * len(values)


@given(st.lists(st.integers(0, 50)), st.integers(0, 20), st.sampled_from([50, 90]))
def test_what_is_waited_for_counts_as_larger_than_all(values: list[int], beyond: int, rank: int) -> None:
    known = nearest_rank(Counter(values), rank, beyond=beyond)
    all_ = nearest_rank(Counter([*values, *[1000] * beyond]), rank)
    assert known == (None if all_ == 1000 else all_)


def test_of_nothing_there_is_no_rank_and_no_ratio() -> None:
    assert nearest_rank(Counter[int](), 50) is None
    assert nearest_rank(Counter[int](), 50, beyond=3) is None
    assert ratio(1, 0) is None
    assert in_units(None, 60) is None


def test_negative_spans_are_counted_and_left_out() -> None:
    rows = [Row({MINUTES: minutes}, {COUNT: 2}) for minutes in (-1, 0, 7, None)]
    assert minutes_of(rows) == (Counter({0: 2, 7: 2}), 2, 2)


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [
        (Fraction(1, 8), 2, "0.12"),
        (Fraction(3, 8), 2, "0.38"),
        (Fraction(1100, 13), 3, "84.615"),
        (80, 1, "80.0"),
        (Fraction(999_999, 10), 0, "100000"),
        (0, 1, "0.0"),
    ],
)
def test_a_value_is_rounded_half_to_even_and_shows_all_its_decimals(
    number: Fraction | int, decimals: int, text: str
) -> None:
    assert f"{shown(number, decimals):f}" == text


def test_parts_are_whole_where_they_are_whole() -> None:
    assert str(plain(Fraction(10**11))) == "100000000000"
    assert str(plain(Fraction(5, 2))) == "2.5"
    assert plain(Fraction(1, 3)) == Decimal("0.333")


def test_percent() -> None:
    assert percent(11, 13) == Fraction(1100, 13)
