"""Every published number, by its permanent code."""

from typing import Final

from projections.metrics.core import Metric
from projections.metrics.families import (
    ideas,
    impact,
    participants,
    promises,
    requests,
    taking_part,
    volunteer_value,
)

METRICS: Final[tuple[Metric, ...]] = (
    *requests.METRICS,
    *promises.METRICS,
    *ideas.METRICS,
    *taking_part.METRICS,
    *participants.METRICS,
    *volunteer_value.METRICS,
    *impact.METRICS,
)

BY_CODE: Final[dict[str, Metric]] = {one.code: one for one in METRICS}
