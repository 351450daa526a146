"""Watches over the sessions of volunteers.

Who waits is given a place that becomes free, the first in the log's order; a session is at risk when too few
are expected; who did not come is a no-show, and who forgot to check out is checked out.

Times of events count: whoever was there before the end was there, though it is told later. Nobody is given
a place from the start on; who signed up with a place has it, though there be one too many. A no-show is told
once for each end, a risk once for each start, and both stay told.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from consumers.engine.effects import (
    CancelTimer,
    Effect,
    Emit,
    ProcessManager,
    Reaction,
    StartTimer,
    process_manager,
)
from consumers.followups.followed import Entry, apart
from consumers.followups.session_state import FIELDS, TOMORROW, apply, blank, known_at, note, placed, waits
from events.envelope import Event
from events.types.volunteering import (
    AttendanceCheckedOut,
    AttendanceNoShow,
    SessionAtRisk,
    SessionComingUp,
    SignupPromoted,
)
from projections.core import Document, types

GRACE: Final = timedelta(minutes=15)
"""After the end people still check out, and are still checked in."""
COMING_UP: Final = "session.coming_up"
AHEAD: Final = (
    ("came_up", "coming_up", COMING_UP, timedelta(hours=48)),
    ("reminded", "starts_tomorrow", TOMORROW, timedelta(hours=24)),
)
"""A session comes up twice: there is time to find more people, and then its people are reminded. For each,
where it is kept that it was told, the timer, the rule, and how long before the start."""
RELIABILITY: Final = 800
"""Of a thousand who have a place so many are expected. How often each of them came before stands in other
sessions, and is not known in this one."""

AT_RISK: Final = "session.at_risk"
FIRST: Final = "session.first_who_waits"
NO_SHOW: Final = "session.no_show"
CHECK_OUT: Final = "session.check_out_after_end"


def react(state: Document | None, event: Event) -> Reaction:
    """The session after this event. Whatever its people and times are now decides which timers run."""
    before = blank(event) if state is None else state
    after = dict(before)
    apply(after, event)
    told = [*_promotions(after, event), *_risk(after, event)]
    return after, [*told, *_timers(before, after)]


def _promotions(session: dict[str, Any], event: Event) -> Iterator[Effect]:
    """Places for those who waited longest, as many as are free; from then on they have them."""
    if not (session["waiting_list"] and _before_start(session, event)) or (free := _free(session)) == 0:
        return
    chosen = [one for one in session["signups"] if waits(one)][:free]
    for one in chosen:
        told = SignupPromoted(signup_id=one["id"], rule=FIRST)
        yield Emit(f"promoted/{one['id']}", told, participant=one["participant"])
    if chosen:
        ids = {one["id"] for one in chosen}
        session["signups"] = [
            {**one, "place": True} if one["id"] in ids else one for one in session["signups"]
        ]


def _before_start(session: Document, event: Event) -> bool:
    starts: datetime | None = session["starts_at"]
    return not session["cancelled"] and starts is not None and known_at(event) < starts


def _free(session: Document) -> int | None:
    """How many places are free; None for no limit."""
    capacity: int | None = session["capacity"]
    return None if capacity is None else max(0, capacity - placed(session))


def _risk(session: dict[str, Any], event: Event) -> Iterator[Effect]:
    """That too few are expected: told when the start comes up, or when people give up after that."""
    starts, least = session["starts_at"], session["min_attendance"] or 0
    if starts not in session["came_up"] or starts in session["risks_told"]:
        return
    if not _before_start(session, event):
        return
    signed_up = placed(session)
    expected = signed_up * RELIABILITY
    if expected < 1000 * least:
        note(session, "risks_told", starts)
        told = SessionAtRisk(
            rule=AT_RISK,
            starts_at=starts,
            expected=_decimal(expected),
            signed_up=signed_up,
            min_attendance=least,
        )
        yield Emit(f"at_risk@{starts.isoformat()}", told)


def _decimal(thousandths: int) -> str:
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").removesuffix(".")


def _timers(before: Document, after: Document) -> Iterator[Effect]:
    """Those that no longer run and those that run now; of people only whom the event concerns."""
    everyone = any(before[name] != after[name] for name in ("ends_at", "cancelled"))
    ran = {one.name: one for one in _running(before, {} if everyone else after)}
    runs = {one.name: one for one in _running(after, {} if everyone else before)}
    yield from (CancelTimer(name) for name in ran if name not in runs)
    yield from (one for name, one in runs.items() if one != ran.get(name))


def _running(session: Document, other: Document) -> Iterator[StartTimer]:
    """The timers of a session and of those of its people who are not the same in the other one."""
    starts, ends = session["starts_at"], session["ends_at"]
    if session["cancelled"] or ends is None:
        return
    for kept, name, rule, ahead in AHEAD:
        if starts not in session[kept]:
            told = SessionComingUp(rule=rule, starts_at=starts)
            yield StartTimer(f"{name}@{starts.isoformat()}", starts - ahead, told)
    for signup in apart(session["signups"], other.get("signups", [])):
        yield from _no_show(signup, ends)
    for attendance in apart(session["attendances"], other.get("attendances", [])):
        yield from _check_out(attendance, ends)


def _no_show(signup: Entry, ends: datetime) -> Iterator[StartTimer]:
    due, registered = ends + GRACE, signup["registered_at"]
    if not signup["place"] or registered is None or registered >= ends or signup["missed"] == ends:
        return
    cancelled, came = signup["cancelled_at"], signup["came_at"]
    if (cancelled is None or cancelled >= ends) and (came is None or came > due):
        told = AttendanceNoShow(rule=NO_SHOW, signup_id=signup["id"], session_ended_at=ends)
        name = f"no_show/{signup['id']}@{ends.isoformat()}"
        yield StartTimer(name, due, told, participant=signup["participant"])


def _check_out(attendance: Entry, ends: datetime) -> Iterator[StartTimer]:
    begun = attendance["checked_in_at"]
    if begun is None or attendance["checked_out"]:
        return
    left = max(ends, begun)
    told = AttendanceCheckedOut(
        attendance_id=attendance["id"], method="auto", rule=CHECK_OUT, checked_out_at=left
    )
    name = f"check_out/{attendance['id']}@{left.isoformat()}"
    yield StartTimer(name, left + GRACE, told, participant=attendance["participant"])


MANAGER: Final[ProcessManager] = process_manager(
    "session_watch",
    "Gives free places to who waits, and tells of sessions at risk, no-shows and forgotten check-outs",
    types(
        "session.scheduled",
        "session.changed",
        "session.cancelled",
        "session.coming_up",
        "session.at_risk",
        "signup.registered",
        "signup.cancelled",
        "signup.promoted",
        "attendance.checked_in",
        "attendance.checked_out",
        "attendance.no_show",
    ),
    react,
    FIELDS,
)
