"""Answers to ideas: public when they may be, asked for when many support an idea, overdue when none comes.

An answer is told as public when it decides otherwise than the last one that was: at once, or at the time it
names, unless another takes its place before. What was answered earlier than one that is known is no news.

When 100 participants stand behind an idea at once, the city is asked for an answer, once, and is given 30
days. An idea that is accepted or rejected is answered, as in the published number; that it is looked into is
no answer. Names are kept until there are enough, so they are 99 at most. A withdrawal ends all of it.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from consumers.engine.effects import (
    CancelTimer,
    Effect,
    Emit,
    ProcessManager,
    Reaction,
    StartTimer,
    process_manager,
)
from events.envelope import Event
from events.types.ideas import (
    IdeaAnswerAsked,
    IdeaAnswered,
    IdeaAnswerOverdue,
    IdeaAnswerPublished,
    IdeaSupported,
    IdeaSupportWithdrawn,
    IdeaWithdrawn,
)
from projections.core import Document, types
from projections.views.timeline import latest

ENOUGH: Final = 100
WITHIN: Final = timedelta(days=30)
PUBLIC, ASKS = "idea.answer_is_public", "idea.asks_for_answer"
FIELDS: Final = {
    "city": "the city's short name",
    "idea_id": "id within the city",
    "withdrawn": "whether its author took it back",
    "told": "what the last answer decides that was told as public; None before",
    "answered_at": "when the latest answer was given",
    "waiting": "the answer that is not public yet: decision, answered_at, public_from; or None",
    "supporters": f"who stands behind it, while those are fewer than {ENOUGH}; None when it no longer counts",
    "supported_at": "the latest time at which somebody began to",
    "due_at": "when the answer that was asked for is due, while a timer runs for that",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The idea after this event, and what the city owes it or has told."""
    before = _blank(event) if state is None else state
    change = {} if before["withdrawn"] else {**_said(before, event), **_owed(before, event)}
    after = {**before, **change} if change else before
    return after, [*_publication(before, after, event), *_request(before, after)]


def _blank(event: Event) -> Document:
    named = {"city": event.city, "idea_id": event.subject, "withdrawn": False, "supporters": []}
    return {**dict.fromkeys(FIELDS), **named}


def _said(idea: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case IdeaAnswered() as data if idea["answered_at"] is None or idea["answered_at"] <= data.answered_at:
            return _answered(idea, event, data)
        case IdeaAnswerPublished() as data if _is(idea["waiting"], data):
            return {"told": data.decision, "waiting": None}
        case IdeaWithdrawn():
            return {"withdrawn": True, "waiting": None}
    return {}


def _answered(idea: Document, event: Event, data: IdeaAnswered) -> dict[str, Any]:
    change: dict[str, Any] = {"answered_at": data.answered_at, "waiting": None}
    if data.decision == idea["told"]:
        return change
    if data.public_from is not None and data.public_from > event.at:
        names = ("decision", "answered_at", "public_from")
        return {**change, "waiting": {name: getattr(data, name) for name in names}}
    return {**change, "told": data.decision}


def _is(waiting: Document | None, data: IdeaAnswerPublished) -> bool:
    told = (data.decision, data.answered_at)
    return waiting is not None and (waiting["decision"], waiting["answered_at"]) == told


def _owed(idea: Document, event: Event) -> dict[str, Any]:
    match event.data:
        case IdeaSupported() | IdeaSupportWithdrawn() if idea["supporters"] is not None:
            return _supported(idea, event)
        case IdeaAnswered(decision="accepted" | "rejected") | IdeaWithdrawn():
            return {"supporters": None, "due_at": None}
        case IdeaAnswerOverdue():
            return {"due_at": None}
    return {}


def _supported(idea: Document, event: Event) -> dict[str, Any]:
    others = [one for one in idea["supporters"] if one != event.participant]
    if isinstance(event.data, IdeaSupportWithdrawn):
        return {"supporters": others}
    if len(others) < len(idea["supporters"]):
        return {}  # twice is once
    since = latest(idea["supported_at"], event.at)
    if len(others) + 1 == ENOUGH:
        return {"supporters": None, "supported_at": since, "due_at": since + WITHIN}
    return {"supporters": [*others, event.participant], "supported_at": since}


def _publication(before: Document, after: Document, event: Event) -> Iterator[Effect]:
    left, waits = before["waiting"], after["waiting"]
    if left is not None and left != waits and (waits is None or _name(left) != _name(waits)):
        yield CancelTimer(_name(left))
    if waits is not None and waits != left:
        data = IdeaAnswerPublished(rule=PUBLIC, decision=waits["decision"], answered_at=waits["answered_at"])
        yield StartTimer(_name(waits), waits["public_from"], data)
    if isinstance(event.data, IdeaAnswered) and before["told"] != after["told"]:
        data = IdeaAnswerPublished(rule=PUBLIC, decision=after["told"], answered_at=after["answered_at"])
        yield Emit(PUBLIC, data)


def _name(answer: Document) -> str:
    return f"answer_public@{answer['answered_at'].isoformat()}/{answer['decision']}"


def _request(before: Document, after: Document) -> Iterator[Effect]:
    if before["due_at"] == after["due_at"]:
        return
    if (given_up := before["due_at"]) is not None:
        yield CancelTimer(f"answer_overdue@{given_up.isoformat()}")
    if (due := after["due_at"]) is not None:
        yield Emit(ASKS, IdeaAnswerAsked(rule=ASKS, supporters=ENOUGH, due_at=due))
        overdue = IdeaAnswerOverdue(rule=ASKS, asked_at=after["supported_at"])
        yield StartTimer(f"answer_overdue@{due.isoformat()}", due, overdue)


MANAGER: Final[ProcessManager] = process_manager(
    "idea_answers",
    "Tells when the city's answer to an idea is public, is owed and is overdue",
    types(
        "idea.supported",
        "idea.support_withdrawn",
        "idea.answered",
        "idea.withdrawn",
        "idea.answer_published",
        "idea.answer_overdue",
    ),
    react,
    FIELDS,
)
