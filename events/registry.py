"""Every event type: one line each. Type strings are permanent and stored."""

from dataclasses import dataclass
from typing import Final

from events.envelope import PREFIX, Payload
from events.topics import IDEAS, REQUESTS, Topic
from events.types import ideas, prioritisation, requests


@dataclass(frozen=True)
class EventType:
    """A name and version with its data and its topic."""

    name: str
    version: int
    payload: type[Payload]
    topic: Topic

    @property
    def type(self) -> str:
        """The CloudEvents `type`, as in `org.citiesofservice.idea.submitted.v1`."""
        return f"{PREFIX}{self.name}.v{self.version}"

    @property
    def dataschema(self) -> str:
        """The stable id of the JSON Schema of the data."""
        return f"urn:townhall:schema:{self.name}.v{self.version}"


EVENT_TYPES: Final[tuple[EventType, ...]] = (
    EventType("service_request.opened", 1, requests.ServiceRequestOpened, REQUESTS),
    EventType("service_request.acknowledged", 1, requests.ServiceRequestAcknowledged, REQUESTS),
    EventType("service_request.stage_changed", 1, requests.ServiceRequestStageChanged, REQUESTS),
    EventType("service_request.update_posted", 1, requests.ServiceRequestUpdatePosted, REQUESTS),
    EventType("service_request.merged", 1, requests.ServiceRequestMerged, REQUESTS),
    EventType("service_request.closed", 1, requests.ServiceRequestClosed, REQUESTS),
    EventType("service_request.reopened", 1, requests.ServiceRequestReopened, REQUESTS),
    EventType("service_request.overdue", 1, requests.ServiceRequestOverdue, REQUESTS),
    EventType("resolution.confirmed", 1, requests.ResolutionConfirmed, REQUESTS),
    EventType("resolution.disputed", 1, requests.ResolutionDisputed, REQUESTS),
    EventType("program_feedback.submitted", 1, requests.ProgramFeedbackSubmitted, REQUESTS),
    EventType("idea.submitted", 1, ideas.IdeaSubmitted, IDEAS),
    EventType("idea.supported", 1, ideas.IdeaSupported, IDEAS),
    EventType("idea.support_withdrawn", 1, ideas.IdeaSupportWithdrawn, IDEAS),
    EventType("idea.answered", 1, ideas.IdeaAnswered, IDEAS),
    EventType("idea.withdrawn", 1, ideas.IdeaWithdrawn, IDEAS),
    EventType("problem.defined", 1, ideas.ProblemDefined, IDEAS),
    EventType("ballot_round.opened", 1, prioritisation.BallotRoundOpened, IDEAS),
    EventType("priority_ballot.cast", 1, prioritisation.PriorityBallotCast, IDEAS),
    EventType("prioritisation.concluded", 1, prioritisation.PrioritisationConcluded, IDEAS),
)

BY_TYPE: Final[dict[str, EventType]] = {entry.type: entry for entry in EVENT_TYPES}
BY_PAYLOAD: Final[dict[type[Payload], EventType]] = {entry.payload: entry for entry in EVENT_TYPES}
NEWEST: Final[dict[str, int]] = {
    name: max(entry.version for entry in EVENT_TYPES if entry.name == name)
    for name in {entry.name for entry in EVENT_TYPES}
}
