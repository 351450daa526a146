"""Every read model: its projection, by permanent name and version.

A higher version rebuilds all collections of its projection beside the live ones.
"""

from typing import Final

from events.topics import FOLLOWUPS, IDEAS, IMPACT, METRICS, PARTICIPANTS, REQUESTS
from projections.core import DocumentView, Projection, Tally
from projections.views import (
    ballot_rounds,
    ballots,
    ideas,
    impact_records,
    messages,
    participant_counts,
    participants,
    problems,
    program_feedback,
    projects,
    pulse,
    service_requests,
    snapshots,
)

PROJECTIONS: Final[tuple[Projection, ...]] = (
    Projection(
        "requests",
        version=1,
        topics=(REQUESTS,),
        documents=(service_requests.VIEW, program_feedback.VIEW),
        document_tallies=(*service_requests.TALLIES, program_feedback.RATINGS),
    ),
    Projection(
        "participation",
        version=1,
        topics=(IDEAS,),
        documents=(ideas.VIEW, ideas.SUPPORTS, problems.VIEW, ballot_rounds.VIEW, ballots.VIEW),
        document_tallies=(ideas.SUPPORT, ballots.BALLOTS, ballots.VOTES),
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
        version=1,
        topics=(FOLLOWUPS,),
        documents=(messages.VIEW,),
        document_tallies=(messages.BY_STATUS,),
    ),
    Projection("metrics", version=1, topics=(METRICS,), documents=(snapshots.VIEW,)),
    Projection("pulse", version=1, topics=(REQUESTS, IDEAS), event_tallies=(pulse.PULSE,)),
)

BY_NAME: Final[dict[str, Projection]] = {one.name: one for one in PROJECTIONS}
VIEWS: Final[dict[str, DocumentView | Tally]] = {
    view.name: view for one in PROJECTIONS for view in (*one.documents, *one.tallies)
}
OWNER: Final[dict[str, Projection]] = {
    view.name: one for one in PROJECTIONS for view in (*one.documents, *one.tallies)
}
"""The projection that fills a view, by the view's name."""
