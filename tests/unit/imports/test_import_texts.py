"""Cells of files as the contract takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from events.scalars import City, Money
from producers.imports import texts

MONEY: TypeAdapter[str] = TypeAdapter(Money)
CITY: TypeAdapter[str] = TypeAdapter(City)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("4000.0", "4000"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,5", "1234.5"),
        ("1,234", "1234"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567,89", "1234567.89"),
        ("1.234.567", "1234567"),
        ("12,5", "12.5"),
        ("1'000", "1000"),
        ("1e6", "1000000"),
        ("0.123456", "0.1235"),
        ("-0", "0"),
        ("-5", None),
        ("free", None),
        ("", None),
        ("nan", None),
        ("1e400", None),
        ("9" * 16, None),
    ],
)
def test_amounts_are_read_however_they_are_written(text: str, amount: str | None) -> None:
    assert texts.money(text) == amount


@given(st.text(alphabet="0123456789.,eE+- '\u00a0x", max_size=24))
def test_every_amount_that_is_read_is_one_the_contract_takes(text: str) -> None:
    amount = texts.money(text)
    assert amount is None or MONEY.validate_python(amount) == amount


@given(st.text(max_size=200))
def test_every_city_that_is_named_is_one_the_contract_takes(name: str) -> None:
    slug = texts.city_slug(name)
    assert slug == "" or CITY.validate_python(slug) == slug


@pytest.mark.parametrize("text", ["", "  ", "Unspecified", "0 Unspecified", "N/A", "null"])
def test_words_for_nothing_are_nothing(text: str) -> None:
    assert texts.known(text, 10) is None


def test_what_a_terminal_or_a_database_cannot_carry_is_left_out() -> None:
    assert texts.clean("a\x00b\x1b[31m\ud800c\n") == "ab[31mc"


def test_a_long_text_says_that_it_was_cut() -> None:
    assert texts.cut("abcdef", 4) == "abc…"
    assert texts.cut("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("3.0", 3), ("-2", -2), ("3.5", None), ("", None), ("9" * 13, None)]
)
def test_whole_numbers_are_whole(text: str, number: int | None) -> None:
    assert texts.whole(text) == number


@pytest.mark.parametrize(
    ("lat", "long"), [("", ""), ("1", ""), ("91", "0"), ("0", "0"), ("nan", "1"), ("x", "y")]
)
def test_half_or_impossible_points_are_none(lat: str, long: str) -> None:
    assert texts.point(lat, long) is None
