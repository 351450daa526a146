"""What volunteers are told of a session they signed up for, and who scheduled it of too few who come.

Nobody is told anything before the terms are known: then all who signed up are told where they stand. They are
told one by one and not as an audience: sign-ups are known by their ids, of which one person may have several,
and this state must hold them anyhow.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from consumers.engine.effects import Effect, Notify, ProcessManager, Reaction, process_manager
from consumers.followups import session_state
from consumers.followups.followed import Entry
from consumers.followups.session_state import waits
from events.envelope import Event
from events.types.volunteering import (
    AttendanceNoShow,
    SessionAtRisk,
    SessionCancelled,
    SessionChanged,
    SessionComingUp,
    SessionScheduled,
    SignupCancelled,
    SignupPromoted,
    SignupRegistered,
)
from projections.core import Document, types

RECEIVED, PROMOTED, REMOVED = "signup.received", "signup.promoted", "signup.removed"
REMINDED, CHANGED, CANCELLED = "session.reminder", "session.changed", "session.cancelled"
AT_RISK, MISSED = "session.at_risk", "attendance.no_show"
FIELDS: Final = {
    **session_state.FIELDS,
    "opportunity_id": "its opportunity, as told last: what messages name",
    "organiser": "who scheduled it, by pseudonym; None where that was not told",
    "where": "place, latitude, longitude, and whether it is remote, as told last",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The session after this event, and who is told."""
    before = _blank(event) if state is None else state
    after = dict(before)
    session_state.apply(after, event)
    if isinstance(event.data, SessionScheduled):
        after["organiser"] = event.participant or before["organiser"]
    if isinstance(event.data, SessionScheduled | SessionChanged):
        told = event.data
        after["opportunity_id"] = told.opportunity_id
        after["where"] = [told.place, told.lat, told.long, told.remote]
    known = after["starts_at"] is not None
    return after, list(_told(before, after, event)) if known else []


def _blank(event: Event) -> Document:
    return {**dict.fromkeys(FIELDS), **session_state.blank(event)}


def _told(before: Document, after: Document, event: Event) -> Iterator[Effect]:
    match event.data:
        case SessionScheduled() | SessionChanged() if before["starts_at"] is None:
            yield from (_answer(after, one) for one in after["signups"] if _stands(one))
        case SessionScheduled() | SessionChanged() if not after["cancelled"]:
            yield from _moved(before, after)
        case SessionCancelled() as data if not before["cancelled"]:
            said = _cancelled(after) | {"reason": data.reason}
            yield from _all(after, filter(_stands, after["signups"]), CANCELLED, "session_cancelled", said)
        case SessionComingUp(rule=session_state.TOMORROW) as data if _holds(after, data.starts_at):
            placed = (one for one in after["signups"] if one["place"] and _stands(one))
            yield from _all(after, placed, REMINDED, "session_reminder", _start(after))
        case SessionAtRisk() as data if _holds(after, data.starts_at) and after["organiser"] is not None:
            counts = {name: str(getattr(data, name)) for name in ("expected", "signed_up", "min_attendance")}
            yield _notify(after, AT_RISK, after["organiser"], "session_at_risk", _start(after) | counts)
        case SignupRegistered() | SignupPromoted() | SignupCancelled() | AttendanceNoShow() as data:
            now = _signup(after, data.signup_id)
            if now is not None and now["participant"] is not None:
                yield from _of_signup(after, _signup(before, data.signup_id), now, event)


def _of_signup(session: Document, was: Entry | None, now: Entry, event: Event) -> Iterator[Effect]:
    """What one sign-up has become; `was` is None where nothing had been told of it."""
    match event.data:
        case SignupRegistered() if _stands(now) and not (was and was["registered_at"]):
            yield _answer(session, now)
        case SignupPromoted() if _stands(now) and was and not (was["place"] or session["cancelled"]):
            yield _notify(session, PROMOTED, now["participant"], "signup_promoted", _start(session))
        case SignupCancelled(by="organiser") if was and _stands(was) and not session["cancelled"]:
            yield _notify(session, REMOVED, now["participant"], "signup_removed", _start(session))
        case AttendanceNoShow() as data if data.session_ended_at == session["ends_at"]:
            said = {"starts_at": session["starts_at"].isoformat()}
            yield _notify(session, MISSED, now["participant"], "session_missed", said)


def _answer(session: Document, signup: Entry) -> Effect:
    """Where somebody stands who signed up; by the sign-up, as one person may have several."""
    rule, whom, said = f"{RECEIVED}/{signup['id']}", signup["participant"], _start(session)
    if session["cancelled"]:
        return _notify(session, rule, whom, "session_cancelled", _cancelled(session) | {"reason": "unknown"})
    if not waits(signup):
        return _notify(session, rule, whom, "signup_confirmed", said)
    line = [one["id"] for one in session["signups"] if waits(one)]
    position = {"position": str(1 + line.index(signup["id"]))}
    return _notify(session, rule, whom, "signup_waiting", said | position)


def _moved(before: Document, after: Document) -> Iterator[Effect]:
    """Whoever stands there is told that the time is another one, or the place; of nothing else."""
    when = any(before[name] != after[name] for name in ("starts_at", "ends_at"))
    where = before["where"] != after["where"]
    if when or where:
        what = "time_and_place" if when and where else "time" if when else "place"
        said = _start(after) | {"ends_at": after["ends_at"].isoformat(), "what": what}
        yield from _all(after, filter(_stands, after["signups"]), CHANGED, "session_changed", said)


def _all(
    session: Document, signups: Iterable[Entry], rule: str, template: str, said: Mapping[str, str]
) -> Iterator[Effect]:
    """Each person once."""
    for whom in dict.fromkeys(one["participant"] for one in signups):
        yield _notify(session, rule, whom, template, said)


def _notify(session: Document, rule: str, whom: str, template: str, said: Mapping[str, str]) -> Effect:
    return Notify(rule, whom, template, said, session["opportunity_id"])


def _start(session: Document) -> dict[str, str]:
    """When it starts: after that, the message is no news."""
    starts = session["starts_at"].isoformat()
    return {"starts_at": starts, "until_at": starts}


def _cancelled(session: Document) -> dict[str, str]:
    """Who stands there and wonders is still told."""
    return {"starts_at": session["starts_at"].isoformat(), "until_at": session["ends_at"].isoformat()}


def _holds(session: Document, starts_at: datetime) -> bool:
    return not session["cancelled"] and session["starts_at"] == starts_at


def _stands(signup: Entry) -> bool:
    """Whether somebody has a place or waits for one."""
    return signup["registered_at"] is not None and signup["cancelled_at"] is None


def _signup(session: Document, id_: str) -> dict[str, Any] | None:
    return next((one for one in session["signups"] if one["id"] == id_), None)


MANAGER: Final[ProcessManager] = process_manager(
    "session_messages",
    "Tells volunteers what becomes of their sign-ups and sessions, and organisers that too few are expected",
    types(
        "session.scheduled",
        "session.changed",
        "session.cancelled",
        "session.coming_up",
        "session.at_risk",
        "signup.registered",
        "signup.cancelled",
        "signup.promoted",
        "attendance.no_show",
    ),
    react,
    FIELDS,
)
