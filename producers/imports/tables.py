"""Rows of CSV files in which quotes may be broken.

To CSV a quote that opens a cell and never closes makes one cell of the rest of the file: rows
vanish and nothing says so. Here a row may go over several lines only where its quotes are exact
and none of the lines after its first could be a row itself. Any other is torn: its first line is
a row that cannot be read, and the next line begins the next row.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from producers.imports.outcomes import Rejected

LONGEST_ROW: Final = 2**16
"""Most characters of a row that goes over several lines: so far a quote that opens is looked after."""

_LONGEST_CELL: Final = 2**24
_TORN: Final = "a quote opens here that never closes, or closes in another row"

Cells = list[str]


@dataclass(frozen=True, slots=True)
class Torn:
    """A line that cannot be read as a row; lines are counted from 1."""

    line: int
    text: str
    reason: str

    def rejected(self, row: int) -> Rejected:
        """The line as a rejected row."""
        return Rejected(row, self.reason, self.text)


class Table:
    """Reads rows from text lines (with their ends), as many lines for each as it really has."""

    def __init__(self, lines: Iterable[str], delimiter: str = ",") -> None:
        csv.field_size_limit(_LONGEST_CELL)
        self._lines = iter(lines)
        self._delimiter = delimiter
        self._ahead: deque[str] = deque()
        self._line = 0
        self._last = "\n"

    @property
    def ends_within_a_line(self) -> bool:
        """Whether the last line read has no end, as that of a file that was cut off."""
        return not self._last.endswith(("\n", "\r"))

    def row(self, could_be_a_row: Callable[[Cells], bool]) -> Cells | Torn | None:
        """The next row that holds anything; None at the end of the file.

        `could_be_a_row` tells whether the cells of a single line look like a row of this table.
        """
        while self._ahead or self._read():
            reader = csv.reader([self._ahead[0], ""], delimiter=self._delimiter)
            try:
                cells = next(reader)
            except csv.Error as error:
                return self._torn(f"no CSV: {error}")
            if reader.line_num == 1:
                self._take(1)
                if any(cell.strip() for cell in cells):
                    return cells
            else:  # the line ends within a quote
                return self._over_lines(could_be_a_row) or self._torn(_TORN)
        return None

    def _over_lines(self, could_be_a_row: Callable[[Cells], bool]) -> Cells | None:
        """The row that begins here and goes over several lines; None where they are no single row."""
        reader = csv.reader(self._from_here(), delimiter=self._delimiter, strict=True)
        try:
            cells = next(reader)
        except csv.Error:
            return None
        lines = [self._ahead[n] for n in range(reader.line_num)]
        others = lines[1:]
        if len(next(csv.reader(lines[:1], delimiter=self._delimiter))) == 1:
            others.pop()  # it holds all cells after the first, so it always looks like a row
        if any(could_be_a_row(alone) for line in others for alone in self._alone(line)):
            return None
        self._take(len(lines))
        return cells

    def _alone(self, line: str) -> Iterator[Cells]:
        """A line cut into cells, by its quotes and, as they may be broken, without regard to them."""
        yield next(csv.reader([line], delimiter=self._delimiter))
        yield line.split(self._delimiter)

    def _from_here(self) -> Iterator[str]:
        size = 0
        for place in count():
            if size > LONGEST_ROW or (place == len(self._ahead) and not self._read()):
                return
            size += len(self._ahead[place])
            yield self._ahead[place]

    def _read(self) -> bool:
        line = next(self._lines, None)
        if line is None:
            return False
        self._ahead.append(line)
        return True

    def _take(self, lines: int) -> None:
        self._line += lines
        for _ in range(lines):
            self._last = self._ahead.popleft()

    def _torn(self, reason: str) -> Torn:
        self._take(1)
        return Torn(self._line, self._last.rstrip("\r\n"), reason)
