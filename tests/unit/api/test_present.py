"""How numbers, money, times and bars read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from projections.api import present

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1234567, "1,234,567"), (3.14, "3.1"), (5.0, "5")]
)
def test_numbers_have_thousands_separators(value: float, text: str) -> None:
    assert present.number(value) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("249150", "EUR", "EUR 249,150"),
        ("18900.5", "USD", "USD 18,900.50"),
        ("18900.0000", None, "18,900"),
        ("999999999999999.99", None, "999,999,999,999,999.99"),
        (None, "EUR", "not stated"),
    ],
)
def test_money_shows_cents_only_where_there_are_any(
    value: str | None, currency: str | None, text: str
) -> None:
    assert present.money(value, currency) == text


def test_an_amount_is_a_whole_number_when_it_is_whole() -> None:
    assert present.amount("9000.00") == 9000
    assert isinstance(present.amount("9000.00"), int)
    assert present.amount("18900.50") == 18900.5
    assert present.amount("999999999999999") == 999_999_999_999_999


def test_times_stand_on_the_citys_clock_with_a_machine_readable_twin() -> None:
    at = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)  # an hour after New York's clocks went forward
    expected = '<time datetime="2026-03-08T03:30:00-04:00">8 Mar 2026, 03:30</time>'
    assert present.time_tag(at, NEW_YORK) == expected


def test_the_last_days_run_over_the_end_of_a_month() -> None:
    assert present.last_days("2024-03-01", 3) == ["2024-02-28", "2024-02-29", "2024-03-01"]


def test_the_tallest_bar_fills_the_chart_and_a_single_event_can_be_seen() -> None:
    days = ["2026-04-01", "2026-04-02", "2026-04-03"]
    tallest, none, least = present.bars(days, {"2026-04-01": 1000, "2026-04-03": 1})
    assert (tallest.height, tallest.y) == (100, 0)
    assert none.height == 0
    assert least.height == 1.5
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in (tallest, none, least))


def test_a_chart_of_nothing_has_no_height() -> None:
    assert [bar.height for bar in present.bars(["2026-04-01"], {})] == [0]


@pytest.mark.parametrize(
    ("value", "most", "length"), [(1, 2, "50.00%"), (-3, 2, "0.00%"), (0, 0, "0%"), (1, -1, "0%")]
)
def test_a_bar_is_never_shorter_than_nothing_nor_longer_than_all(
    value: float, most: float, length: str
) -> None:
    assert present.share(value, most) == length


def test_words_of_people_are_escaped_and_keep_their_lines() -> None:
    assert present.paragraphs("a <b>\n\nc") == "<p>a &lt;b&gt;</p><p>c</p>"


@pytest.mark.parametrize(
    ("vote_type", "unit"),
    [
        ("approval", "votes"),
        ("choose-1", "votes"),
        ("ordinal", "points"),
        ("cumulative", "points"),
        ("scoring", "points"),
    ],
)
def test_projects_stand_by_points_where_ballots_give_points_or_places(vote_type: str, unit: str) -> None:
    assert present.scored(vote_type) is (unit == "points")


@pytest.mark.parametrize(
    ("vote_type", "gives"),
    [
        ("approval", "one vote to each project"),
        ("choose-1", "one vote to one project"),
        ("ordinal", "a first place gives 3 points, each place after it one less"),
        ("cumulative", "divides its points"),
        ("scoring", "points to each project"),
        (None, "Not known"),
    ],
)
def test_what_a_ballot_gives_is_said_in_words(vote_type: str | None, gives: str) -> None:
    assert gives in present.ballots_give(vote_type, 3)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Locked", "Locked", True),
        ("In progress", " in  progress.\n", True),
        ("Locked", "Unlocked", False),
        ("Locked", None, False),
        ("", None, False),
    ],
)
def test_two_texts_are_the_same_when_a_reader_sees_no_difference(
    one: str, other: str | None, *, same: bool
) -> None:
    assert present.same(one, other) is same


def test_names_in_a_text_of_ours_are_code_and_all_of_it_is_escaped() -> None:
    assert present.coded("`city` is <needed>, `a<b`.") == (
        "<code>city</code> is &lt;needed&gt;, <code>a&lt;b</code>."
    )


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        ("84.6", "percent", "84.6 %"),
        ("1", "participants", "1 participant"),
        ("12345", "participants", "12,345 participants"),
        ("0.80", "per_thousand", "0.80 per 1,000 residents"),
        ("1.50", "ratio", "1.50 to 1"),
        ("1200.5", "sq_ft", "1,200.5 sq ft"),
        ("310602.02", "usd", "USD 310,602.02"),
    ],
)
def test_a_published_number_reads_with_its_unit_and_all_its_decimals(
    value: str, unit: str, said: str
) -> None:
    assert present.measured(value, unit) == said


def test_a_month_reads_as_one() -> None:
    assert present.month("2026-04") == "Apr 2026"
