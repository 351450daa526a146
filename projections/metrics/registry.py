"""Every published number, by its permanent code."""

from typing import Final

from projections.metrics.core import Metric
from projections.metrics.families import promises, requests

METRICS: Final[tuple[Metric, ...]] = (*requests.METRICS, *promises.METRICS)

BY_CODE: Final[dict[str, Metric]] = {one.code: one for one in METRICS}
