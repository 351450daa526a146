"""Every event type: one line each. Type strings are permanent and stored."""

from dataclasses import dataclass
from typing import Final

from events.envelope import PREFIX, Payload
from events.topics import (
    FOLLOWUPS,
    GRANTS,
    GROUPS,
    IDEAS,
    IMPACT,
    METRICS,
    MODERATION,
    PARTICIPANTS,
    PRACTICES,
    REQUESTS,
    RESULTS,
    STEWARDSHIP,
    VOLUNTEERING,
    Topic,
)
from events.types import (
    applications,
    awards,
    followups,
    grants,
    groups,
    hours,
    ideas,
    impact,
    metrics,
    moderation,
    participants,
    practices,
    prioritisation,
    requests,
    results,
    service_levels,
    stewardship,
    volunteering,
)

_TOLD_OF: Final = {
    "resolution": "service_request",
    "prioritisation": "ballot_round",
    "signup": "session",
    "attendance": "session",
    "adoption": "asset",
    "stewardship": "asset",
    "review": "application",
    "determination": "application",
    "grant_report": "award",
    "followup": "recipient",
}
"""What the subject is where the first word of the type does not say it."""


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
    def aggregate(self) -> str:
        """What the event is told of and `subject` is the id of: all events of one are in one order."""
        word = self.name.partition(".")[0]
        return _TOLD_OF.get(word, word)

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
    EventType("service_request.promised", 1, requests.ServiceRequestPromised, REQUESTS),
    EventType(
        "service_request.acknowledgement_overdue",
        1,
        requests.ServiceRequestAcknowledgementOverdue,
        REQUESTS,
    ),
    EventType("service_request.duplicate_joined", 1, requests.ServiceRequestDuplicateJoined, REQUESTS),
    EventType("service_request.original_progressed", 1, requests.ServiceRequestOriginalProgressed, REQUESTS),
    EventType("service_level.set", 1, service_levels.ServiceLevelSet, REQUESTS),
    EventType("service_level.asked", 1, service_levels.ServiceLevelAsked, REQUESTS),
    EventType("resolution.confirmed", 1, requests.ResolutionConfirmed, REQUESTS),
    EventType("resolution.disputed", 1, requests.ResolutionDisputed, REQUESTS),
    EventType("program_feedback.submitted", 1, requests.ProgramFeedbackSubmitted, REQUESTS),
    EventType("idea.submitted", 1, ideas.IdeaSubmitted, IDEAS),
    EventType("idea.supported", 1, ideas.IdeaSupported, IDEAS),
    EventType("idea.support_withdrawn", 1, ideas.IdeaSupportWithdrawn, IDEAS),
    EventType("idea.answered", 1, ideas.IdeaAnswered, IDEAS),
    EventType("idea.withdrawn", 1, ideas.IdeaWithdrawn, IDEAS),
    EventType("idea.answer_published", 1, ideas.IdeaAnswerPublished, IDEAS),
    EventType("idea.answer_asked", 1, ideas.IdeaAnswerAsked, IDEAS),
    EventType("idea.answer_overdue", 1, ideas.IdeaAnswerOverdue, IDEAS),
    EventType("problem.defined", 1, ideas.ProblemDefined, IDEAS),
    EventType("ballot_round.opened", 1, prioritisation.BallotRoundOpened, IDEAS),
    EventType("priority_ballot.cast", 1, prioritisation.PriorityBallotCast, IDEAS),
    EventType("prioritisation.concluded", 1, prioritisation.PrioritisationConcluded, IDEAS),
    EventType("result.created", 1, results.ResultCreated, RESULTS),
    EventType("result.progress_updated", 1, results.ResultProgressUpdated, RESULTS),
    EventType("service_request.result_progressed", 1, results.ServiceRequestResultProgressed, REQUESTS),
    EventType("idea.result_progressed", 1, results.IdeaResultProgressed, IDEAS),
    EventType("problem.result_progressed", 1, results.ProblemResultProgressed, IDEAS),
    EventType("opportunity.published", 1, volunteering.OpportunityPublished, VOLUNTEERING),
    EventType("opportunity.session_added", 1, volunteering.OpportunitySessionAdded, VOLUNTEERING),
    EventType("opportunity.cancelled", 1, volunteering.OpportunityCancelled, VOLUNTEERING),
    EventType("session.scheduled", 1, volunteering.SessionScheduled, VOLUNTEERING),
    EventType("session.changed", 1, volunteering.SessionChanged, VOLUNTEERING),
    EventType("session.cancelled", 1, volunteering.SessionCancelled, VOLUNTEERING),
    EventType("session.coming_up", 1, volunteering.SessionComingUp, VOLUNTEERING),
    EventType("session.at_risk", 1, volunteering.SessionAtRisk, VOLUNTEERING),
    EventType("signup.registered", 1, volunteering.SignupRegistered, VOLUNTEERING),
    EventType("signup.cancelled", 1, volunteering.SignupCancelled, VOLUNTEERING),
    EventType("signup.promoted", 1, volunteering.SignupPromoted, VOLUNTEERING),
    EventType("attendance.checked_in", 1, volunteering.AttendanceCheckedIn, VOLUNTEERING),
    EventType("attendance.checked_out", 1, volunteering.AttendanceCheckedOut, VOLUNTEERING),
    EventType("attendance.no_show", 1, volunteering.AttendanceNoShow, VOLUNTEERING),
    EventType("hours.logged", 1, hours.HoursLogged, VOLUNTEERING),
    EventType("hours.verified", 1, hours.HoursVerified, VOLUNTEERING),
    EventType("hours.rejected", 1, hours.HoursRejected, VOLUNTEERING),
    EventType("asset.registered", 1, stewardship.AssetRegistered, STEWARDSHIP),
    EventType("asset.updated", 1, stewardship.AssetUpdated, STEWARDSHIP),
    EventType("asset.retired", 1, stewardship.AssetRetired, STEWARDSHIP),
    EventType("adoption.started", 1, stewardship.AdoptionStarted, STEWARDSHIP),
    EventType("adoption.refused", 1, stewardship.AdoptionRefused, STEWARDSHIP),
    EventType("stewardship.checked_in", 1, stewardship.StewardshipCheckedIn, STEWARDSHIP),
    EventType("adoption.check_in_due", 1, stewardship.AdoptionCheckInDue, STEWARDSHIP),
    EventType("adoption.check_in_overdue", 1, stewardship.AdoptionCheckInOverdue, STEWARDSHIP),
    EventType("adoption.lapsed", 1, stewardship.AdoptionLapsed, STEWARDSHIP),
    EventType("adoption.released", 1, stewardship.AdoptionReleased, STEWARDSHIP),
    EventType("adoption.transferred", 1, stewardship.AdoptionTransferred, STEWARDSHIP),
    EventType("adoption.waitlist_joined", 1, stewardship.AdoptionWaitlistJoined, STEWARDSHIP),
    EventType("adoption.waitlist_left", 1, stewardship.AdoptionWaitlistLeft, STEWARDSHIP),
    EventType("adoption.waitlist_offered", 1, stewardship.AdoptionWaitlistOffered, STEWARDSHIP),
    EventType("group.formed", 1, groups.GroupFormed, GROUPS),
    EventType("group.member_joined", 1, groups.GroupMemberJoined, GROUPS),
    EventType("group.member_left", 1, groups.GroupMemberLeft, GROUPS),
    EventType("group.leader_changed", 1, groups.GroupLeaderChanged, GROUPS),
    EventType("project.started", 1, impact.ProjectStarted, IMPACT),
    EventType("project.ended", 1, impact.ProjectEnded, IMPACT),
    EventType("impact.recorded", 1, impact.ImpactRecorded, IMPACT),
    EventType("impact.voided", 1, impact.ImpactVoided, IMPACT),
    EventType("grant_call.opened", 1, grants.GrantCallOpened, GRANTS),
    EventType("grant_call.deadline_extended", 1, grants.GrantCallDeadlineExtended, GRANTS),
    EventType("grant_call.closed", 1, grants.GrantCallClosed, GRANTS),
    EventType("grant_call.ranked", 1, grants.GrantCallRanked, GRANTS),
    EventType("application.submitted", 1, applications.ApplicationSubmitted, GRANTS),
    EventType("application.withdrawn", 1, applications.ApplicationWithdrawn, GRANTS),
    EventType("application.more_info_requested", 1, applications.ApplicationMoreInfoRequested, GRANTS),
    EventType("application.more_info_provided", 1, applications.ApplicationMoreInfoProvided, GRANTS),
    EventType("application.award_progressed", 1, applications.ApplicationAwardProgressed, GRANTS),
    EventType("review.submitted", 1, applications.ReviewSubmitted, GRANTS),
    EventType("review.conflict_declared", 1, applications.ReviewConflictDeclared, GRANTS),
    EventType("review.recused", 1, applications.ReviewRecused, GRANTS),
    EventType("review.refused", 1, applications.ReviewRefused, GRANTS),
    EventType("determination.made", 1, applications.DeterminationMade, GRANTS),
    EventType("award.granted", 1, awards.AwardGranted, GRANTS),
    EventType("award.disbursed", 1, awards.AwardDisbursed, GRANTS),
    EventType("award.regranted", 1, awards.AwardRegranted, GRANTS),
    EventType("grant_report.due", 1, awards.GrantReportDue, GRANTS),
    EventType("grant_report.submitted", 1, awards.GrantReportSubmitted, GRANTS),
    EventType("grant_report.overdue", 1, awards.GrantReportOverdue, GRANTS),
    EventType("grant_report.deadline_extended", 1, awards.GrantReportDeadlineExtended, GRANTS),
    EventType("practice.published", 1, practices.PracticePublished, PRACTICES),
    EventType("practice.adopted", 1, practices.PracticeAdopted, PRACTICES),
    EventType("practice.adopted_elsewhere", 1, practices.PracticeAdoptedElsewhere, PRACTICES),
    EventType("practice.outcome_reported", 1, practices.PracticeOutcomeReported, PRACTICES),
    EventType("participant.consent_changed", 1, participants.ParticipantConsentChanged, PARTICIPANTS),
    EventType("participant.language_changed", 1, participants.ParticipantLanguageChanged, PARTICIPANTS),
    EventType("participant.erasure_requested", 1, participants.ParticipantErasureRequested, PARTICIPANTS),
    EventType("participant.erased", 1, participants.ParticipantErased, PARTICIPANTS),
    EventType("participant.acted", 1, participants.ParticipantActed, PARTICIPANTS),
    EventType("followup.queued", 1, followups.FollowupQueued, FOLLOWUPS),
    EventType("followup.sent", 1, followups.FollowupSent, FOLLOWUPS),
    EventType("followup.failed", 1, followups.FollowupFailed, FOLLOWUPS),
    EventType("followup.suppressed", 1, followups.FollowupSuppressed, FOLLOWUPS),
    EventType("content.flagged", 1, moderation.ContentFlagged, MODERATION),
    EventType("content.moderated", 1, moderation.ContentModerated, MODERATION),
    EventType("metric.snapshot", 1, metrics.MetricSnapshot, METRICS),
)

BY_TYPE: Final[dict[str, EventType]] = {entry.type: entry for entry in EVENT_TYPES}
BY_PAYLOAD: Final[dict[type[Payload], EventType]] = {entry.payload: entry for entry in EVENT_TYPES}
NEWEST: Final[dict[str, int]] = {
    name: max(entry.version for entry in EVENT_TYPES if entry.name == name)
    for name in {entry.name for entry in EVENT_TYPES}
}
