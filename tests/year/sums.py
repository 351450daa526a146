"""Sums as a reader sees them, counted one by one."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from projections.core import Document
from tests.support.spec import Sums

Documents = dict[str, Document]
Added = tuple[tuple[str, ...], Mapping[str, int]]


def summed(added: Iterable[Added]) -> Sums:
    """Everything added up; what is nothing in the end is left out."""
    totals: Sums = {}
    for key, measures in added:
        cell = totals.setdefault(key, {})
        for measure, number in measures.items():
            cell[measure] = cell.get(measure, 0) + number
    shown = {key: {name: n for name, n in cell.items() if n} for key, cell in totals.items()}
    return {key: cell for key, cell in shown.items() if cell}


def point(lat: float | None, long: float | None) -> dict[str, Any] | None:
    """GeoJSON, longitude first."""
    return None if lat is None or long is None else {"type": "Point", "coordinates": [long, lat]}


def thousandths(text: str) -> int:
    """Decimal text as a whole number of thousandths."""
    return int(Decimal(text) * 1000)
