"""Things of the city and who takes care of them."""

from typing import Any

from events.envelope import Event
from events.types import stewardship
from tests.support.build import ANN, AT, BEN, told


def registered(asset: str = "drain-1", *, at: str = AT, **data: Any) -> Event:
    return told(stewardship.AssetRegistered, asset, data, at=at, asset_type="storm_drain")


def updated(asset: str = "drain-1", *, at: str = AT, **data: Any) -> Event:
    return told(stewardship.AssetUpdated, asset, data, at=at, asset_type="storm_drain")


def retired(asset: str = "drain-1", *, at: str = AT, **data: Any) -> Event:
    return told(stewardship.AssetRetired, asset, data, at=at, reason="removed")


def adopted(
    asset: str = "drain-1", *, adoption: str = "a1", by: str = ANN, days: int = 30, at: str = AT, **data: Any
) -> Event:
    usual = {"adoption_id": adoption, "cadence_days": days}
    return told(stewardship.AdoptionStarted, asset, data, at=at, by=by, **usual)


def refused(
    asset: str = "drain-1", *, adoption: str = "a2", by: str = BEN, at: str = AT, **data: Any
) -> Event:
    usual = {"rule": "adoption.refused", "adoption_id": adoption, "reason": "taken"}
    return told(stewardship.AdoptionRefused, asset, data, at=at, by=by, **usual)


def looked_after(
    asset: str = "drain-1", *, adoption: str = "a1", by: str = ANN, at: str = AT, **data: Any
) -> Event:
    usual = {"adoption_id": adoption, "condition": "good"}
    return told(stewardship.StewardshipCheckedIn, asset, data, at=at, by=by, **usual)


def due(asset: str = "drain-1", *, adoption: str = "a1", at: str = AT, **data: Any) -> Event:
    usual = {"rule": "adoption.check_in_due", "adoption_id": adoption, "due_at": at}
    return told(stewardship.AdoptionCheckInDue, asset, data, at=at, **usual)


def overdue(asset: str = "drain-1", *, adoption: str = "a1", at: str = AT, **data: Any) -> Event:
    usual = {"rule": "adoption.check_in_overdue", "adoption_id": adoption, "due_at": at, "missed": 1}
    return told(stewardship.AdoptionCheckInOverdue, asset, data, at=at, **usual)


def lapsed(asset: str = "drain-1", *, adoption: str = "a1", at: str = AT, **data: Any) -> Event:
    usual = {"rule": "adoption.lapsed_after_missed", "adoption_id": adoption, "due_at": at, "missed": 3}
    return told(stewardship.AdoptionLapsed, asset, data, at=at, **usual)


def released(
    asset: str = "drain-1", *, adoption: str = "a1", by: str = ANN, at: str = AT, **data: Any
) -> Event:
    usual = {"adoption_id": adoption, "reason": "by_steward"}
    return told(stewardship.AdoptionReleased, asset, data, at=at, by=by, **usual)


def transferred(
    asset: str = "drain-1", *, adoption: str = "a1", by: str = ANN, at: str = AT, **data: Any
) -> Event:
    usual = {"adoption_id": adoption, "to_ref": BEN}
    return told(stewardship.AdoptionTransferred, asset, data, at=at, by=by, **usual)


def waits(asset: str = "drain-1", *, entry: str = "w1", by: str = BEN, at: str = AT, **data: Any) -> Event:
    return told(stewardship.AdoptionWaitlistJoined, asset, data, at=at, by=by, entry_id=entry)


def waits_no_longer(
    asset: str = "drain-1", *, entry: str = "w1", by: str = BEN, at: str = AT, **data: Any
) -> Event:
    usual = {"entry_id": entry, "reason": "withdrawn"}
    return told(stewardship.AdoptionWaitlistLeft, asset, data, at=at, by=by, **usual)


def offered(
    asset: str = "drain-1", *, entry: str = "w1", expires: str = AT, by: str = BEN, at: str = AT, **data: Any
) -> Event:
    usual = {"rule": "adoption.first_who_waits", "entry_id": entry, "expires_at": expires}
    return told(stewardship.AdoptionWaitlistOffered, asset, data, at=at, by=by, **usual)
