"""What ideas, problems and requests were told of the results that came of them, and who hears of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from producers.simulate.reported import Request
from producers.simulate.town import Town


@dataclass
class Told:
    """How far a result was, and since when."""

    result: str
    percent: int
    milestone: str | None
    since: datetime


@dataclass
class Progress:
    """What one thing was told of each result, last."""

    results: dict[str, Told] = field(default_factory=dict)
    last_told: datetime | None = None
    definers: list[str] = field(default_factory=list)
    """Of a problem: who took part in wording it."""


def progress_of(town: Town, kind: str, id_: str) -> Progress:
    """Of an idea, a problem or a service_request."""
    return town.truth.kept(Progress).setdefault(f"{kind} {town.key(id_)}", Progress())


def tell_of(town: Town, kind: str, id_: str, told: Told, at: datetime, **named: Any) -> None:
    """The thing is told, on its own key, where the result stands."""
    town.follows(
        f"{kind}.result_progressed",
        id_,
        at,
        result_id=told.result,
        percent=told.percent,
        milestone=told.milestone,
        progressed_at=told.since,
        **named,
    )
    progress = progress_of(town, kind, id_)
    known = progress.results.get(told.result)
    if known is None or (known.percent, known.milestone) != (told.percent, told.milestone):
        _must_hear(town, kind, id_, told, at)
    progress.results[told.result] = told
    progress.last_told = max(progress.last_told or at, at)


def _must_hear(town: Town, kind: str, id_: str, told: Told, at: datetime) -> None:
    """The same step is told once, through however many problems it comes."""
    people: list[str | None] = []
    if kind == "service_request":
        people = [town.truth.kept(Request)[town.key(id_)].reporter]
    elif kind == "problem":
        people += progress_of(town, kind, id_).definers
    what = "completed" if told.percent == 100 else "progressed"
    about = kind.removeprefix("service_")
    named = {"result_id": told.result, "percent": str(told.percent)}
    town.must_hear(people, f"{about}_result_{what}", id_, at, **named)
