"""Random histories of a session: the log itself is looked at, by rules that know nothing of the manager's.

Events come in any order of their times, timers fire in between, and all that is derived goes back into the
log. In the end each place, no-show and check-out stands there that should, once, and no other.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from consumers.followups.registry import FOLLOW_UPS
from events.codec import Record, decode
from events.envelope import Event
from events.types import volunteering as v
from tests.support.builders import volunteering as build
from tests.support.follow_ups import Story
from tests.support.histories_volunteering import ATTENDANCE_EVENT, MOMENTS, SIGNUP_EVENT, TERMS_EVENT

WATCH = next(one for one in FOLLOW_UPS if one.name == "session_watch")
NEVER = "2030-01-01T00:00:00Z"
QUARTER = timedelta(minutes=15)

BEFORE, THEN, END, EVENING = (
    f"2026-04-{at}:00-04:00" for at in ("10T09:00", "11T09:00", "11T12:00", "11T20:00")
)
SIGNUPS = st.sampled_from(["su1", "su2", "su3", "su4"])
TERMS = st.fixed_dictionaries(
    {
        "capacity": st.sampled_from([1, 1, 2, None]),
        "waiting_list": st.sampled_from([True, True, True, False]),
        "min_attendance": st.sampled_from([None, 1, 3]),
    },
    optional={"ends_at": st.just("2026-04-11T19:00:00-04:00"), "starts_at": st.just(BEFORE)},
)
OFTEN_BEFORE = st.sampled_from(["2026-04-01T09:30:00-04:00", BEFORE, BEFORE, THEN, EVENING])
LATE = st.sampled_from([THEN, END, "2026-04-11T12:15:00-04:00", EVENING])
EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(lambda terms: build.scheduled(**terms), TERMS),
    st.builds(lambda terms: build.changed(at=BEFORE, **terms), TERMS),
    st.builds(
        build.signed_up, signup=SIGNUPS, at=OFTEN_BEFORE, waitlisted=st.sampled_from([True, True, False])
    ),
    st.builds(
        build.signed_up, signup=SIGNUPS, at=OFTEN_BEFORE, waitlisted=st.sampled_from([True, True, False])
    ),
    st.builds(build.signup_cancelled, signup=SIGNUPS, at=OFTEN_BEFORE),
    st.builds(build.promoted, signup=SIGNUPS, at=OFTEN_BEFORE),
    st.builds(build.checked_in, signup_id=SIGNUPS, attendance=SIGNUPS, at=LATE, checked_in_at=LATE),
    st.builds(build.checked_out, attendance=SIGNUPS, at=LATE, checked_out_at=LATE),
)
RARE = st.one_of(TERMS_EVENT, SIGNUP_EVENT, ATTENDANCE_EVENT).filter(
    lambda event: event.subject == "s1" and not isinstance(event.data, v.AttendanceNoShow)
)
CLOCK = st.one_of(MOMENTS, st.sampled_from([BEFORE, EVENING]))
FULL = [
    build.scheduled(capacity=1),
    build.signed_up(signup="su1"),
    build.signed_up(signup="su2", waitlisted=True),
    build.signed_up(signup="su3", waitlisted=True),
]


def histories(*more: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Many begin with a session that is full, or much would have to meet before anything follows."""
    rest = st.lists(st.one_of(EVENT, EVENT, EVENT, CLOCK, *more), max_size=20)
    return st.tuples(st.sampled_from([[], FULL, FULL]), rest).map(lambda both: [*both[0], *both[1]])


HISTORY = histories(RARE)


@dataclass
class Recorded(Story):
    """Remembers the order of the log."""

    log: list[Event] = field(default_factory=list)

    def _tell(self, event: Event) -> None:
        self.log.append(event)
        super()._tell(event)


@dataclass
class Slow(Story):
    """What is published comes back only when it `arrives`, as from a relay that is behind."""

    under_way: list[Event] = field(default_factory=list)

    def _publish(self, record: Record) -> None:
        event = decode(record.key, record.value, record.headers).event
        self.published.append(event)
        self.under_way.append(event)

    def arrive(self) -> None:
        arrived, self.under_way = self.under_way, []
        self.told(*arrived)


@dataclass
class Truth:
    """A session as a plain reading of the log has it."""

    terms: Any = None
    cancelled: bool = False
    registered: dict[str, Event] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)
    gone: dict[str, datetime] = field(default_factory=dict)
    came: dict[str, datetime] = field(default_factory=dict)
    came_in: set[str] = field(default_factory=set)
    went_out: set[str] = field(default_factory=set)
    missed: set[tuple[str, datetime]] = field(default_factory=set)

    def reads(self, event: Event) -> None:
        match event.data:
            case v.SessionScheduled() | v.SessionChanged() as data:
                self.terms = data
            case v.SessionCancelled():
                self.cancelled = True
            case v.SignupRegistered(signup_id=who, waitlisted=waits):
                self.placed |= set() if waits or who in self.registered else {who}
                self.registered.setdefault(who, event)
            case v.SignupPromoted(signup_id=who):
                self.placed.add(who)
            case v.SignupCancelled(signup_id=who):
                self.gone.setdefault(who, event.at)
            case v.AttendanceCheckedIn() as data:
                self.came_in.add(data.attendance_id)
                at, who = data.checked_in_at, data.signup_id or ""
                self.came[who] = min(at, self.came.get(who, at))
            case v.AttendanceCheckedOut() as data:
                self.went_out.add(data.attendance_id)
            case v.AttendanceNoShow() as data:
                self.missed.add((data.signup_id, data.session_ended_at))

    def next_in_turn(self, at: datetime) -> str | None:
        """Who is to be given a place now."""
        if self.cancelled or self.terms is None or at >= self.terms.starts_at or not self.terms.waiting_list:
            return None
        taken = len(self.placed - self.gone.keys())
        if self.terms.capacity is not None and taken >= self.terms.capacity:
            return None
        out = self.placed | self.gone.keys() | self.came.keys()
        return next((who for who in self.registered if who not in out), None)

    def should_be_missed(self) -> set[tuple[str, datetime]]:
        if self.terms is None or self.cancelled:
            return set()
        ends = self.terms.ends_at
        here = {who for who, at in self.came.items() if at <= ends + QUARTER}
        off = {who for who, at in self.gone.items() if at < ends}
        expected = {who for who, event in self.registered.items() if event.at < ends} & self.placed
        return {(who, ends) for who in expected - here - off}


def live(story: Story, one: Event | str) -> None:
    if isinstance(one, Event):
        story.told(one)
    else:
        story.until(max(one, story.now.isoformat(), key=datetime.fromisoformat))


def lived(history: list[Event | str]) -> Recorded:
    story = Recorded(WATCH)
    for one in history:
        live(story, one)
    story.until(NEVER)
    return story


def rightly(event: Event, truth: Truth) -> bool:
    """Whether what was derived follows from what stood in the log before."""
    match event.data:
        case v.SignupPromoted(signup_id=who):
            return truth.next_in_turn(event.at) == who
        case v.AttendanceNoShow() as data:
            return (data.signup_id, data.session_ended_at) in truth.should_be_missed() - truth.missed
        case v.AttendanceCheckedOut() as data:
            return data.attendance_id in truth.came_in - truth.went_out
    return True


@for_any(history=HISTORY)
@settings(max_examples=250, deadline=None)
def test_whatever_happens_each_derived_fact_stands_in_the_log_once_and_rightly(
    history: list[Event | str],
) -> None:
    story, truth = lived(history), Truth()
    derived = {event.id for event in story.published}
    for place, event in enumerate(story.log, 1):
        assert event.id not in derived or rightly(event, truth)
        truth.reads(event)
        promoting = any(one.id in derived for one in story.log[place : place + 1])
        assert promoting or truth.next_in_turn(event.at) is None
    assert truth.should_be_missed() <= truth.missed
    assert truth.terms is None or truth.cancelled or truth.came_in <= truth.went_out
    assert story.timers == {}


@for_any(history=histories(st.just("arrive")))
@settings(max_examples=250, deadline=None)
def test_told_once_though_what_was_told_comes_back_late(history: list[Event | str]) -> None:
    story = Slow(WATCH)
    for one in history:
        if one == "arrive":
            story.arrive()
        else:
            live(story, one)
    story.until(NEVER)
    while story.under_way:
        story.arrive()
        story.until(NEVER)
    assert {times for _, times in facts(story.published)} <= {1}


def facts(published: list[Event]) -> Iterator[tuple[Any, int]]:
    """What may be told once only, and how often it was: ids that are the same are one event."""
    told = {event.id: event.data for event in published}.values()
    for kind, names in (
        (v.SignupPromoted, ("signup_id",)),
        (v.AttendanceNoShow, ("signup_id", "session_ended_at")),
        (v.SessionComingUp, ("rule", "starts_at")),
        (v.SessionAtRisk, ("starts_at",)),
    ):
        of_kind = [one for one in told if isinstance(one, kind)]
        yield from Counter((kind, *(getattr(one, name) for name in names)) for one in of_kind).items()


@for_any(history=HISTORY, data=st.data())
@settings(max_examples=100, deadline=None)
def test_what_comes_again_makes_nothing_more(history: list[Event | str], data: st.DataObject) -> None:
    events = [one for one in history if isinstance(one, Event)]
    again = data.draw(st.permutations(events))
    once, twice = lived(history), lived([*history, *again])
    assert [event.id for event in once.published] == [event.id for event in twice.published]
