"""Tables as CSV files that are safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins with one of these would be computed by a spreadsheet instead of shown."""


def table(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    """RFC 4180, UTF-8; what is not known is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_safe(cell or "") for cell in row] for row in rows)
    return out.getvalue().encode()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
