"""Every read model: its projection, by permanent name and version.

A higher version rebuilds all collections of its projection beside the live ones.
"""

from typing import Final

from events.topics import IDEAS, REQUESTS, VOLUNTEERING
from projections.core import DocumentView, Projection, Tally
from projections.views import (
    attendance,
    ballot_rounds,
    ballots,
    hours,
    ideas,
    opportunities,
    problems,
    program_feedback,
    pulse,
    service_requests,
    sessions,
    signups,
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
    Projection("pulse", version=1, topics=(REQUESTS, IDEAS), event_tallies=(pulse.PULSE,)),
    Projection(
        "volunteering",
        version=1,
        topics=(VOLUNTEERING,),
        documents=(opportunities.VIEW, sessions.VIEW, signups.VIEW, attendance.VIEW, hours.VIEW),
        document_tallies=(sessions.BY_DAY, *signups.TALLIES, *attendance.TALLIES, *hours.TALLIES),
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
