"""Random histories of opportunities, sessions and hours: of few things and people, so that they meet."""

from typing import Any

from hypothesis import strategies as st

from events.envelope import Event
from tests.support.builders import hours, volunteering
from tests.support.histories import PEOPLE, TIMES

SESSIONS = st.sampled_from(["s1", "s1", "s2"])
SIGNUPS = st.sampled_from(["su1", "su1", "su2", "su3"])
ATTENDANCES = st.sampled_from(["att1", "att1", "att2"])
METHODS = st.sampled_from(["qr", "leader", "self"])
MOMENTS = st.sampled_from(
    [
        "2026-04-08T09:00:00-04:00",
        "2026-04-10T21:30:00-04:00",
        "2026-04-11T09:00:00-04:00",
        "2026-04-11T10:15:00-04:00",
        "2026-04-11T12:00:00-04:00",
        "2026-04-11T23:59:59.999-04:00",
        "2026-11-01T01:30:00-05:00",
    ]
)


def _terms() -> st.SearchStrategy[dict[str, Any]]:
    times = st.tuples(MOMENTS, MOMENTS).filter(lambda one: one[0] < one[1])
    plain = st.fixed_dictionaries(
        {
            "capacity": st.sampled_from([None, 1, 2]),
            "waiting_list": st.booleans(),
            "min_attendance": st.sampled_from([None, 0, 1, 2]),
            "neighbourhood_id": st.sampled_from([None, "north"]),
            "opportunity_id": st.sampled_from(["opp-1", "opp-2"]),
        }
    )
    return st.tuples(times, plain).map(
        lambda drawn: {"starts_at": drawn[0][0], "ends_at": drawn[0][1], **drawn[1]}
    )


TERMS = _terms()
OPPORTUNITY_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(volunteering.published, at=TIMES, project_id=st.sampled_from([None, "proj-1"])),
    st.builds(volunteering.session_added, session=SESSIONS, starts_at=MOMENTS, at=TIMES),
    st.builds(volunteering.opportunity_cancelled, at=TIMES),
)
TERMS_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(lambda one, at, told: volunteering.scheduled(one, at=at, **told), SESSIONS, MOMENTS, TERMS),
    st.builds(lambda one, at, told: volunteering.changed(one, at=at, **told), SESSIONS, MOMENTS, TERMS),
    st.builds(volunteering.session_cancelled, SESSIONS, at=MOMENTS),
)
TOLD_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(volunteering.coming_up, SESSIONS, starts_at=MOMENTS, at=MOMENTS),
    st.builds(volunteering.at_risk, SESSIONS, starts_at=MOMENTS, at=MOMENTS),
)
SIGNUP_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        volunteering.signed_up, SESSIONS, signup=SIGNUPS, by=PEOPLE, at=MOMENTS, waitlisted=st.booleans()
    ),
    st.builds(
        volunteering.signup_cancelled,
        SESSIONS,
        signup=SIGNUPS,
        by=PEOPLE,
        at=MOMENTS,
        notice_hours=st.sampled_from([0, 23, 24, 70]),
    ),
    st.builds(volunteering.promoted, SESSIONS, signup=SIGNUPS, by=PEOPLE, at=MOMENTS),
)
ATTENDANCE_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        volunteering.checked_in,
        SESSIONS,
        attendance=ATTENDANCES,
        signup_id=SIGNUPS,
        by=PEOPLE,
        at=MOMENTS,
        method=METHODS,
        checked_in_at=MOMENTS,
    ),
    st.builds(
        volunteering.checked_in,
        SESSIONS,
        attendance=ATTENDANCES,
        signup_id=st.none(),
        walk_in=st.sampled_from([True]),
        by=st.one_of(PEOPLE, st.none()),
        at=MOMENTS,
        checked_in_at=MOMENTS,
    ),
    st.builds(
        volunteering.checked_out,
        SESSIONS,
        attendance=ATTENDANCES,
        by=PEOPLE,
        at=MOMENTS,
        method=METHODS,
        checked_out_at=MOMENTS,
    ),
    st.builds(
        volunteering.checked_out,
        SESSIONS,
        attendance=ATTENDANCES,
        method=st.just("auto"),
        rule=st.just("session.check_out_after_end"),
        at=MOMENTS,
        checked_out_at=MOMENTS,
    ),
    st.builds(
        volunteering.no_show, SESSIONS, signup=SIGNUPS, by=PEOPLE, at=MOMENTS, session_ended_at=MOMENTS
    ),
)
SESSION_EVENT: st.SearchStrategy[Event] = st.one_of(TERMS_EVENT, TOLD_EVENT, SIGNUP_EVENT, ATTENDANCE_EVENT)
ENTRIES = st.sampled_from(["hours-1", "hours-1", "hours-2"])
MINUTES = st.sampled_from([1, 60, 90, 1440])
HOURS_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        hours.logged,
        ENTRIES,
        minutes=MINUTES,
        by=PEOPLE,
        at=TIMES,
        worked_on=st.sampled_from(["2025-12-31", "2026-01-01"]),
        project_id=st.sampled_from([None, "proj-1"]),
    ),
    st.builds(hours.verified, ENTRIES, minutes=MINUTES, by=PEOPLE, at=TIMES),
    st.builds(
        hours.verified,
        ENTRIES,
        minutes=MINUTES,
        at=TIMES,
        verifier_ref=st.none(),
        rule=st.just("hours.seen_to_come_and_go"),
    ),
    st.builds(hours.rejected, ENTRIES, at=TIMES),
)
