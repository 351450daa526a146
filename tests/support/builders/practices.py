"""Practices and who took them up."""

from typing import Any

from events.envelope import Event
from events.types import practices
from events.types.practices import Measured
from tests.support.build import AT, told

MOWN = Measured(metric_code="vacant_lots_mown", unit="percent", baseline="31", result="78.5")


def published(practice: str = "practice-1", *, at: str = AT, **data: Any) -> Event:
    usual = {"title": "Neighbours adopt lots", "challenge": "Nobody mows", "category": "impact_volunteering"}
    return told(practices.PracticePublished, practice, data, at=at, measures=(MOWN,), **usual)


def adopted(practice: str = "practice-9", *, at: str = AT, **data: Any) -> Event:
    usual = {"from_city": "lakeside", "from_practice_id": "practice-1"}
    return told(practices.PracticeAdopted, practice, data, at=at, **usual)


def adopted_elsewhere(practice: str = "practice-1", *, at: str = AT, **data: Any) -> Event:
    usual = {"rule": "practice.reaches_origin", "by_city": "lakeside", "by_practice_id": "practice-9"}
    return told(practices.PracticeAdoptedElsewhere, practice, data, at=at, **usual)


def outcome(practice: str = "practice-1", *, at: str = AT, **data: Any) -> Event:
    return told(practices.PracticeOutcomeReported, practice, data, at=at, measures=(MOWN,))
