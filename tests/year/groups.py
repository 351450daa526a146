"""What the read models of groups, practices and moderation must hold, made of the truth."""

from typing import Any

from producers.simulate.groups import Group
from producers.simulate.moderation import Content
from producers.simulate.practices import Practice
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Documents, summed


def groups(truth: Truth) -> Documents:
    return {
        key: {
            "city": one.city,
            "group_id": one.id,
            "name": one.data.name,
            "purpose": one.data.purpose,
            "neighbourhood_id": one.data.neighbourhood_id,
            "leader_ref": one.leader,
            "leaders": one.leaders,
            "formed_at": one.formed_at,
            "updated_at": one.leader_since,
        }
        for key, one in truth.kept(Group).items()
    }


def memberships(truth: Truth) -> Documents:
    return {
        f"{key}/{person}": {
            "city": group.city,
            "group": group.id,
            "participant": person,
            "active": member.belongs,
            "since": member.since,
            "left_by": None if member.belongs else member.left_by,
        }
        for key, group in truth.kept(Group).items()
        for person, member in group.members.items()
    }


def group_members(truth: Truth) -> Sums:
    return summed(
        ((group.city, group.id), {"joined": sum(one.belongs for one in group.members.values())})
        for group in truth.kept(Group).values()
    )


def groups_by_neighbourhood(truth: Truth) -> Sums:
    return summed(
        ((one.city, one.data.neighbourhood_id or ""), {"groups": 1}) for one in truth.kept(Group).values()
    )


def practices(truth: Truth) -> Documents:
    return {key: _practice(one) for key, one in truth.kept(Practice).items()}


def _practice(one: Practice) -> dict[str, Any]:
    told, taken = one.published, one.adopted
    return {
        "city": one.city,
        "practice_id": one.id,
        "title": told and told.title,
        "challenge": told and told.challenge,
        "description": told and told.description,
        "category": told and told.category,
        "measures": [dict(measure) for measure in told.measures] if told else [],
        "evidence": list(told.evidence) if told else [],
        "published_at": one.published_at,
        "from_city": taken and taken.from_city,
        "from_practice_id": taken and taken.from_practice_id,
        "note": taken and taken.note,
        "adopted_at": one.adopted_at,
        "outcome": one.outcome
        and {
            "measures": [dict(measure) for measure in one.outcome.measures],
            "note": None,
            "evidence": [],
            "reported_at": one.outcome.at,
        },
        "outcomes": one.outcome.times if one.outcome else 0,
        "adoptions": [
            {"city": city, "practice_ids": [practice], "adopted_at": at}
            for city, (practice, at) in sorted(one.elsewhere.items(), key=lambda taken: taken[1][1])
        ],
        "updated_at": one.last_told,
    }


def practice_diffusion(truth: Truth) -> Sums:
    return summed(
        ((one.city, one.id), {"cities": len(one.elsewhere)}) for one in truth.kept(Practice).values()
    )


def practice_adoption_days(truth: Truth) -> Sums:
    return summed(
        ((one.city, str((at - one.published_at).days)), {"adoptions": 1})
        for one in truth.kept(Practice).values()
        if one.published_at is not None
        for _, at in one.elsewhere.values()
    )


def moderated_content(truth: Truth) -> Documents:
    return {key: _content(one) for key, one in truth.kept(Content).items()}


def _content(one: Content) -> dict[str, Any]:
    decided = [change for change in one.changes if change[0] != "flagged"]
    return {
        "city": one.city,
        "content_kind": one.kind,
        "content_id": one.id,
        "flags": one.flags,
        "hidden": one.hidden,
        "redacted": one.redacted,
        "words_shown": not (one.hidden or one.redacted),
        "reason": decided[-1][1] if decided else None,
        "flagged_at": max(event.at for change, _, event in one.changes if change == "flagged"),
        "moderated_at": decided[-1][2].at if decided else None,
        "history": [
            {"at": event.at, "event_id": event.id, "change": change, "reason": reason}
            for change, reason, event in one.changes
        ],
        "history_total": len(one.changes),
    }


def moderation_by_kind(truth: Truth) -> Sums:
    return summed(
        (
            (one.city, one.kind),
            {
                "flagged": 1,
                "hidden": int(one.hidden),
                "redacted": int(one.redacted),
                "waiting": int(one.flags == len(one.changes)),
            },
        )
        for one in truth.kept(Content).values()
    )


DOCUMENTS = {
    "groups": groups,
    "group_memberships": memberships,
    "practices": practices,
    "moderated_content": moderated_content,
}
TALLIES = {
    "group_members": group_members,
    "groups_by_neighbourhood": groups_by_neighbourhood,
    "practice_diffusion": practice_diffusion,
    "practice_adoption_days": practice_adoption_days,
    "moderation_by_kind": moderation_by_kind,
}
