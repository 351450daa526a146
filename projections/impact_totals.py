"""What was done altogether, of sums that stand by unit and method; pure and exact.

What may not be added up stays apart: metrics, and dimensions of one metric, as bags that nobody weighed and
pounds. What was looked at again later keeps how much was looked at.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from projections.units import converted, unit

THOUSANDTHS = 1_000


class Recorded(NamedTuple):
    """What was recorded alike: in this unit, taken for `each`, by this method."""

    metric_code: str
    unit: str
    each: str
    method: str | None
    records: int
    voided: int
    quantity: Fraction
    out_of: Fraction

    @property
    def comparable(self) -> str:
        """The unit in which it can be compared: the one that it is taken for, if any."""
        return self.each.rpartition(" ")[2] or self.unit

    def told_in(self, to: str) -> Fraction:
        """The quantity in another unit."""
        return converted(self.quantity * self._each, self.comparable, to)

    def looked_at_in(self, to: str) -> Fraction:
        """How much was looked at again, in another unit."""
        return converted(self.out_of * self._each, self.comparable, to)

    @property
    def _each(self) -> Fraction:
        return Fraction(self.each.partition(" ")[0] or 1)


class Total(NamedTuple):
    """What comes of records that can be compared, in one unit."""

    metric_code: str
    unit: str
    inputs: tuple[Recorded, ...]

    @property
    def quantity(self) -> Fraction:
        """The sum, not rounded."""
        return sum((one.told_in(self.unit) for one in self.inputs), Fraction(0))

    @property
    def out_of(self) -> Fraction | None:
        """How much was looked at again; None where these are no later looks."""
        return sum((one.looked_at_in(self.unit) for one in self.inputs), Fraction(0)) or None

    @property
    def records(self) -> int:
        """Records that count."""
        return sum(one.records for one in self.inputs)

    @property
    def voided(self) -> int:
        """Records that were voided."""
        return sum(one.voided for one in self.inputs)


def recorded(key: Mapping[str, object], n: Mapping[str, int]) -> Recorded:
    """A cell of a tally of impact records."""
    method = key.get("method")
    return Recorded(
        metric_code=str(key["metric_code"]),
        unit=str(key["unit"]),
        each=str(key["each"]),
        method=None if method is None else str(method),
        records=n["records"],
        voided=n["voided"],
        quantity=Fraction(n["thousandths"], THOUSANDTHS),
        out_of=Fraction(n["out_of"], THOUSANDTHS),
    )


def totals(found: Iterable[Recorded], wanted: str | None = None) -> list[Total]:
    """By metric: in the unit `wanted` where that can be, else in the one told, else in the canonical one."""
    alike: dict[tuple[str, str], list[Recorded]] = defaultdict(list)
    for one in found:
        alike[one.metric_code, unit(one.comparable).canonical].append(one)
    return [
        Total(metric, _chosen(dimension, parts, wanted), tuple(sorted(parts)))
        for (metric, dimension), parts in sorted(alike.items())
    ]


def _chosen(dimension: str, parts: Iterable[Recorded], wanted: str | None) -> str:
    if wanted is not None and unit(wanted).canonical == dimension:
        return wanted
    told = {one.comparable for one in parts}
    return told.pop() if len(told) == 1 else dimension
