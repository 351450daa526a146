"""Every read model: its projection, by permanent name and version.

A higher version rebuilds all collections of its projection beside the live ones.
"""

from typing import Final

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
)
from projections.core import DocumentView, Projection, Tally
from projections.views import (
    adoptions,
    assets,
    attendance,
    award_money,
    award_regrants,
    award_tallies,
    awards,
    ballot_rounds,
    ballots,
    grant_applications,
    grant_calls,
    grant_reviews,
    groups,
    hours,
    ideas,
    impact_records,
    messages,
    moderation,
    opportunities,
    participant_counts,
    participants,
    practices,
    problems,
    program_feedback,
    projects,
    pulse,
    results,
    service_levels,
    service_requests,
    sessions,
    signups,
    snapshots,
    waitlist,
)

PROJECTIONS: Final[tuple[Projection, ...]] = (
    Projection(
        "requests",
        version=3,
        topics=(REQUESTS,),
        documents=(service_requests.VIEW, service_levels.VIEW, program_feedback.VIEW),
        document_tallies=(*service_requests.TALLIES, program_feedback.RATINGS),
    ),
    Projection(
        "participation",
        version=3,
        topics=(IDEAS,),
        documents=(ideas.VIEW, ideas.SUPPORTS, problems.VIEW, ballot_rounds.VIEW, ballots.VIEW),
        document_tallies=(ideas.SUPPORT, ideas.BY_DAY, ballots.BALLOTS, ballots.VOTES),
    ),
    Projection(
        "impact",
        version=1,
        topics=(IMPACT,),
        documents=(projects.VIEW, impact_records.VIEW),
        document_tallies=impact_records.TALLIES,
    ),
    Projection(
        "participants",
        version=1,
        topics=(PARTICIPANTS,),
        documents=(participants.VIEW,),
        document_tallies=participant_counts.TALLIES,
    ),
    Projection(
        "followups",
        version=2,
        topics=(FOLLOWUPS,),
        documents=(messages.VIEW,),
        document_tallies=(messages.BY_STATUS,),
    ),
    Projection("metrics", version=1, topics=(METRICS,), documents=(snapshots.VIEW,)),
    Projection(
        "stewardship",
        version=1,
        topics=(STEWARDSHIP,),
        documents=(assets.VIEW, adoptions.VIEW, waitlist.VIEW),
        document_tallies=(*assets.TALLIES, *adoptions.TALLIES),
    ),
    Projection(
        "volunteering",
        version=1,
        topics=(VOLUNTEERING,),
        documents=(opportunities.VIEW, sessions.VIEW, signups.VIEW, attendance.VIEW, hours.VIEW),
        document_tallies=(sessions.BY_DAY, *signups.TALLIES, *attendance.TALLIES, *hours.TALLIES),
    ),
    Projection("pulse", version=2, topics=pulse.READS, event_tallies=(pulse.PULSE,)),
    Projection(
        "grants",
        version=2,
        topics=(GRANTS,),
        documents=(
            grant_calls.VIEW,
            grant_applications.VIEW,
            grant_reviews.VIEW,
            awards.VIEW,
            award_regrants.VIEW,
        ),
        event_tallies=(award_money.DISBURSED,),
        document_tallies=(*grant_applications.TALLIES, *award_tallies.TALLIES, award_regrants.REGRANTED),
    ),
    Projection(
        "results",
        version=1,
        topics=(RESULTS,),
        documents=(results.VIEW,),
        document_tallies=(results.PROGRESS,),
    ),
    Projection(
        "groups",
        version=1,
        topics=(GROUPS,),
        documents=(groups.VIEW, groups.MEMBERSHIPS),
        document_tallies=(groups.MEMBERS, groups.BY_NEIGHBOURHOOD),
    ),
    Projection(
        "practices",
        version=1,
        topics=(PRACTICES,),
        documents=(practices.VIEW,),
        document_tallies=(practices.DIFFUSION, practices.DAYS_TO_ADOPTION),
    ),
    Projection(
        "moderation",
        version=1,
        topics=(MODERATION,),
        documents=(moderation.VIEW,),
        document_tallies=(moderation.BY_KIND,),
    ),
)

BY_NAME: Final[dict[str, Projection]] = {one.name: one for one in PROJECTIONS}
VIEWS: Final[dict[str, DocumentView | Tally]] = {
    view.name: view for one in PROJECTIONS for view in (*one.documents, *one.tallies)
}
OWNER: Final[dict[str, Projection]] = {
    view.name: one for one in PROJECTIONS for view in (*one.documents, *one.tallies)
}
"""The projection that fills a view, by the view's name."""
