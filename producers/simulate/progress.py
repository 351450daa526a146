"""What ideas, problems and requests were told of the results that came of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
    progress.results[told.result] = told
    progress.last_told = max(progress.last_told or at, at)
