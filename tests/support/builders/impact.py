"""Projects and what came of the work."""

from typing import Any

from events.envelope import Event
from events.types import impact
from tests.support.build import AT, told


def started(project: str = "project-1", *, at: str = AT, **data: Any) -> Event:
    return told(impact.ProjectStarted, project, data, at=at, title="Mend the block", category="blight")


def ended(project: str = "project-1", *, at: str = AT, **data: Any) -> Event:
    return told(impact.ProjectEnded, project, data, at=at, outcome="completed")


def recorded(record: str = "impact-1", *, quantity: str = "20", at: str = AT, **data: Any) -> Event:
    usual = {"metric_code": "litter_removed", "unit": "lb", "method": "weighed", "done_on": at[:10]}
    return told(impact.ImpactRecorded, record, data, at=at, quantity=quantity, **usual)


def voided(record: str = "impact-1", *, at: str = AT, **data: Any) -> Event:
    return told(impact.ImpactVoided, record, data, at=at, reason="wrong_unit")
