"""What is shown of participants tells about no single person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.api.participants import shown
from projections.metrics.suppression import few


def cell(participants: int, first_time: int = 0, returned: int = 0) -> dict[str, int]:
    return {"participants": participants, "first_time": first_time, "returned": returned}


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (cell(100, 40, 12), (100, 40, 12)),
        (cell(4, 4), (None, None, None)),
        (cell(100, 3), (100, None, None)),
        (cell(100, 97, 50), (100, None, None)),  # three had been there before
        (cell(100, 40, 2), (100, 40, None)),
        (cell(0), (0, 0, 0)),
        (cell(100, 100, 100), (100, 100, 100)),
    ],
)
def test_a_part_is_hidden_where_it_or_the_rest_is_small(
    n: dict[str, int], expected: tuple[int | None, ...]
) -> None:
    assert shown(n) == expected


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_no_difference_of_shown_numbers_is_small(a: int, b: int, c: int) -> None:
    returned, first_time, participants = sorted((a, b, c))
    found = [one for one in shown(cell(participants, first_time, returned)) if one is not None]
    differences = {abs(one - other) for one in found for other in found}
    assert not any(few(one) for one in (*found, *differences))
