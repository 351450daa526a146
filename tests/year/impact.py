"""What the read models of projects and impact must hold, made of the truth."""

from collections.abc import Iterator
from typing import Any

from events.types.awards import AwardRef
from producers.simulate.impact import Project, Record
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Added, Documents, summed, thousandths


def projects(truth: Truth) -> Documents:
    return {key: _project(one) for key, one in truth.kept(Project).items()}


def _project(one: Project) -> dict[str, Any]:
    told, (end, ended_at) = one.data, one.ended or (None, None)
    return {
        "city": one.city,
        "project_id": one.id,
        "title": told.title,
        "category": told.category,
        "organisation": told.organisation,
        "group_id": told.group_id,
        "idea_ids": list(told.idea_ids),
        "problem_ids": list(told.problem_ids),
        "award": _award(told.award),
        "neighbourhood_id": told.neighbourhood_id,
        "status": end.outcome if end else "running",
        "started_at": one.started_at,
        "ended_at": ended_at,
        "note": end and end.note,
        "evidence": [],
        "updated_at": one.last_told,
    }


def _award(told: AwardRef | None) -> dict[str, str] | None:
    return None if told is None else {"city": told.city, "award_id": told.award_id}


def records(truth: Truth) -> Documents:
    return {key: _record(one) for key, one in truth.kept(Record).items()}


def _record(one: Record) -> dict[str, Any]:
    told, (void, voided_at) = one.data, one.voided or (None, None)
    return {
        "city": one.city,
        "record_id": one.id,
        "metric_code": told.metric_code,
        "quantity": told.quantity,
        "unit": told.unit,
        "each": told.each and {"quantity": told.each.quantity, "unit": told.each.unit},
        "out_of": told.out_of and {"record_id": told.out_of.record_id, "quantity": told.out_of.quantity},
        "method": told.method,
        "done_on": told.done_on,
        "evidence": [],
        "neighbourhood_id": told.neighbourhood_id,
        "project_id": told.project_id,
        "award": _award(told.award),
        "session_id": told.session_id,
        "asset_id": told.asset_id,
        "recorded_at": one.recorded_at,
        "told": 1,
        "voided_at": voided_at,
        "void_reason": void and void.reason,
        "void_note": void and void.note,
        "replaced_by": void and void.replaced_by,
        "updated_at": one.last_told,
    }


def by_month(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, one.data.done_on[:7], one.data.neighbourhood_id or "", *_of(one), one.data.method),
            _counts(one),
        )
        for one in truth.kept(Record).values()
    )


def by_thing(truth: Truth) -> Sums:
    return summed(added for one in truth.kept(Record).values() for added in _things(one))


def _things(one: Record) -> Iterator[Added]:
    told = one.data
    for kind, id_ in (("project", told.project_id), ("session", told.session_id), ("asset", told.asset_id)):
        if id_ is not None:
            yield (one.city, kind, id_, one.city, *_of(one)), _counts(one)
    if told.award is not None:
        yield (told.award.city, "award", told.award.award_id, one.city, *_of(one)), _counts(one)


def _of(one: Record) -> tuple[str, str, str]:
    each = one.data.each
    return one.data.metric_code, one.data.unit, f"{each.quantity} {each.unit}" if each else ""


def _counts(one: Record) -> dict[str, int]:
    if one.voided is not None:
        return {"voided": 1}
    seen = one.data.out_of
    return {
        "records": 1,
        "thousandths": thousandths(one.data.quantity),
        "out_of": thousandths(seen.quantity) if seen else 0,
    }


DOCUMENTS = {"projects": projects, "impact_records": records}
TALLIES = {"impact_by_month": by_month, "impact_by_thing": by_thing}
