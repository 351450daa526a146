"""Volunteer hours."""

from typing import Any

from events.envelope import Event
from events.types import hours
from tests.support.build import ANN, AT, BEN, told


def logged(entry: str = "hours-1", *, minutes: int = 90, by: str = ANN, at: str = AT, **data: Any) -> Event:
    usual = {"minutes": minutes, "worked_on": at[:10], "source": "self"}
    return told(hours.HoursLogged, entry, data, at=at, by=by, **usual)


def verified(entry: str = "hours-1", *, minutes: int = 90, by: str = ANN, at: str = AT, **data: Any) -> Event:
    return told(hours.HoursVerified, entry, data, at=at, by=by, minutes=minutes, verifier_ref=BEN)


def rejected(entry: str = "hours-1", *, by: str = ANN, at: str = AT, **data: Any) -> Event:
    return told(hours.HoursRejected, entry, data, at=at, by=by, verifier_ref=BEN, reason="not_there")
