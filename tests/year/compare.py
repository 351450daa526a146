"""What is stored and what stands in the log, held against the truth."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from consumers.engine.model import Notice
from consumers.followups.registry import FOLLOW_UPS
from events.codec import decode
from events.envelope import DERIVED, Event
from events.registry import BY_TYPE
from producers.simulate.truth import Fact, Truth
from projections.core import DocumentView
from projections.registry import OWNER, VIEWS
from tests.support.engines import cells
from tests.support.spec import Sums
from tests.year import (
    attendance,
    awards,
    grants,
    groups,
    hours,
    ideas,
    impact,
    messages,
    participants,
    pulse,
    requests,
    results,
    rounds,
    stewardship,
    volunteering,
)
from tests.year.sums import Documents

FAMILIES = (
    requests,
    ideas,
    rounds,
    results,
    groups,
    participants,
    impact,
    volunteering,
    attendance,
    hours,
    stewardship,
    grants,
    awards,
    pulse,
)
Documented = Callable[[Truth], Documents]
Tallied = Callable[[Truth], Sums]
DOCUMENTS: dict[str, Documented] = {
    name: true for family in FAMILIES for name, true in family.DOCUMENTS.items()
}
TALLIES: dict[str, Tallied] = {name: true for family in FAMILIES for name, true in family.TALLIES.items()}
SHOWN = 5
"""Differences that are told of each read model."""


@dataclass
class Verdict:
    """What was compared, and what differs."""

    compared: Counter[str] = field(default_factory=Counter)
    """How many documents, cells or facts, by the name of the view or event."""
    differences: list[str] = field(default_factory=list)

    def __iadd__(self, other: Self) -> Self:
        """The two as one."""
        self.compared += other.compared
        self.differences += other.differences
        return self

    def hold(self, name: str, stored: Mapping[Any, Any], true: Mapping[Any, Any]) -> None:
        """Compare what is stored under this name with what must be."""
        self.compared[name] += len(true)
        keys = [key for key in sorted({*stored, *true}, key=str) if stored.get(key) != true.get(key)]
        for key in keys[:SHOWN]:
            self.differences.append(f"{name} {key}: {difference(stored.get(key), true.get(key))}")
        if len(keys) > SHOWN:
            self.differences.append(f"{name}: and {len(keys) - SHOWN} more")


def difference(stored: Any, true: Any) -> str:
    """The fields that differ, or the whole where one of the two is missing."""
    if not (isinstance(stored, Mapping) and isinstance(true, Mapping)):
        return f"stored {stored!r}, true {true!r}"
    absent = "absent"
    names = [name for name in sorted({*stored, *true}) if stored.get(name, absent) != true.get(name, absent)]
    return "; ".join(
        f"{name} is {stored.get(name, absent)!r}, true {true.get(name, absent)!r}" for name in names
    )


class Left(Protocol):
    """What a town leaves behind, wherever it was lived."""

    @property
    def mail(self) -> str:
        """The channel to addresses."""

    @property
    def stored(self) -> Mapping[str, Any]:
        """What each read model keeps, by name: `documents` and `cells` by collection and id."""

    def records(self) -> Iterable[Any]:
        """All that stands in the log, partition by partition."""

    def notices(self) -> Iterable[Notice]:
        """What people are to be told, whether it was sent or not."""


def compared(town: Left, truth: Truth) -> Verdict:
    """Every read model and every derived fact."""
    verdict, log = Verdict(), [decode(one.key, one.value, one.headers).event for one in town.records()]
    derived = [event for event in told_by_rules(log) if not messages.is_step(event)]
    verdict.hold("facts", Counter(map(_told, derived)), Counter(map(_fact, _concluded(truth))))
    notices = list(town.notices())
    verdict.hold(
        "notices", Counter(map(messages.heard, notices)), Counter(map(messages.heard, truth.notices))
    )
    steps = messages.told(filter(messages.is_step, log), notices)
    verdict.hold("messages", steps, messages.true(truth, town.mail))
    _hold_messages(verdict, town, truth, notices)
    for name, view in VIEWS.items():
        store, collection = town.stored[OWNER[name].name], OWNER[name].collection(view)
        if isinstance(view, DocumentView) and name in DOCUMENTS:
            verdict.hold(name, store.documents.get(collection, {}), DOCUMENTS[name](truth))
        elif not isinstance(view, DocumentView) and name in TALLIES:
            verdict.hold(name, cells(store, collection), TALLIES[name](truth))
    return verdict


def _hold_messages(verdict: Verdict, town: Left, truth: Truth, notices: Sequence[Notice]) -> None:
    """How every message stands in the read model."""
    view, sums = VIEWS["followups"], VIEWS["followups_by_status"]
    store, owner = town.stored[OWNER["followups"].name], OWNER["followups"]
    stored = messages.stored(store.documents.get(owner.collection(view), {}), notices)
    verdict.hold("followups", stored, messages.documents(truth, town.mail))
    by_status = messages.by_status(truth, town.mail)
    verdict.hold("followups_by_status", cells(store, owner.collection(sums)), by_status)


def told_by_rules(log: Iterable[Event]) -> Iterable[Event]:
    """Every derived event of the log, once, whatever the relays repeated."""
    seen: set[tuple[str, str, str]] = set()
    for event in log:
        identity = (event.city, event.source, event.id)
        if event.source.endswith(f":{DERIVED}") and identity not in seen:
            seen.add(identity)
            yield event


CONCLUDES = {
    "request_deadlines": ("service_request.overdue",),
    "participant_actions": ("participant.acted",),
    "result_links": ("idea.result_progressed", "problem.result_progressed"),
    "problem_links": ("service_request.result_progressed",),
    "practice_links": ("practice.adopted_elsewhere",),
    "session_watch": (
        "session.coming_up",
        "session.at_risk",
        "signup.promoted",
        "attendance.no_show",
        "attendance.checked_out",
    ),
    "opportunity_sessions": ("opportunity.session_added",),
    "attendance_hours": ("hours.logged", "hours.verified"),
    "steward_duties": (
        "adoption.check_in_due",
        "adoption.check_in_overdue",
        "adoption.lapsed",
        "adoption.refused",
        "adoption.released",
        "adoption.waitlist_offered",
        "adoption.waitlist_left",
    ),
    "grant_call_deadlines": ("grant_call.closed",),
    "grant_review_refusals": ("review.refused",),
    "grant_report_deadlines": ("grant_report.due", "grant_report.overdue"),
    "award_parents": ("award.regranted",),
    "idea_answers": ("idea.answer_published", "idea.answer_asked", "idea.answer_overdue"),
    "idea_messages": (),
    "session_messages": (),
    "hours_messages": (),
    "steward_messages": (),
    "award_links": ("application.award_progressed",),
    "application_messages": (),
    "group_messages": (),
    "milestones": (),
    "request_disputes": ("service_request.reopened",),
    "request_duplicates": ("service_request.duplicate_joined", "service_request.original_progressed"),
    "request_promises": (
        "service_level.asked",
        "service_request.acknowledgement_overdue",
        "service_request.overdue",
    ),
    "service_promises": ("service_request.promised",),
    "request_messages": (),
    "request_result_messages": (),
    "feedback_messages": (),
    "problem_messages": (),
}
"""What each follow-up tells."""


def _concluded(truth: Truth) -> Iterable[Fact]:
    """The facts of those follow-ups that there are."""
    names = {name for one in FOLLOW_UPS for name in CONCLUDES.get(one.name, ())}
    return (fact for fact in truth.facts if fact.name in names)


def _told(event: Event) -> tuple[Any, ...]:
    data = {name: value for name, value in event.data if name != "rule"}
    name = BY_TYPE[event.type].name
    return event.city, name, event.subject, event.at, event.participant, _flat(data)


def _fact(fact: Fact) -> tuple[Any, ...]:
    return fact.city, fact.name, fact.subject, fact.at, fact.participant, _flat(fact.data)


def _flat(data: Mapping[str, Any]) -> str:
    return repr(sorted((name, value) for name, value in data.items() if value is not None))


UNTOLD = {"metric_snapshots"}
"""Read models of what no simulation tells: numbers are published of what was counted, not of what is true."""


def not_compared() -> set[str]:
    """Read models and follow-ups of which nothing here says what they must show or tell."""
    known = DOCUMENTS.keys() | TALLIES.keys() | CONCLUDES.keys() | UNTOLD | {*messages.VIEWS}
    return (VIEWS.keys() | {one.name for one in FOLLOW_UPS}) - known
