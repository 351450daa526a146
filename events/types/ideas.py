"""Ideas from participants, the city's answers, and problems defined together."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from events.envelope import Derived, Payload
from events.scalars import Code, Count, Money, Pseudonym, Ref, Timestamp, Url, Words

SupportChannel = Literal["online", "paper", "in_person"]
Decision = Literal["evaluating", "accepted", "rejected"]


class IdeaSubmitted(Payload):
    """A participant proposes something for the city."""

    title: Words
    summary: Words
    problem_id: Ref | None = None
    category: Code
    neighbourhood_id: Code | None = None
    est_cost: Money | None = None
    co_author_refs: Annotated[tuple[Pseudonym, ...], Field(max_length=50)] = ()


class IdeaSupported(Payload):
    """The participant stands behind the idea; twice is once."""

    needs_participant: ClassVar[bool] = True

    channel: SupportChannel = "online"
    weight: Literal[1] = 1


class IdeaSupportWithdrawn(Payload):
    """The participant no longer stands behind the idea."""

    needs_participant: ClassVar[bool] = True


class IdeaAnswered(Payload):
    """The city's answer; a rejection says why."""

    decision: Decision
    explanation: Words | None = None
    answered_at: Timestamp
    public_from: Timestamp | None = None

    @model_validator(mode="after")
    def _a_rejection_says_why(self) -> Self:
        if self.decision == "rejected" and self.explanation is None:
            msg = "explanation: a rejection must say why"
            raise ValueError(msg)
        return self


class IdeaWithdrawn(Payload):
    """The author takes the idea back."""

    reason: Words | None = None


class IdeaAnswerPublished(Derived):
    """An answer that says something new is public: when it was told, or on the day that it named."""

    decision: Decision
    answered_at: Timestamp


class IdeaAnswerAsked(Derived):
    """So many stand behind an idea that is neither accepted nor rejected that the city owes it an answer."""

    supporters: Count
    due_at: Timestamp


class IdeaAnswerOverdue(Derived):
    """When the answer was due, the idea was neither accepted nor rejected."""

    asked_at: Timestamp


class ProblemDefined(Payload):
    """A problem of the city, stated from requests and ideas."""

    statement: Words
    who_is_affected: Words
    evidence: Annotated[tuple[Url, ...], Field(max_length=50)] = ()
    request_ids: Annotated[tuple[Ref, ...], Field(max_length=1000)] = ()
