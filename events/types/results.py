"""Results: what the city makes of ideas and problems, and how it gets on with it."""

from typing import Annotated

from pydantic import Field

from events.envelope import Derived, Payload
from events.scalars import Label, Percent, Ref, Timestamp, Url, Words

Evidence = Annotated[tuple[Url, ...], Field(max_length=50)]
Sources = Annotated[tuple[Ref, ...], Field(max_length=1000)]


class ResultCreated(Payload):
    """The city set out to do something, and names the ideas and problems it came from."""

    title: Label
    summary: Words | None = None
    idea_ids: Sources = ()
    problem_ids: Sources = ()
    project_id: Ref | None = None
    percent: Percent = 0
    milestone: Label | None = None
    evidence: Evidence = ()


class ResultProgressUpdated(Payload):
    """How far the result is, with what shows it; the share can also fall."""

    percent: Percent
    milestone: Label | None = None
    note: Words | None = None
    evidence: Evidence = ()


class _ResultProgressed(Derived):
    result_id: Ref
    percent: Percent
    milestone: Label | None = None
    progressed_at: Timestamp


class IdeaResultProgressed(_ResultProgressed):
    """A result that this idea led to was created or moved: told on the idea's own key.

    `progressed_at` is when the result came to stand there: it may be told later, and of two that are
    told the later moment counts. `milestone` is the one reached last.
    """


class ProblemResultProgressed(_ResultProgressed):
    """A result that this problem led to was created or moved: told on the problem's own key."""


class ServiceRequestResultProgressed(_ResultProgressed):
    """A result of a problem that this request belongs to was created or moved: told on the request's key.

    Where both belong to several problems, each of them tells it.
    """

    problem_id: Ref
