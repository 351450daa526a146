"""Awards as a package of the 360Giving Data Standard; pure.

Amounts are written digit by digit, never by way of a float. Ids that follow the standard already (of an
award that was imported, of an organisation with a registered number) stay as they are; the others begin with
`townhall-` and the city, so that they are unique among all publishers.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from infra.directory import City
from projections.api.grant_published import title_of
from projections.api.present import decimal_text
from projections.core import Document

_REGISTERED: Final = re.compile(r"(360G|[A-Z]{2}-[A-Z0-9]+|XI-[A-Z0-9]+)-.+")
REGRANTED: Final = "FRG010"
"""The standard's code of a grant to one organisation that grants its money again."""
Organization = dict[str, str]


def package(city: City, grants: Iterable[Mapping[str, Any]]) -> bytes:
    """The file as JSON."""
    told = {
        "title": f"Grants made by {city.name}",
        "publisher": {"name": city.name},
        "grants": list(grants),
    }
    return orjson.dumps(told)


def grant(
    award: Document, application: Document | None, call: Document | None, names: Mapping[str, str]
) -> dict[str, Any]:
    """One award; `names` are those of cities by id. What is not known is left out."""
    accepted = application if title_of(application) else None
    title = award["title"] or title_of(application) or f"Award {award['award_id']}"
    told = {
        "id": grant_id(award["city"], award["award_id"]),
        "title": title,
        "description": award["description"] or _of_call(call) or title,
        "currency": award["currency"],
        "amountAwarded": orjson.Fragment(award["amount"]),
        "amountDisbursed": orjson.Fragment(decimal_text(award["paid_thousandths"])),
        "awardDate": award["granted_on"],
        "recipientOrganization": [_recipient(award, names)],
        "fundingOrganization": [_city(award["city"], names)],
        "dateModified": _moment(award["updated_at"]),
    }
    return told | _programme(call) | _asked(award, accepted) | _chain(award)


def grant_id(city: str, award: str) -> str:
    """The id of an award among all publishers."""
    return award if award.startswith("360G-") else f"townhall-{city}-{award}"


def _of_call(call: Document | None) -> str | None:
    return None if call is None else call["description"] or call["title"]


def _recipient(award: Document, names: Mapping[str, str]) -> Organization:
    if award["grantee_city"] is not None:
        return _city(award["grantee_city"], names)
    group: str = award["grantee_group_id"]
    id_ = group if _REGISTERED.fullmatch(group) else f"townhall-{award['city']}-{group}"
    return {"id": id_, "name": award["grantee_name"] or group}


def _city(city: str, names: Mapping[str, str]) -> Organization:
    return {"id": f"townhall-{city}", "name": names.get(city, city)}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _programme(call: Document | None) -> dict[str, Any]:
    if call is None or call["opened_at"] is None:
        return {}
    programme = {"code": call["call_id"], "title": call["title"]}
    return {"grantProgramme": [programme], "fromOpenCall": "Yes"}


def _asked(award: Document, accepted: Document | None) -> dict[str, Any]:
    if accepted is None:
        return {}
    told: dict[str, Any] = {}
    if accepted["currency"] == award["currency"]:
        told["amountAppliedFor"] = orjson.Fragment(accepted["amount"])
    if accepted["neighbourhood_id"] is not None:
        told["beneficiaryLocation"] = [{"name": accepted["neighbourhood_id"]}]
    return told


def _chain(award: Document) -> dict[str, Any]:
    """Whose money it is, and that it went on."""
    told: dict[str, Any] = {}
    if award["parent_city"] is not None:
        told["relatedActivity"] = [grant_id(award["parent_city"], award["parent_award_id"])]
    if award["first_regranted_at"] is not None:
        told["regrantType"] = REGRANTED
    return told
