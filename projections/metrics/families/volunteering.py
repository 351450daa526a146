"""Volunteers: the time they gave, whether who signed up came, and whether sessions filled.

Whoever signed up with a place and did not give it back 24 hours before the start came, gave it back late, or
did not come: these three are what was to be expected, each on its own day.
"""

from collections.abc import Mapping
from typing import Final

from projections.metrics.core import Ask, Counts, Distinct, Inputs, Metric, Scope, Sums, Value
from projections.metrics.numbers import HOUR, in_units, percent, ratio, total
from projections.read import Between, NoneOf, OneOf, Where

_EXPECTED: Final = ("came", "no_shows", "cancelled_late")
VERIFIED: Final = OneOf(("verified",))
REST: Final = NoneOf(("verified",))


def _hours_asks(scope: Scope) -> Mapping[str, Ask]:
    return {
        "minutes": Sums("hours_by_day", scope.days()),
        **_people_asks(scope, "verified", VERIFIED),
        **_people_asks(scope, "rest", REST),
    }


def _people_asks(scope: Scope, name: str, status: OneOf | NoneOf) -> Mapping[str, Ask]:
    """Who stands behind hours. An entry that names nobody may be somebody else's each time."""
    done: Where = {**scope.days("worked_on"), "status": status}
    return {
        f"{name}_named": Distinct("hours", {**done, "participant": NoneOf((None,))}, of="participant"),
        f"{name}_unnamed": Counts("hours", {**done, "participant": OneOf((None,))}),
    }


def _people(inputs: Inputs, name: str) -> int:
    return total(inputs[f"{name}_named"]) + total(inputs[f"{name}_unnamed"])


def _hours(inputs: Inputs, _: Scope) -> Value:
    verified = total(inputs["minutes"], "verified")
    people = _people(inputs, "verified")
    return Value(
        value=in_units(verified, HOUR),
        numerator=in_units(verified, HOUR),
        inputs={"verified_minutes": verified, "volunteers": people},
        people=people,
    )


def _verified_share(inputs: Inputs, _: Scope) -> Value:
    """What is not verified is told with it: so the smaller of the two groups decides what may be shown."""
    verified, logged = total(inputs["minutes"], "verified"), total(inputs["minutes"], "logged")
    groups = [size for size in (_people(inputs, "verified"), _people(inputs, "rest")) if size]
    return Value(
        value=percent(verified, logged),
        numerator=in_units(verified, HOUR),
        denominator=in_units(logged, HOUR),
        inputs={
            "logged_minutes": logged,
            "verified_minutes": verified,
            "rejected_minutes": total(inputs["minutes"], "rejected"),
            "entries": total(inputs["minutes"], "entries"),
        },
        people=min(groups, default=0),
    )


def _auto_asks(scope: Scope) -> Mapping[str, Ask]:
    return {"attendance": Sums("attendance_by_day", scope.days())}


def _auto_share(inputs: Inputs, _: Scope) -> Value:
    names = ("checked_in", "checked_out", "auto_checked_out", "backwards")
    counted = {name: total(inputs["attendance"], name) for name in names}
    ended, backwards = counted["checked_out"], counted["backwards"]
    return Value(
        value=percent(counted["auto_checked_out"], ended),
        numerator=counted["auto_checked_out"],
        denominator=ended,
        inputs=counted,
        notes=(f"{backwards} ended no later than they began",) if backwards else (),
        people=ended,
        completeness=ratio(ended, counted["checked_in"]),
    )


def _signup_asks(scope: Scope) -> Mapping[str, Ask]:
    return {"signups": Sums("signups_by_day", scope.days())}


def _share_of_expected(inputs: Inputs, part: str) -> Value:
    counted = {name: total(inputs["signups"], name) for name in (*_EXPECTED, "cancelled_early")}
    expected = sum(counted[name] for name in _EXPECTED)
    return Value(
        value=percent(counted[part], expected),
        numerator=counted[part],
        denominator=expected,
        inputs=counted,
        people=expected,
    )


def _follow_through(inputs: Inputs, _: Scope) -> Value:
    return _share_of_expected(inputs, "came")


def _late_cancellations(inputs: Inputs, _: Scope) -> Value:
    return _share_of_expected(inputs, "cancelled_late")


def _fill_asks(scope: Scope) -> Mapping[str, Ask]:
    held: Where = {**scope.days(), "status": "scheduled"}
    return {
        "sessions": Counts("sessions", held),
        "limited": Counts("sessions", {**held, "capacity": Between(1, None)}, by=("session_id", "capacity")),
        "signups": Sums("session_signups", scope.here, by=("session",)),
    }


def _fill(inputs: Inputs, _: Scope) -> Value:
    places = {row.key["session_id"]: int(str(row.key["capacity"])) for row in inputs["limited"]}
    taken = sum(row.n["signed_up"] for row in inputs["signups"] if row.key["session"] in places)
    return Value(
        value=percent(taken, sum(places.values())),
        numerator=taken,
        denominator=sum(places.values()),
        inputs={"sessions": total(inputs["sessions"]), "with_a_capacity": len(places)},
        people=taken,
        completeness=ratio(len(places), total(inputs["sessions"])),
    )


def _risk_asks(scope: Scope) -> Mapping[str, Ask]:
    return {"sessions": Sums("sessions_by_day", scope.days())}


def _at_risk(inputs: Inputs, _: Scope) -> Value:
    names = ("sessions", "cancelled", "with_minimum", "at_risk")
    counted = {name: total(inputs["sessions"], name) for name in names}
    return Value(
        value=percent(counted["at_risk"], counted["with_minimum"]),
        numerator=counted["at_risk"],
        denominator=counted["with_minimum"],
        inputs=counted,
        completeness=ratio(counted["with_minimum"], counted["sessions"]),
    )


METRICS: Final = (
    Metric(
        code="volunteer_hours",
        version=1,
        title="Volunteer hours",
        unit="hours",
        decimals=1,
        window="months",
        numerator="verified minutes of work done in the period, as hours",
        denominator=None,
        explanation="Time that volunteers gave to the city, at sessions and otherwise. Only what a person "
        "verified counts, or a rule where somebody else saw the volunteer come and go. It counts on the day "
        "of the work, however much later it was logged.",
        asks=_hours_asks,
        compute=_hours,
        neighbourhoods=True,
    ),
    Metric(
        code="volunteer_hours.verified_share",
        version=1,
        title="Volunteer hours that are verified",
        unit="percent",
        decimals=1,
        window="months",
        numerator="hours of work done in the period that are verified",
        denominator="hours of work done in the period that were logged",
        explanation="How much of what was logged counts. The rest waits for a person, or was rejected.",
        asks=_hours_asks,
        compute=_verified_share,
        neighbourhoods=True,
    ),
    Metric(
        code="attendance.auto_checked_out",
        version=1,
        title="Attendance that a rule ended",
        unit="percent",
        decimals=1,
        window="months",
        numerator="of these, ended by the rule alone that checks out at the end of the session",
        denominator="attendances that began in the period and ended",
        explanation="How often nobody said when a volunteer left, so that the session's end was assumed. "
        "The higher it is, the less the minutes of attendance are worth.",
        asks=_auto_asks,
        compute=_auto_share,
        better="lower",
    ),
    Metric(
        code="signups.follow_through",
        version=1,
        title="Sign-ups that came",
        unit="percent",
        decimals=1,
        window="months",
        numerator="sign-ups that came in the period",
        denominator="sign-ups that came in the period, did not come, or gave their place back less than "
        "24 hours before the start",
        explanation="How often someone who had a place came. Whoever gave it back 24 hours before, or was "
        "turned away by the organiser, is left out. Who was not checked in counts as not having come.",
        asks=_signup_asks,
        compute=_follow_through,
        better="higher",
    ),
    Metric(
        code="signups.cancelled_late",
        version=1,
        title="Places given back late",
        unit="percent",
        decimals=1,
        window="months",
        numerator="participants who gave their place back less than 24 hours before the start",
        denominator="sign-ups that came in the period, did not come, or gave their place back less than "
        "24 hours before the start",
        explanation="How often a place was given back when it was too late for most others to take it.",
        asks=_signup_asks,
        compute=_late_cancellations,
        better="lower",
    ),
    Metric(
        code="sessions.filled",
        version=1,
        title="Places of sessions that are taken",
        unit="percent",
        decimals=1,
        window="days",
        numerator="sign-ups that have a place in them",
        denominator="places of sessions in the period that have a limit and are not cancelled",
        explanation="How full sessions are. More than 100 percent means that more signed up than there are "
        "places. Completeness is the share of sessions that have a limit.",
        asks=_fill_asks,
        compute=_fill,
        better="higher",
    ),
    Metric(
        code="sessions.at_risk",
        version=1,
        title="Sessions at risk",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, with fewer expected within 48 hours of the start than they need",
        denominator="sessions in the period that need a least number of volunteers and are not cancelled",
        explanation="How often too few were expected: four of five who have a place. Completeness is the "
        "share of sessions that say how many they need.",
        asks=_risk_asks,
        compute=_at_risk,
        neighbourhoods=True,
        better="lower",
    ),
)
