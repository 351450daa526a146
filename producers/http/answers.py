"""What the gateway answers, as models for the documentation and as bytes for the hot path."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from events.codec import Undecodable
from events.envelope import Event
from events.positions import Position, to_token
from infra.problems import Problem, ProblemError
from producers.http.bodies import Item


class Tracked(BaseModel):
    """For whoever gave no name: with the code they come back to what became of it."""

    code: str = Field(description="as in `7Q4M2-XK09T`; the same whenever the same thing is sent")
    url: str = Field(description="the page where all answers stand")


class ItemResult(BaseModel):
    """What became of one event."""

    index: int = Field(description="place in the batch, from 0")
    id: str | None = Field(default=None, description="the event's id, where it has one")
    status: Literal["accepted", "rejected"]
    problem: Problem | None = None
    tracking: Tracked | None = Field(
        default=None,
        description="of a request, idea, feedback or application that was sent without a participant",
    )


class Receipt(BaseModel):
    """What became of a request; accepted events stand in the log, acknowledged."""

    accepted: int
    rejected: int
    position: str = Field(description="for `?after=` of the read API: read your own writes")
    results: list[ItemResult]


def receipt(results: list[dict[str, Any]], positions: Sequence[Position]) -> Response:
    """202: at least one event stands in the log."""
    body = {
        "accepted": len(positions),
        "rejected": len(results) - len(positions),
        "position": to_token(positions),
        "results": results,
    }
    return Response(orjson.dumps(body), 202, media_type="application/json")


def results_of(
    items: Sequence[Item | Undecodable],
    verdicts: Sequence[Event | ProblemError],
    track: Callable[[Event], dict[str, Any]] = lambda _: {},
) -> list[dict[str, Any]]:
    """One result per item, in order; `track` tells more of those that were accepted."""
    return [
        {"index": index, "id": verdict.id, "status": "accepted", **track(verdict)}
        if isinstance(verdict, Event)
        else _rejected(index, item, verdict)
        for index, (item, verdict) in enumerate(zip(items, verdicts, strict=True))
    ]


def _rejected(index: int, item: Item | Undecodable, problem: ProblemError) -> dict[str, Any]:
    claimed = item.attributes.get("id") if isinstance(item, Item) else None
    named = {"id": claimed[:200]} if isinstance(claimed, str) else {}
    return {"index": index, **named, "status": "rejected", "problem": problem.as_dict()}


def nothing_accepted(results: list[dict[str, Any]]) -> ProblemError:
    """422: a batch without one good event."""
    return ProblemError(
        422,
        "nothing_accepted",
        "No event of the batch could be taken. Nothing was stored. `results` says why, event by event.",
        accepted=0,
        rejected=len(results),
        results=results,
    )


def outcome_unknown(events: int) -> ProblemError:
    """503: Kafka did not answer in time."""
    return ProblemError(
        503,
        "outcome_unknown",
        f"outcome unknown, send the same id again: {events} event(s) were not acknowledged in time and "
        "may or may not stand in the log. The same event sent twice counts once.",
        headers={"retry-after": "1"},
        outcome="unknown",
    )


def no_place() -> ProblemError:
    """503: Kafka lacks the topic or the partition where an event belongs."""
    return ProblemError(
        503,
        "topics_missing",
        "Nothing was stored: Kafka lacks the topic or the partition where these events belong, until the "
        "operator has run `townhall topics apply`. Send the same again later.",
        headers={"retry-after": "30"},
    )
