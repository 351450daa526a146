"""Events for tests, in words: `opened("r1", at="2026-04-01T09:00:00-04:00")`.

Every field has a plausible value; a test names only those it is about. Ids are unique per process.
Families of their own have their builders in `tests/support/builders`.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any

from events.envelope import Event, Payload
from events.registry import BY_PAYLOAD
from events.types import ideas, prioritisation, requests, service_levels

CITY = "riverton"
AT = "2026-04-01T09:30:00-04:00"
ANN, BEN = "ann-pseudonym-0001", "ben-pseudonym-0002"

_ids = count(1)


def when(text: str) -> datetime:
    """The time a text like `2026-04-01T09:30:00-04:00` tells."""
    return datetime.fromisoformat(text)


def event(subject: str, data: Payload, *, at: str = AT, city: str = CITY, **envelope: Any) -> Event:
    """An event around these data; further attributes of the envelope by name."""
    fields = {"id": f"e{next(_ids)}", "source": f"urn:townhall:{city}:tests", **envelope}
    return Event(
        type=BY_PAYLOAD[type(data)].type, subject=subject, time=when(at), city=city, data=data, **fields
    )


def told(
    kind: type[Payload], subject: str, data: dict[str, Any], /, *, at: Any = AT, by: Any = None, **usual: Any
) -> Event:
    """An event of this kind: `usual` fields, of which `data` name those that the test is about."""
    city = data.pop("city", CITY)
    return event(subject, kind(**{**usual, **data}), at=at, city=city, participant=by)


def opened(request: str = "r1", *, at: str = AT, requested: str | None = None, **data: Any) -> Event:
    told = {"service_code": "pothole", "service_name": "Pothole", **data}
    told.setdefault("requested_datetime", when(requested or at))
    return event(request, requests.ServiceRequestOpened(**told), at=at)


def acknowledged(request: str = "r1", *, at: str = AT, **data: Any) -> Event:
    told = {"agency_responsible": "Streets", **data}
    return event(request, requests.ServiceRequestAcknowledged(**told), at=at)


def stage_changed(request: str = "r1", *, to: str, label: str, at: str = AT, **data: Any) -> Event:
    told = {"to_stage": to, "local_status": label, "actor_kind": "agency", **data}
    return event(request, requests.ServiceRequestStageChanged(**told), at=at)


def update_posted(request: str = "r1", *, at: str = AT, **data: Any) -> Event:
    told = {"text_ref": "text-1", "author_kind": "reporter", "is_public": True, **data}
    return event(request, requests.ServiceRequestUpdatePosted(**told), at=at)


def merged(request: str = "r1", *, into: str, followers: int = 0, at: str = AT) -> Event:
    data = requests.ServiceRequestMerged(duplicate_of=into, carried_followers=followers)
    return event(request, data, at=at)


def closed(request: str = "r1", *, at: str = AT, closed_on: str | None = None, **data: Any) -> Event:
    told = {"resolution_code": "fixed", "closed_datetime": when(closed_on or at), **data}
    return event(request, requests.ServiceRequestClosed(**told), at=at)


def reopened(request: str = "r1", *, at: str = AT, **data: Any) -> Event:
    told = {"reason": "It is back", "by": "reporter", **data}
    return event(request, requests.ServiceRequestReopened(**told), at=at)


def overdue(request: str = "r1", *, expected: str, at: str | None = None, **data: Any) -> Event:
    told = requests.ServiceRequestOverdue(expected_datetime=when(expected), **data)
    return event(request, told, at=at or expected)


def promised(request: str = "r1", *, at: str = AT, by: str | None = None, done: str | None = None) -> Event:
    data = requests.ServiceRequestPromised(
        rule="level.promises_request",
        acknowledge_by=None if by is None else when(by),
        expected_datetime=None if done is None else when(done),
    )
    return event(request, data, at=at)


def acknowledgement_overdue(request: str = "r1", *, by: str) -> Event:
    late = requests.ServiceRequestAcknowledgementOverdue(rule="level.answer_is_late", acknowledge_by=when(by))
    return event(request, late, at=by)


def joined(request: str = "r1", *, duplicate: str, at: str = AT) -> Event:
    told = {"rule": "duplicate.joins_original", "request_id": duplicate}
    return event(request, requests.ServiceRequestDuplicateJoined(**told), at=at)


def original(request: str = "r1", *, of: str, stage: str, at: str = AT, **data: Any) -> Event:
    told = {"rule": "original.reaches_duplicate", "original_id": of, "stage": stage, **data}
    return event(request, requests.ServiceRequestOriginalProgressed(**told), at=at)


def level_set(service: str = "pothole", *, at: str = AT, **hours: Any) -> Event:
    data = service_levels.ServiceLevelSet(service_code=service, **hours)
    return event(service_levels.level_of(service), data, at=at)


def level_asked(service: str = "pothole", *, request: str = "r1", at: str = AT, **data: Any) -> Event:
    told = {"rule": "request.asks_level", "service_code": service, "request_id": request, **data}
    told.setdefault("opened_at", when(at))
    return event(service_levels.level_of(service), service_levels.ServiceLevelAsked(**told), at=at)


def confirmed(request: str = "r1", *, at: str = AT) -> Event:
    return event(request, requests.ResolutionConfirmed(survey_id="s1"), at=at)


def disputed(request: str = "r1", *, at: str = AT) -> Event:
    return event(request, requests.ResolutionDisputed(survey_id="s1"), at=at)


def feedback(feedback_id: str = "f1", *, program: str = "summer-camp", rating: int = 4, **rest: Any) -> Event:
    data = requests.ProgramFeedbackSubmitted(
        program_id=program, rating=rating, themes=tuple(rest.pop("themes", ()))
    )
    return event(feedback_id, data, **rest)


def submitted(idea: str = "i1", *, at: str = AT, **data: Any) -> Event:
    told = {"title": "A bench", "summary": "Somewhere to sit", "category": "parks", **data}
    return event(idea, ideas.IdeaSubmitted(**told), at=at)


def supported(idea: str = "i1", *, by: str = ANN, at: str = AT, **data: Any) -> Event:
    return event(idea, ideas.IdeaSupported(**data), at=at, participant=by)


def support_withdrawn(idea: str = "i1", *, by: str = ANN, at: str = AT) -> Event:
    return event(idea, ideas.IdeaSupportWithdrawn(), at=at, participant=by)


def answered(idea: str = "i1", *, decision: str = "accepted", at: str = AT, **data: Any) -> Event:
    told = {"decision": decision, "explanation": "Because", "answered_at": when(at), **data}
    return event(idea, ideas.IdeaAnswered(**told), at=at)


def answer_published(idea: str = "i1", *, decision: str = "accepted", at: str = AT, **data: Any) -> Event:
    told = {"rule": "idea.answer_is_public", "decision": decision, "answered_at": when(at), **data}
    return event(idea, ideas.IdeaAnswerPublished(**told), at=at)


def answer_asked(idea: str = "i1", *, due: str = AT, at: str = AT) -> Event:
    data = ideas.IdeaAnswerAsked(rule="idea.asks_for_answer", supporters=100, due_at=when(due))
    return event(idea, data, at=at)


def answer_overdue(idea: str = "i1", *, asked: str = AT, at: str = AT) -> Event:
    return event(idea, ideas.IdeaAnswerOverdue(rule="idea.asks_for_answer", asked_at=when(asked)), at=at)


def idea_withdrawn(idea: str = "i1", *, at: str = AT, reason: str | None = None) -> Event:
    return event(idea, ideas.IdeaWithdrawn(reason=reason), at=at)


def problem(problem_id: str = "p1", *, at: str = AT, **data: Any) -> Event:
    told = {"statement": "No shade", "who_is_affected": "Everyone who waits", **data}
    return event(problem_id, ideas.ProblemDefined(**told), at=at)


def project(project_id: str, cost: str = "100", **data: Any) -> prioritisation.Project:
    return prioritisation.Project(
        **{"project_id": project_id, "name": f"Project {project_id}", "cost": cost, **data}
    )


def round_opened(
    round_id: str = "2026", *, projects: Sequence[prioritisation.Project] = (), at: str = AT, **data: Any
) -> Event:
    told = {"title": "What first?", "vote_type": "approval", "rule": "greedy", "budget": "250", **data}
    told["projects"] = tuple(projects) or tuple(project(name) for name in ("a", "b", "c"))
    return event(round_id, prioritisation.BallotRoundOpened(**told), at=at)


def ballot(
    *choices: str | tuple[str, int],
    by: str = ANN,
    round_id: str = "2026",
    vote_type: prioritisation.VoteType = "approval",
    at: str = AT,
    **envelope: Any,
) -> Event:
    """A ballot for project ids or, with points, for (project id, points)."""
    named = [(one, None) if isinstance(one, str) else one for one in choices]
    data = prioritisation.PriorityBallotCast(
        ballot_round_id=round_id,
        vote_type=vote_type,
        choices=tuple(prioritisation.Choice(project_id=name, points=points) for name, points in named),
    )
    return event(f"{round_id}:{by}", data, at=at, participant=by, **envelope)


def concluded(round_id: str = "2026", *, selected: Sequence[str], at: str = AT, **data: Any) -> Event:
    told = {"rule": "greedy", "selected": tuple(selected), **data}
    return event(round_id, prioritisation.PrioritisationConcluded(**told), at=at)
