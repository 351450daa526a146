"""Every published number, by its permanent code."""

from typing import Final

from projections.metrics.core import Metric
from projections.metrics.families import (
    awards,
    grants,
    ideas,
    impact,
    outcomes,
    participants,
    practices,
    promises,
    requests,
    stewardship,
    taking_part,
    volunteer_value,
    volunteering,
)

SECTIONS: Final[dict[str, tuple[Metric, ...]]] = {
    "Requests": (*requests.METRICS, *promises.METRICS),
    "Ideas and results": (*ideas.METRICS, *outcomes.METRICS),
    "Taking part": (*participants.METRICS, *taking_part.METRICS),
    "Volunteering": (*volunteering.METRICS, *volunteer_value.METRICS),
    "Stewardship": stewardship.METRICS,
    "Grants": (*grants.METRICS, *awards.METRICS),
    "What was done": impact.METRICS,
    "Practices": practices.METRICS,
}
"""The numbers by what they are about, in the order in which people see them."""

METRICS: Final[tuple[Metric, ...]] = tuple(one for section in SECTIONS.values() for one in section)
BY_CODE: Final[dict[str, Metric]] = {one.code: one for one in METRICS}
