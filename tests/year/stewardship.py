"""What the read models of things, adoptions and waiting lists must hold, made of the truth."""

from collections.abc import Iterator
from typing import Any

from producers.simulate.assets import Adoption, Asset, Entry
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Added, Documents, point, summed

CHECK_INS_KEPT = 20


def assets(truth: Truth) -> Documents:
    return {key: _asset(truth, one) for key, one in truth.kept(Asset).items()}


def _asset(truth: Truth, one: Asset) -> dict[str, Any]:
    told = one.data
    return {
        "city": one.city,
        "asset_id": one.id,
        "asset_type": told.asset_type,
        "name": told.name,
        "feed": told.feed,
        "external_id": told.external_id,
        "point": point(told.lat, told.long),
        "neighbourhood_id": told.neighbourhood_id,
        "priority": told.priority,
        "revision": one.revision,
        "registered_at": one.registered_at,
        "retired_at": one.retired_at,
        "retired_because": one.retired and one.retired.reason,
        "retired": one.retired is not None,
        "not_adoptable_because": told.not_adoptable_because,
        "state": _state(one),
        "waiting": [
            {"entry_id": entry.id, "participant": entry.participant, "group_id": None}
            for entry in one.waiting
        ],
        "gone": one.gone[-100:],
        "updated_at": one.last_told,
        **_stewards(truth, one),
        **_looked_after(one),
    }


def _state(one: Asset) -> str:
    if one.retired is not None:
        return "retired"
    if one.adoption is not None:
        return "adopted"
    return "not_adoptable" if one.data.not_adoptable_because else "free"


def _stewards(truth: Truth, one: Asset) -> dict[str, Any]:
    now = one.adoption
    return {
        "adoption": now
        and {
            "adoption_id": now.id,
            "steward": now.steward,
            "group_id": now.group,
            "cadence_days": now.data.cadence_days,
            "since": now.started_at,
        },
        "nickname": now and now.data.nickname,
        "free_since": one.free_since,
        "adoptions": [
            {
                "adoption_id": adoption.id,
                "started_at": adoption.started_at,
                "ended_at": adoption.ended_at,
                "ended_by": adoption.ended_by,
            }
            for adoption, _ in one.adoptions
        ],
        "adoptions_total": len(one.adoptions),
        "readoptions": _readoptions(one),
    }


def _readoptions(one: Asset) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for adoption, seconds in one.adoptions:
        if seconds is not None:
            month, days = adoption.started_on[:7], str(seconds // 86_400)
            gaps = found.setdefault(month, {})
            gaps[days] = gaps.get(days, 0) + 1
    return found


def _looked_after(one: Asset) -> dict[str, Any]:
    return {
        "condition": one.seen and one.seen.data.condition,
        "needs": list(one.seen.data.needs) if one.seen else [],
        "checked_in_at": max((visit.at for visit in one.visits), default=None),
        "check_ins": [
            {
                "at": visit.at,
                "adoption_id": visit.data.adoption_id,
                "condition": visit.data.condition,
                "tasks_done": list(visit.data.tasks_done),
                "needs": list(visit.data.needs),
            }
            for visit in one.visits[-CHECK_INS_KEPT:]
        ],
        "check_ins_total": len(one.visits),
    }


def coverage(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, one.data.asset_type, one.data.neighbourhood_id or ""),
            {name: int(number) for name, number in _covered(one).items()},
        )
        for one in truth.kept(Asset).values()
    )


def _covered(one: Asset) -> dict[str, int]:
    may = one.retired is None and one.data.not_adoptable_because is None
    adopted = may and one.adoption is not None
    condition = one.seen.data.condition if one.seen else None
    return {
        "assets": one.retired is None,
        "retired": one.retired is not None,
        "adoptable": may,
        "adopted": adopted,
        "priority_adoptable": may and one.data.priority,
        "priority_adopted": adopted and one.data.priority,
        "attention": condition in ("attention", "urgent"),
        "urgent": condition == "urgent",
        "wanted": bool(one.waiting),
        "waiting": len(one.waiting),
    }


def needs(truth: Truth) -> Sums:
    return summed(
        ((one.city, need), {"assets": 1})
        for one in truth.kept(Asset).values()
        if one.seen is not None
        for need in one.seen.data.needs
    )


def readoptions(truth: Truth) -> Sums:
    return summed(
        ((one.city, month, days), {"readoptions": number})
        for one in truth.kept(Asset).values()
        for month, gaps in _readoptions(one).items()
        for days, number in gaps.items()
    )


def adoptions(truth: Truth) -> Documents:
    return {key: _adoption(one) for key, one in truth.kept(Adoption).items()}


def _adoption(one: Adoption) -> dict[str, Any]:
    return {
        "city": one.city,
        "asset_id": one.asset,
        "adoption_id": one.id,
        "state": _standing(one),
        "steward": one.steward,
        "group_id": one.group,
        "nickname": one.data.nickname,
        "cadence_days": one.data.cadence_days,
        "obligations": list(one.data.obligations),
        "entry_id": one.data.entry_id,
        "started_at": one.started_at,
        "started_on": one.started_on,
        "transferred": one.transferred,
        "ended_at": one.ended_at,
        "ended_on": one.ended_on,
        "ended_by": one.ended_by,
        "retired_because": one.retired_because,
        "cared_at": one.cared_at,
        "check_ins": one.check_ins,
        "minutes": one.minutes,
        "due_told": len(one.due_told),
        "overdue_told": one.overdue_told,
        "counts_from": one.counts_from,
        "misses": [{"due_at": due, "month": month} for due, month in one.misses[-24:]],
        "missed_in_a_row": len(one.missed),
        "months": one.months,
        "updated_at": one.last_told,
    }


def _standing(one: Adoption) -> str:
    if one.ended_by is None:
        return "active"
    return one.ended_by if one.ended_by in ("lapsed", "refused") else "released"


def by_state(truth: Truth) -> Sums:
    return summed(((one.city, _standing(one)), {"adoptions": 1}) for one in truth.kept(Adoption).values())


def by_month(truth: Truth) -> Sums:
    return summed(added for one in truth.kept(Adoption).values() for added in _of_months(one))


def _of_months(one: Adoption) -> Iterator[Added]:
    if one.ended_by == "refused":
        return
    yield (one.city, one.started_on[:7]), {"started": 1}
    for month, counts in one.months.items():
        yield (one.city, month), counts
    if one.ended_on is not None:
        yield (one.city, one.ended_on[:7]), {"ended": 1, "lapsed": int(one.ended_by == "lapsed")}


def entries(truth: Truth) -> Documents:
    return {key: _entry(one) for key, one in truth.kept(Entry).items()}


def _entry(one: Entry) -> dict[str, Any]:
    state = "waiting" if one.offered_at is None else "offered"
    return {
        "city": one.city,
        "asset_id": one.asset,
        "entry_id": one.id,
        "participant": one.participant,
        "group_id": None,
        "state": state if one.left_at is None else "left",
        "joined_at": one.joined_at,
        "offered_at": one.offered_at,
        "expires_at": one.expires_at,
        "left_at": one.left_at,
        "left_because": one.left_because,
        "updated_at": one.last_told,
    }


DOCUMENTS = {"assets": assets, "adoptions": adoptions, "waitlist_entries": entries}
TALLIES = {
    "asset_coverage": coverage,
    "asset_needs": needs,
    "asset_readoptions": readoptions,
    "adoptions_by_state": by_state,
    "stewardship_by_month": by_month,
}
