"""What the authors and the supporters of an idea are told.

Authors hear that it came, that the city was asked for an answer, each answer, each step of a result, and
that it was withdrawn; supporters hear the last three. An answer is told when it is public (`idea_answers`);
of what is told late of an earlier moment nobody hears. Whoever supports it later has seen what was told
before. Before its submission is told, an idea has no author: who is told late of that finds the rest on its
page.

A state keeps the 10 results that moved last: the same step of another one may be told again.
"""

from collections.abc import Iterator
from typing import Any, Final

from consumers.engine.effects import (
    Announce,
    Effect,
    Join,
    Leave,
    Notify,
    ProcessManager,
    Reaction,
    process_manager,
)
from events.envelope import Event
from events.types.ideas import (
    IdeaAnswerAsked,
    IdeaAnswerPublished,
    IdeaSubmitted,
    IdeaSupported,
    IdeaSupportWithdrawn,
    IdeaWithdrawn,
)
from events.types.results import IdeaResultProgressed
from projections.core import Document, types
from projections.views.progress import is_step, progressed
from projections.views.timeline import latest

RECEIVED, ANSWERED, ASKED = "idea.received", "idea.answered", "idea.answer_asked"
MOVED, WITHDRAWN = "idea.result_moved", "idea.withdrawn"
RESULTS_KEPT: Final = 10
FIELDS: Final = {
    "city": "the city's short name",
    "idea_id": "id within the city",
    "submitted": "whether it was",
    "authors": "who sent it, by pseudonym; empty of one that was sent without a name, and until that is told",
    "answered_at": "when the latest answer that is public was given",
    "results": "result_id, percent, milestone and progressed_at of those that moved last",
    "withdrawn": "whether it was taken back",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The idea after this event, and who is told."""
    before = _blank(event) if state is None else state
    change = _change(before, event)
    after = {**before, **change} if change else before
    return after, list(_told(before, after, event))


def _blank(event: Event) -> Document:
    nothing = {"submitted": False, "authors": [], "answered_at": None, "results": [], "withdrawn": False}
    return {"city": event.city, "idea_id": event.subject, **nothing}


def _change(idea: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case IdeaSubmitted() as data if not idea["submitted"]:
            named = [event.participant] if event.participant else []
            return {"submitted": True, "authors": list(dict.fromkeys([*named, *data.co_author_refs]))}
        case IdeaAnswerPublished() as data:
            return {"answered_at": latest(idea["answered_at"], data.answered_at)}
        case IdeaResultProgressed() as data:
            return {"results": progressed(idea["results"], data, kept=RESULTS_KEPT)}
        case IdeaWithdrawn():
            return {"withdrawn": True}
    return {}


def _told(before: Document, idea: Document, event: Event) -> Iterator[Effect]:
    match event.data:
        case IdeaSubmitted() if not before["submitted"]:
            yield from _authors(idea, RECEIVED, "idea_received")
        case IdeaSupported() if event.participant is not None:
            yield Join(event.participant)
        case IdeaSupportWithdrawn() if event.participant is not None:
            yield Leave(event.participant)
        case IdeaAnswerAsked() as data:
            asked = {"supporters": str(data.supporters), "due_at": data.due_at.isoformat()}
            yield from _authors(idea, ASKED, "idea_answer_asked", **asked)
        case IdeaAnswerPublished() as data if idea["answered_at"] == data.answered_at:
            told = "idea_looked_into" if data.decision == "evaluating" else "idea_answered"
            yield from _authors(idea, ANSWERED, told, decision=data.decision)
            yield Announce(ANSWERED, "supported_idea_answered", {"decision": data.decision})
        case IdeaResultProgressed() as data if is_step(before["results"], data):
            step = {"result_id": data.result_id, "percent": str(data.percent)}
            told = "idea_result_finished" if _ends(before, data) else "idea_result_progressed"
            yield from _authors(idea, MOVED, told, **step)
            yield Announce(MOVED, "supported_idea_result_progressed", step)
        case IdeaWithdrawn() if not before["withdrawn"]:
            yield from _authors(idea, WITHDRAWN, "idea_withdrawn")
            yield Announce(WITHDRAWN, "supported_idea_withdrawn")


def _ends(before: Document, data: IdeaResultProgressed) -> bool:
    """It came to its end by this step; another milestone after that is no second end."""
    ended = any(one["result_id"] == data.result_id and one["percent"] == 100 for one in before["results"])
    return data.percent == 100 and not ended


def _authors(idea: Document, rule: str, template: str, **fields: str) -> Iterator[Notify]:
    """Whoever gave no name comes back with the tracking code."""
    if idea["submitted"]:
        yield from (Notify(rule, one, template, fields) for one in idea["authors"] or [None])


MANAGER: Final[ProcessManager] = process_manager(
    "idea_messages",
    "Tells authors and supporters what became of an idea",
    types(
        "idea.submitted",
        "idea.supported",
        "idea.support_withdrawn",
        "idea.withdrawn",
        "idea.answer_asked",
        "idea.answer_published",
        "idea.result_progressed",
    ),
    react,
    FIELDS,
)
