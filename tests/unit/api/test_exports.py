"""Tables that no spreadsheet computes."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.api.exports import table


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_compute_is_shown_as_text(cell: str) -> None:
    assert _read(table(["a"], [[cell]])) == [["a"], [f"'{cell}"]]


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2))
)
def test_cells_come_back_as_they_were_but_for_the_mark(rows: list[list[str]]) -> None:
    found = _read(table(["a", "b"], rows))[1:]
    assert [[cell.removeprefix("'") for cell in row] for row in found] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]


def test_what_is_not_known_is_an_empty_cell() -> None:
    assert table(["a", "b"], [[None, "1"]]) == b"a,b\r\n,1\r\n"


def _read(made: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(made.decode(), newline="")))
