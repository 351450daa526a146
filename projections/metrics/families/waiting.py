"""How long people wait: medians and nine of ten, in which what still waits has its place.

What is not answered yet counts as longer than everything that is: else a city would look the
quicker the more it leaves undone.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from projections.counting import Row
from projections.metrics.core import Value
from projections.metrics.numbers import in_units, minutes_of, nearest_rank, ratio

PARTS: Final = {50: "half of the", 90: "nine of ten"}
"""Of how many the two published ranks speak."""


def waited(rows: Iterable[Row], rank: int, begun: str, done: str, *, unit: int) -> Value:
    """The time that this many percent waited at most; `unit` is in minutes.

    `begun` and `done` name what was counted: `requests_reported`, `answered`.
    """
    known, waiting, negative = minutes_of(rows)
    usable = known.total() + waiting
    verb = begun.rsplit("_", 1)[-1]
    minutes = nearest_rank(known, rank, beyond=waiting)
    return Value(
        value=in_units(minutes, unit),
        denominator=usable,
        inputs={
            begun: usable + negative,
            done: known.total(),
            f"not_yet_{done}": waiting,
            f"{done}_before_{verb}": negative,
        },
        notes=tuple(
            _notes(rank if usable and minutes is None else None, negative, done.replace("_", " "), verb)
        ),
        people=usable,
        completeness=ratio(usable, usable + negative),
    )


def _notes(waits: int | None, negative: int, done: str, begun: str) -> Iterator[str]:
    if waits:
        yield f"fewer than {waits} % are {done}, so it is not known yet"
    if negative:
        yield f"{negative} {done} before they were {begun}; left out"
