"""What every importer of service requests shares."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.envelope import Event
from events.stages import Stage
from events.types.requests import ServiceRequestClosed, ServiceRequestStageChanged
from producers.imports.outcomes import Mint
from producers.imports.refs import ref
from producers.imports.resolutions import resolution_of
from producers.imports.texts import cut

_UNDATED: Final = (
    "no update time: whether the request came back to this state cannot be told; if it did, nothing changes"
)


def request_ref(id_: str) -> str:
    """The id of a request as an aggregate id; raises RowError where there is none."""
    return ref(id_, "request")


@dataclass(frozen=True, slots=True)
class Found:
    """The state in which a file shows a request: a snapshot, not its history."""

    stage: Stage
    label: str
    prose: str | None
    opened: datetime
    updated: datetime | None
    closed: datetime | None


def since(mint: Mint, subject: str, found: Found, notes: list[str]) -> tuple[Event, ...]:
    """What happened since the request was opened: closed, moved, or nothing that is known.

    An open request that was touched later gives an event too: it may have been closed before. A
    closed one that was touched after its closing gives another closing: it may have been open in
    between. Without an update time nothing tells such a return from the same file imported twice: the
    state imported last stays, and the row is noted.
    """
    if found.closed is not None and found.closed < found.opened:
        notes.append("closed before it was opened: kept as the file has it")
    if found.updated is None and (found.closed is None or found.stage != "closed"):
        notes.append(_UNDATED)
    if found.stage == "closed":
        if found.closed is None:
            notes.append("closed without a time: the last update, else the opening, stands for it")
        when = found.closed or found.updated or found.opened
        code = resolution_of(f"{found.label} {found.prose or ''}")
        data = ServiceRequestClosed(resolution_code=code, status_notes=found.prose, closed_datetime=when)
        touched_later = found.updated if found.updated != when else None
        return (mint.event(subject, when, data, updated=touched_later),)
    if found.closed is not None:
        notes.append("a time of closing while the status is not closed: not closed")
    touched = found.updated is not None and found.updated > found.opened
    told = found.stage != "submitted" or found.prose is not None
    if not told and not touched:
        return ()
    if found.updated is None:
        notes.append("a stage without the time of its change: the opening stands for it")
    moved = ServiceRequestStageChanged(
        to_stage=found.stage,
        local_status=cut(found.label or "Unspecified", 300),
        status_notes=found.prose,
        # An answer of the agency needs words or a move, and its time: else it would count as a
        # first response that nobody gave, or one given at once.
        actor_kind="agency" if told and found.updated is not None else "system",
    )
    return (mint.event(subject, found.updated or found.opened, moved),)
