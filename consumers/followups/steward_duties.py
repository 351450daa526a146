"""Things that citizens take care of: who is expected when, what was missed, and who is next.

A check-in is due one cadence after somebody last took care: the start, a check-in, a transfer to a new
steward. At the end of the grace it is overdue, and due again one cadence after that due date. Three missed
in a row end the adoption. A check-in counts by its own time, however late it is told; what was told stays.
`projections.views.tenure` decides who has the thing and who waits, `.cadence` when somebody is expected.

What is bounded: one adoption, its missed due dates by the lapse, who waits and what has ended by `tenure`.
"""

from collections.abc import Iterator
from typing import Any, Final

from consumers.engine.effects import Effect, Emit, ProcessManager, Reaction, process_manager
from consumers.followups import check_ins, waiting_lists
from events.envelope import Event
from events.types.stewardship import AdoptionRefused, AdoptionReleased, AssetRetired
from projections.core import Document, types
from projections.views import tenure

FIELDS: Final = {
    "city": "the city's short name",
    "asset_id": "id within the city",
    **tenure.FIELDS,
    **check_ins.FIELDS,
    **waiting_lists.FIELDS,
}


def react(state: Document | None, event: Event) -> Reaction:
    """The thing after this event, and what follows."""
    before = _blank(event) if state is None else state
    after = {**before, **tenure.changes(before, event)}
    after |= check_ins.changes(before, after, event)
    after |= waiting_lists.changes(before, after, event)
    return after, [
        *_of_adoption(before, event),
        *check_ins.effects(before, after),
        *waiting_lists.effects(before, after, event),
    ]


def _blank(event: Event) -> dict[str, Any]:
    told_nothing = {**tenure.NOBODY, **check_ins.NOBODY, **waiting_lists.NOBODY}
    return {"city": event.city, "asset_id": event.subject, **told_nothing}


def _of_adoption(before: Document, event: Event) -> Iterator[Effect]:
    reason = tenure.refusal(before, event)
    if reason is not None:
        rule = "adoption.refused"
        refused = AdoptionRefused.model_validate(
            {"rule": rule, "adoption_id": getattr(event.data, "adoption_id"), "reason": reason}  # noqa: B009
        )
        yield Emit(rule, refused, participant=event.participant)
    if isinstance(event.data, AssetRetired) and before["adoption"] is not None:
        rule = "adoption.asset_retired"
        released = AdoptionReleased(
            adoption_id=before["adoption"]["adoption_id"],
            reason="asset_retired",
            retired_because=event.data.reason,
            rule=rule,
        )
        yield Emit(rule, released, participant=before["adoption"]["steward"])


MANAGER: Final[ProcessManager] = process_manager(
    "steward_duties",
    "Tells which check-ins are due and missed, ends adoptions that lapse, offers things to who waits",
    types(
        "asset.registered",
        "asset.updated",
        "asset.retired",
        "adoption.started",
        "adoption.refused",
        "stewardship.checked_in",
        "adoption.check_in_due",
        "adoption.check_in_overdue",
        "adoption.lapsed",
        "adoption.released",
        "adoption.transferred",
        "adoption.waitlist_joined",
        "adoption.waitlist_left",
    ),
    react,
    FIELDS,
)
